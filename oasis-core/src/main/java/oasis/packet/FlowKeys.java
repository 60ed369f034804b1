// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

/** Reads the 5-tuple of a checked burst. */
final class FlowKeys {
  private FlowKeys() {}

  static FlowKey read(Burst b, FlowKey into) {
    throw new UnsupportedOperationException("being written");
  }
}
