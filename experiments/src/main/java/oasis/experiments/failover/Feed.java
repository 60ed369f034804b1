// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.failover;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import oasis.os.OsException;
import oasis.os.linux.Netns;
import org.jspecify.annotations.Nullable;

/**
 * A server of one file, which everybody gets at the same pace: first the four bytes of the address
 * that the server sees, then the file. It has a thread of its own.
 */
final class Feed implements AutoCloseable {
  static final int PORT = 80;

  /** Bytes in front of the file. */
  static final int HEAD_BYTES = 4;

  /** Bytes of the file and of the address in front of it. */
  static final int BYTES = 200_000;

  private static final int CHUNK_BYTES = 2_500;
  private static final long TICK_NS = 50_000_000L;
  private static final long NS_PER_MS = 1_000_000L;
  private static final int BACKLOG = 1_000;

  /** Who has got nothing for so long has gone without a word. */
  private static final long LIFETIME_NS = 30_000_000_000L;

  private static final byte[] CONTENT = content();

  private final Selector selector;
  private final ServerSocketChannel server;
  private final Thread thread = new Thread(this::run, "feed");
  private final List<Reader> readers = new ArrayList<>();
  private volatile boolean closed;

  /** A connection. */
  private static final class Reader {
    final SocketChannel channel;
    final ByteBuffer left;
    final long beganNs = System.nanoTime();

    Reader(SocketChannel channel) throws IOException {
      this.channel = channel;
      byte[] all = CONTENT.clone();
      InetSocketAddress peer = (InetSocketAddress) channel.getRemoteAddress();
      System.arraycopy(peer.getAddress().getAddress(), 0, all, 0, HEAD_BYTES);
      left = ByteBuffer.wrap(all);
    }

    /** Sends the next piece; false when there is nothing left or nobody to send to. */
    boolean send() {
      try {
        ByteBuffer piece = left.slice();
        piece.limit(Math.min(CHUNK_BYTES, piece.remaining()));
        left.position(left.position() + channel.write(piece));
        return left.hasRemaining() && System.nanoTime() - beganNs < LIFETIME_NS;
      } catch (IOException e) {
        return false; // the reader has gone
      }
    }
  }

  private Feed(Selector selector, ServerSocketChannel server) {
    this.selector = selector;
    this.server = server;
  }

  /** Starts a server in a network namespace. */
  static Feed start(String namespace) throws OsException {
    try {
      return Netns.in(namespace, Feed::open);
    } catch (OsException e) {
      throw e;
    } catch (Exception e) {
      throw new OsException("the server of the downloads: " + e.getMessage(), e);
    }
  }

  private static Feed open() throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open();
    server.bind(new InetSocketAddress(PORT), BACKLOG).configureBlocking(false);
    Selector selector = Selector.open();
    server.register(selector, SelectionKey.OP_ACCEPT);
    Feed feed = new Feed(selector, server);
    feed.thread.setDaemon(true);
    feed.thread.start();
    return feed;
  }

  private static byte[] content() {
    byte[] bytes = new byte[BYTES];
    for (int i = 0; i < BYTES; i++) {
      bytes[i] = (byte) (i * 31 + (i >>> 8));
    }
    return bytes;
  }

  /** Whether a piece is that of the file at {@code from}. */
  static boolean isContent(ByteBuffer piece, int from) {
    return piece.equals(ByteBuffer.wrap(CONTENT, from, piece.remaining()));
  }

  private void run() {
    long next = System.nanoTime();
    try {
      while (!closed) {
        long waitNs = next - System.nanoTime();
        if (waitNs > 0) {
          selector.select(waitNs / NS_PER_MS + 1);
        }
        selector.selectedKeys().clear();
        accept();
        if (next - System.nanoTime() <= 0) {
          feed();
          next += TICK_NS;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      readers.forEach(reader -> close(reader.channel));
      close(server);
      close(selector);
    }
  }

  private void accept() throws IOException {
    for (@Nullable SocketChannel one = server.accept(); one != null; one = server.accept()) {
      one.configureBlocking(false);
      Reader reader = new Reader(one);
      if (reader.send()) {
        readers.add(reader);
      } else {
        close(one);
      }
    }
  }

  private void feed() {
    for (Iterator<Reader> all = readers.iterator(); all.hasNext(); ) {
      Reader reader = all.next();
      if (!reader.send()) {
        close(reader.channel);
        all.remove();
      }
    }
  }

  private static void close(AutoCloseable one) {
    try {
      one.close();
    } catch (Exception e) {
      // It was of no use any more.
      return;
    }
  }

  @Override
  public void close() {
    closed = true;
    selector.wakeup();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
