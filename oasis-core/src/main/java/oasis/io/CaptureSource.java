// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import oasis.packet.Burst;

/** Reads a packet socket. */
public final class CaptureSource implements DataLoop.Source {
  private final CapturePort capture;
  private final Arrivals arrivals;
  private final Burst burst = new Burst();

  /** A source that has not been added to a loop. */
  public CaptureSource(CapturePort capture, Arrivals arrivals) {
    this.capture = capture;
    this.arrivals = arrivals;
  }

  @Override
  public int fd() {
    return capture.fd();
  }

  @Override
  public boolean onReadable(long nowNs) {
    int received = capture.receive();
    for (int i = 0; i < received; i++) {
      if (capture.burst(i, burst)) {
        arrivals.onBurst(burst, nowNs);
      }
    }
    arrivals.onBatchEnd();
    return received == capture.slots();
  }
}
