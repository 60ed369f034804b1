// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.push;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.LinkedHashMap;
import java.util.Map;
import oasis.experiments.measure.Pause;
import oasis.os.OsException;
import oasis.os.linux.Netns;

/**
 * Keep-alives from a client's host to all nodes, again and again until each has echoed one. A
 * thread of its own sends them; the results may be asked by any.
 */
final class Echoes implements AutoCloseable {
  private static final double NS_PER_S = 1e9;
  private static final long PAUSE_MS = 100;

  /** A socket for each node; not connected, since Java sends no empty datagram from one that is. */
  private final Map<String, DatagramChannel> channels = new LinkedHashMap<>();

  private final Map<String, InetSocketAddress> nodes;
  private final Map<String, Double> first = new LinkedHashMap<>();
  private final ByteBuffer buffer = ByteBuffer.allocate(16);
  private final Thread thread = new Thread(this::turn, "echoes");
  private final long beganNs;
  private volatile boolean closed;

  private Echoes(Map<String, InetSocketAddress> nodes, long beganNs) {
    this.nodes = Map.copyOf(nodes);
    this.beganNs = beganNs;
  }

  /** Begins to send from a network namespace; times count from now. */
  static Echoes begin(String namespace, Map<String, InetSocketAddress> nodes) throws OsException {
    Echoes echoes = new Echoes(nodes, System.nanoTime());
    try {
      Netns.in(
          namespace,
          () -> {
            for (String node : nodes.keySet()) {
              echoes.open(node);
            }
            return true;
          });
    } catch (OsException e) {
      throw e;
    } catch (Exception e) {
      throw new OsException("keep-alives: " + e.getMessage(), e);
    }
    echoes.thread.setDaemon(true);
    echoes.thread.start();
    return echoes;
  }

  private void open(String name) throws IOException {
    DatagramChannel channel = DatagramChannel.open(StandardProtocolFamily.INET);
    channels.put(name, channel);
    channel.configureBlocking(false);
  }

  /** Seconds from the begin to the first echo of a node, or {@link Step#NEVER}. */
  double firstS(String node) {
    synchronized (first) {
      return first.getOrDefault(node, Step.NEVER);
    }
  }

  private void turn() {
    try {
      while (!closed) {
        for (Map.Entry<String, DatagramChannel> each : channels.entrySet()) {
          if (firstS(each.getKey()) < 0 && echoed(each.getKey(), each.getValue())) {
            synchronized (first) {
              first.put(each.getKey(), (System.nanoTime() - beganNs) / NS_PER_S);
            }
          }
        }
        Pause.ms(PAUSE_MS);
      }
    } catch (OsException e) {
      closed = true; // what has not been heard of until now, stays so
    }
  }

  /** Takes what has come since the last time, and sends the next one. */
  private boolean echoed(String node, DatagramChannel channel) {
    try {
      boolean heard = channel.receive(buffer.clear()) != null && buffer.position() == 0;
      channel.send(ByteBuffer.allocate(0), nodes.get(node));
      return heard;
    } catch (IOException e) {
      return false; // it cannot be reached
    }
  }

  @Override
  public void close() throws OsException {
    closed = true;
    thread.interrupt();
    try {
      thread.join();
      for (DatagramChannel channel : channels.values()) {
        channel.close();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OsException("interrupted", e);
    } catch (IOException e) {
      throw new OsException("keep-alives: " + e.getMessage(), e);
    }
  }
}
