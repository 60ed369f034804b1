// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.queues;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.SortedMap;
import java.util.TreeMap;
import oasis.os.OsException;
import oasis.os.linux.Netns;

/**
 * Where a {@link Sender}'s packets arrive. It has a thread of its own; what it has seen is asked
 * for when that has ended.
 */
final class Sink implements AutoCloseable {
  /** IP and UDP header, which the channel does not show. */
  private static final int HEADER_BYTES = 28;

  private static final int RECEIVE_BUFFER_BYTES = 8 << 20;
  private static final int NS_PER_UNIT = 10_000;

  private final DatagramChannel channel;
  private final long fromNs;
  private final long untilNs;
  private final Thread thread = new Thread(this::run, "sink");
  private final SortedMap<Integer, Integer> delays = new TreeMap<>();
  private long sentInTime;
  private long arrivedInTime;

  private Sink(DatagramChannel channel, long fromNs, long untilNs) {
    this.channel = channel;
    this.fromNs = fromNs;
    this.untilNs = untilNs;
  }

  /**
   * Listens at a port in a network namespace.
   *
   * @param fromNs begin of the time that counts
   * @param untilNs its end
   */
  static Sink open(String namespace, int port, long fromNs, long untilNs) throws OsException {
    try {
      return Netns.in(
          namespace,
          () -> {
            DatagramChannel channel = DatagramChannel.open();
            channel.setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BUFFER_BYTES);
            channel.bind(new InetSocketAddress(port));
            Sink sink = new Sink(channel, fromNs, untilNs);
            sink.thread.start();
            return sink;
          });
    } catch (OsException e) {
      throw e;
    } catch (Exception e) {
      throw new OsException("a sink: " + e.getMessage(), e);
    }
  }

  private void run() {
    ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 16);
    try {
      while (channel.receive(buffer.clear()) != null) {
        long now = System.nanoTime();
        long bytes = (long) buffer.position() + HEADER_BYTES;
        long sent = buffer.getLong(0);
        if (sent - fromNs >= 0 && sent - untilNs < 0) {
          sentInTime += bytes;
          delays.merge((int) ((now - sent) / NS_PER_UNIT), 1, Integer::sum);
        }
        if (now - fromNs >= 0 && now - untilNs < 0) {
          arrivedInTime += bytes;
        }
      }
    } catch (IOException e) {
      return; // closed
    }
  }

  /** Bytes that were sent in the time that counts and have arrived, whenever. */
  long sentInTime() {
    return sentInTime;
  }

  /** Bytes that have arrived in the time that counts. */
  long arrivedInTime() {
    return arrivedInTime;
  }

  /** How many of the packets sent in that time took how many units of 10 µs. */
  SortedMap<Integer, Integer> delays() {
    return delays;
  }

  /** Ends its thread. */
  @Override
  public void close() throws OsException {
    try {
      channel.close();
      thread.join();
    } catch (IOException e) {
      throw new OsException("a sink: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OsException("interrupted", e);
    }
  }
}
