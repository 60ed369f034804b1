// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.failover;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** One TCP connection of the client's host to the {@link Feed}, and what has come of it. */
final class Fetch {
  private final SocketChannel channel;
  private final int wanted;
  private final long beganNs = System.nanoTime();
  private long firstNs;
  private long endedNs;
  private int peer;
  private int bytes;
  private boolean started;
  private boolean ended;
  private boolean damaged;

  private Fetch(SocketChannel channel, int wanted) {
    this.channel = channel;
    this.wanted = wanted;
  }

  /**
   * Begins a connection, in the network namespace of the calling thread.
   *
   * @param wanted bytes after which it is over
   */
  static Fetch begin(Selector selector, InetSocketAddress server, int wanted) throws IOException {
    SocketChannel channel = SocketChannel.open();
    channel.configureBlocking(false);
    Fetch fetch = new Fetch(channel, wanted);
    try {
      channel.connect(server);
      channel.register(selector, SelectionKey.OP_CONNECT, fetch);
    } catch (IOException e) {
      fetch.end();
    }
    return fetch;
  }

  /** Goes on as far as possible. */
  void advance(SelectionKey key, ByteBuffer buffer) {
    try {
      if (key.isConnectable() && channel.finishConnect()) {
        key.interestOps(SelectionKey.OP_READ);
      }
      if (key.isReadable()) {
        read(buffer);
      }
    } catch (IOException e) {
      end(); // refused or reset: the time is what counts
    }
  }

  private void read(ByteBuffer buffer) throws IOException {
    int got = channel.read(buffer.clear());
    if (got < 0) {
      end();
      return;
    }
    buffer.flip();
    if (!started && got >= Feed.HEAD_BYTES) {
      started = true;
      firstNs = System.nanoTime();
      peer = buffer.getInt();
      bytes = Feed.HEAD_BYTES;
    }
    damaged |= bytes + buffer.remaining() > Feed.BYTES || !Feed.isContent(buffer, bytes);
    bytes += buffer.remaining();
    if (bytes >= wanted || damaged) {
      end();
    }
  }

  /** It is over. */
  void end() {
    if (ended) {
      return;
    }
    ended = true;
    endedNs = System.nanoTime();
    try {
      channel.close();
    } catch (IOException e) {
      damaged = true;
    }
  }

  boolean ended() {
    return ended;
  }

  /** Whether it brought what was wanted. */
  boolean complete() {
    return bytes >= wanted && !damaged;
  }

  /** Whether the file has begun to come. */
  boolean started() {
    return started;
  }

  /** The address that the server saw. */
  int peer() {
    return peer;
  }

  long beganNs() {
    return beganNs;
  }

  /** When the first byte came. */
  long firstNs() {
    return firstNs;
  }

  long endedNs() {
    return endedNs;
  }
}
