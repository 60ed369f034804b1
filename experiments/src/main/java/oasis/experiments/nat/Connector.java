// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.nat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/**
 * Opens one connection after the other, some at a time: connects, waits for the first byte, and
 * resets, so that neither end keeps the port. All in the thread and network namespace that runs it.
 */
final class Connector implements AutoCloseable {
  private static final double NS_PER_S = 1e9;
  private static final long NS_PER_MS = 1_000_000;
  private static final long PATIENCE_NS = 3_000_000_000L;
  private static final long TURN_MS = 100;

  private final InetSocketAddress server;
  private final Selector selector = Selector.open();
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(16);
  private long done;
  private long failed;
  private long lookedNs;

  /** How many connections were done or failed, and in what time. */
  record Outcome(long done, long failed, double seconds) {}

  Connector(InetSocketAddress server) throws IOException {
    this.server = server;
  }

  /** Goes on for so long, with so many at a time. */
  Outcome run(int atATime, int seconds) throws IOException {
    long begin = System.nanoTime();
    lookedNs = begin;
    long end = begin + (long) (seconds * NS_PER_S);
    long doneBefore = done;
    long failedBefore = failed;
    for (long now = begin; now < end; now = System.nanoTime()) {
      for (int open = selector.keys().size(); open < atATime; open++) {
        open(now);
      }
      selector.select(Math.max(1, Math.min(TURN_MS, (end - now) / NS_PER_MS)));
      for (SelectionKey key : selector.selectedKeys()) {
        advance(key);
      }
      selector.selectedKeys().clear();
      giveUp(System.nanoTime());
      selector.selectNow(); // forgets what was closed
    }
    double took = (System.nanoTime() - begin) / NS_PER_S;
    return new Outcome(done - doneBefore, failed - failedBefore, took);
  }

  private void open(long now) throws IOException {
    SocketChannel socket = SocketChannel.open();
    socket.configureBlocking(false);
    socket.setOption(StandardSocketOptions.SO_LINGER, 0);
    try {
      boolean connected = socket.connect(server);
      int wait = connected ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT;
      socket.register(selector, wait, now);
    } catch (IOException e) {
      failed++;
      socket.close();
    }
  }

  private void advance(SelectionKey key) throws IOException {
    if (!key.isValid() || !(key.channel() instanceof SocketChannel socket)) {
      return;
    }
    try {
      if (key.isConnectable()) {
        socket.finishConnect();
        key.interestOps(SelectionKey.OP_READ);
      } else if (socket.read(buffer.clear()) > 0) {
        done++;
        socket.close();
      } else {
        failed++;
        socket.close();
      }
    } catch (IOException e) {
      failed++;
      socket.close();
    }
  }

  /** Ends those that have taken too long; not at each turn, since all are gone through. */
  private void giveUp(long now) throws IOException {
    if (now - lookedNs < TURN_MS * NS_PER_MS) {
      return;
    }
    lookedNs = now;
    for (SelectionKey key : selector.keys()) {
      if (key.isValid() && key.attachment() instanceof Long began && now - began > PATIENCE_NS) {
        failed++;
        key.channel().close();
      }
    }
  }

  @Override
  public void close() throws IOException {
    for (SelectionKey key : selector.keys()) {
      key.channel().close();
    }
    selector.close();
  }
}
