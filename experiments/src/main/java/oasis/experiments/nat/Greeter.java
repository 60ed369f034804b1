// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.nat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import oasis.os.OsException;
import oasis.os.linux.Netns;

/** A server that sends one byte to whoever connects, and closes. It has a thread of its own. */
final class Greeter implements AutoCloseable {
  private static final int BACKLOG = 4096;

  private final ServerSocketChannel listening;
  private final InetAddress expected;
  private final Thread thread;
  private volatile boolean others;

  private Greeter(ServerSocketChannel listening, InetAddress expected) {
    this.listening = listening;
    this.expected = expected;
    thread = new Thread(this::serve, "greeter");
    thread.setDaemon(true);
  }

  /**
   * Begins to listen.
   *
   * @param expected address from which all connections are to come
   */
  static Greeter start(String namespace, InetSocketAddress at, InetAddress expected)
      throws OsException {
    try {
      ServerSocketChannel listening =
          Netns.in(
              namespace,
              () -> {
                ServerSocketChannel socket = ServerSocketChannel.open();
                socket.bind(at, BACKLOG);
                return socket;
              });
      Greeter greeter = new Greeter(listening, expected);
      greeter.thread.start();
      return greeter;
    } catch (Exception e) {
      throw new OsException("the server: " + e.getMessage(), e);
    }
  }

  private void serve() {
    ByteBuffer one = ByteBuffer.allocateDirect(1);
    while (true) {
      try (SocketChannel connection = listening.accept()) {
        if (connection.getRemoteAddress() instanceof InetSocketAddress from
            && !from.getAddress().equals(expected)) {
          others = true;
        }
        connection.write(one.clear());
      } catch (ClosedChannelException e) {
        if (!listening.isOpen()) {
          return;
        }
      } catch (IOException e) {
        // Its client has given up.
        Thread.onSpinWait();
      }
    }
  }

  /** Whether a connection came from another address than expected. */
  boolean sawOthers() {
    return others;
  }

  @Override
  public void close() {
    try {
      listening.close();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
