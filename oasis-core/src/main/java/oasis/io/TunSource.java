// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import oasis.packet.Burst;

/**
 * Reads a TUN device. Under load it reads as much as there is before anything is sent; a packet
 * that comes alone is handled at once, without the second read that would find nothing.
 */
public final class TunSource implements DataLoop.Source {
  /** Turns that follow each other faster than this are a load. */
  private static final long LOAD_NS = 50_000;

  private final TunPort tun;
  private final Arrivals arrivals;
  private final Runnable gone;
  private final Burst burst = new Burst();
  private long lastNs;

  /**
   * @param gone told when somebody has deleted the device: nothing can be carried any more
   */
  public TunSource(TunPort tun, Arrivals arrivals, Runnable gone) {
    this.tun = tun;
    this.arrivals = arrivals;
    this.gone = gone;
  }

  @Override
  public int fd() {
    return tun.fd();
  }

  @Override
  public boolean onReadable(long nowNs) {
    int most = nowNs - lastNs < LOAD_NS ? tun.slots() : 1;
    lastNs = nowNs;
    int slot = 0;
    while (slot < most) {
      int result = tun.read(burst, slot);
      if (result == TunPort.NOTHING) {
        break;
      }
      if (result == TunPort.GONE) {
        gone.run();
        break;
      }
      slot++;
      if (result == TunPort.READ) {
        arrivals.onBurst(burst, nowNs);
      }
    }
    arrivals.onBatchEnd();
    return slot == tun.slots();
  }
}
