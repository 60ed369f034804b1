// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import oasis.packet.Burst;

/** Takes what a source reads. Called by the data loop only. */
public interface Arrivals {
  /** A checked burst has come; it stays valid until {@link #onBatchEnd} has returned. */
  void onBurst(Burst b, long nowNs);

  /** A batch has ended: what was queued must leave. */
  void onBatchEnd();
}
