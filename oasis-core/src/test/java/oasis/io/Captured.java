// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import oasis.packet.Burst;

/** What arrives at capturing sockets. */
final class Captured {
  private static final int PAUSE_MS = 2;

  /** For a busy machine. */
  private static final long PATIENCE_NS = 20_000_000_000L;

  /** After so much of it nothing more is expected. */
  private static final long SILENCE_NS = 300_000_000L;

  private Captured() {}

  /** Waits for this many packets, not for ever, and returns those that came. */
  static List<byte[]> packets(CapturePort capture, int packets) throws InterruptedException {
    return packets(capture, packets, PATIENCE_NS);
  }

  /** Whatever comes until there is silence. */
  static List<byte[]> untilSilence(CapturePort capture) throws InterruptedException {
    return packets(capture, Integer.MAX_VALUE, SILENCE_NS);
  }

  private static List<byte[]> packets(CapturePort capture, int packets, long silenceNs)
      throws InterruptedException {
    List<byte[]> all = new ArrayList<>();
    Burst burst = new Burst();
    long last = System.nanoTime();
    while (all.size() < packets && System.nanoTime() - last < silenceNs) {
      int n = capture.receive();
      for (int i = 0; i < n; i++) {
        if (capture.burst(i, burst)) {
          all.addAll(Bursts.packets(burst));
        }
      }
      if (n > 0) {
        last = System.nanoTime();
      } else {
        TimeUnit.MILLISECONDS.sleep(PAUSE_MS);
      }
    }
    return all;
  }
}
