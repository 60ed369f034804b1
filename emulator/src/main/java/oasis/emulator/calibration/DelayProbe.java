// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.calibration;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import oasis.emulator.Node;
import oasis.emulator.hub.MessageRing;
import oasis.os.OsException;

/**
 * Measures one-way delays: the kernel's stamp of each probe's arrival minus that of its departure,
 * about 100 probes a second at random times.
 */
final class DelayProbe {
  private static final int PORT = 7000;
  private static final int SLOTS = 16;
  private static final int PAYLOAD_BYTES = 22;
  private static final long LEAST_GAP_NS = 5_000_000;
  private static final long MORE_GAP_NS = 10_000_000;
  private static final long LAST_WAIT_NS = 300_000_000;

  private final long[] sentNs;
  private final long[] receivedNs;
  private int probes;

  private DelayProbe(int most) {
    sentNs = new long[most];
    receivedNs = new long[most];
  }

  /** Sends probes for a while; returns the delays of those that arrived, in ns. */
  static long[] measure(Node source, Node target, Duration duration) throws OsException {
    DelayProbe probe = new DelayProbe((int) (duration.toNanos() / LEAST_GAP_NS) + 1);
    try (UdpSocket to = UdpSocket.receiver(target, PORT);
        UdpSocket from = UdpSocket.sender(source, target, PORT, true)) {
      probe.run(from, to, duration.toNanos());
    }
    return probe.delays();
  }

  /** One thread does both: sending takes microseconds and stamps are the kernel's. */
  private void run(UdpSocket from, UdpSocket to, long durationNs) {
    MessageRing out = new MessageRing(1, Long.BYTES * SLOTS);
    MessageRing in = new MessageRing(SLOTS, Long.BYTES * SLOTS);
    SplittableRandom random = new SplittableRandom(1);
    long end = System.nanoTime() + durationNs;
    while (System.nanoTime() < end && probes < sentNs.length) {
      byte[] payload = new byte[PAYLOAD_BYTES];
      ByteBuffer.wrap(payload).putLong(0, probes);
      out.fill(0, payload);
      if (out.send(from.fd(), 0, 1) == 1) {
        sentNs[probes++] = from.nextTransmitStampNs();
      }
      LockSupport.parkNanos(LEAST_GAP_NS + random.nextLong(MORE_GAP_NS));
      drain(to, in);
    }
    LockSupport.parkNanos(LAST_WAIT_NS);
    drain(to, in);
  }

  private void drain(UdpSocket to, MessageRing ring) {
    for (int n = ring.receive(to.fd(), 0, SLOTS); n > 0; n = ring.receive(to.fd(), 0, SLOTS)) {
      for (int i = 0; i < n; i++) {
        long number = ring.firstLong(i);
        if (number >= 0 && number < probes) {
          receivedNs[(int) number] = ring.stampNs(i);
        }
        ring.prepareToReceive(i);
      }
    }
  }

  private long[] delays() {
    long[] delays = new long[probes];
    int count = 0;
    for (int i = 0; i < probes; i++) {
      if (sentNs[i] > 0 && receivedNs[i] > 0) {
        delays[count++] = receivedNs[i] - sentNs[i];
      }
    }
    return Arrays.copyOf(delays, count);
  }
}
