// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import oasis.packet.FlowKey;

/**
 * The program behind the first packet of a flow, as far as the kernel has noted it. The kernel is
 * asked at most once for a flow, and only when some rule depends on it. Confined to the data loop;
 * allocates nothing.
 */
final class Sender {
  private final Effects effects;
  private final FlowKey key = new FlowKey();
  private boolean asked;
  private long notes;

  Sender(Effects effects) {
    this.effects = effects;
  }

  /**
   * Turns to another flow.
   *
   * @param program its outbound key
   */
  Sender of(FlowKey program) {
    key.set(program);
    asked = false;
    return this;
  }

  /** What has been noted; see {@link oasis.rules.Programs}. */
  long notes() {
    if (!asked) {
      asked = true;
      notes = effects.notes(key);
    }
    return notes;
  }
}
