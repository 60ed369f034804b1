// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.calibration;

import java.util.concurrent.locks.LockSupport;
import oasis.emulator.Node;
import oasis.emulator.hub.MessageRing;
import oasis.os.OsException;

/**
 * A flow of small UDP datagrams at a constant rate, in a burst each millisecond, and its receiver,
 * each on its own thread.
 */
final class Load implements AutoCloseable {
  private static final int PORT = 7001;

  /** 64 bytes on the wire without the frame check sequence. */
  private static final int PAYLOAD_BYTES = 22;

  private static final int BATCH = 64;

  /** What iperf3 paces by, so that figures can be compared with those of others. */
  private static final long TICK_NS = 1_000_000;

  private static final long IDLE_NS = 20_000_000;
  private static final long SETTLE_NS = 300_000_000;
  private static final double NS_PER_S = 1e9;

  private final UdpSocket from;
  private final UdpSocket to;
  private final long pktsPerSecond;
  private final Thread sender = new Thread(this::send, "load-sender");
  private final Thread receiver = new Thread(this::receive, "load-receiver");
  private volatile boolean stopSending;
  private volatile boolean stopReceiving;
  private volatile long sent;
  private volatile long received;
  private volatile long sendingNs;

  /** Starts sending at once. */
  Load(Node source, Node target, long pktsPerSecond) throws OsException {
    this.pktsPerSecond = pktsPerSecond;
    to = UdpSocket.receiver(target, PORT);
    try {
      from = UdpSocket.sender(source, target, PORT, false);
    } catch (OsException e) {
      to.close();
      throw e;
    }
    receiver.start();
    sender.start();
  }

  private void send() {
    MessageRing ring = new MessageRing(BATCH, BATCH);
    for (int i = 0; i < BATCH; i++) {
      ring.fill(i, new byte[PAYLOAD_BYTES]);
    }
    long start = System.nanoTime();
    long count = 0;
    while (!stopSending) {
      long due = (long) ((System.nanoTime() - start) / NS_PER_S * pktsPerSecond) - count;
      if (due > 0) {
        count += Math.max(0, ring.send(from.fd(), 0, (int) Math.min(BATCH, due)));
      }
      if (due <= BATCH) {
        LockSupport.parkNanos(TICK_NS);
      }
    }
    sent = count;
    sendingNs = System.nanoTime() - start;
  }

  private void receive() {
    MessageRing ring = new MessageRing(BATCH, BATCH);
    long count = 0;
    while (!stopReceiving) {
      int n = ring.receive(to.fd(), 0, BATCH);
      if (n <= 0) {
        received = count;
        to.awaitInput(IDLE_NS);
        continue;
      }
      count += n;
      for (int i = 0; i < n; i++) {
        ring.prepareToReceive(i);
      }
    }
    received = count;
  }

  /** Ends sending and waits until what is under way has arrived. */
  void stop() throws OsException {
    stopSending = true;
    join(sender);
    LockSupport.parkNanos(SETTLE_NS);
    stopReceiving = true;
    join(receiver);
  }

  private static void join(Thread thread) throws OsException {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OsException("calibration: interrupted", e);
    }
  }

  /** Datagrams that did not arrive; valid after {@link #stop}. */
  long lost() {
    return sent - received;
  }

  /** Datagrams sent per second; valid after {@link #stop}. */
  double rate() {
    return sent * NS_PER_S / Math.max(1, sendingNs);
  }

  @Override
  public void close() throws OsException {
    stop();
    from.close();
    to.close();
  }
}
