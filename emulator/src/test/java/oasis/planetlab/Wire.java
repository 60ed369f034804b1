// SPDX-License-Identifier: Apache-2.0
package oasis.planetlab;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import oasis.emulator.Node;
import oasis.os.linux.Netns;

/**
 * Bytes as they are, from a program on one host to a server on another: what real ones never send.
 */
final class Wire implements Closeable {
  private static final int PATIENCE_MS = 30_000;

  private final Socket socket;

  private Wire(Socket socket) throws IOException {
    this.socket = socket;
    socket.setSoTimeout(PATIENCE_MS);
    socket.setTcpNoDelay(true);
  }

  /** Connects to the port on a host. */
  static Wire connect(Node host) throws Exception {
    InetSocketAddress to = new InetSocketAddress(InetAddress.getLoopbackAddress(), InPortLab.PORT);
    return Netns.in(
        host.namespace(),
        () -> {
          Socket socket = new Socket();
          socket.connect(to, PATIENCE_MS);
          return new Wire(socket);
        });
  }

  /** A server's side of a connection. */
  interface Conversation<T> {
    /** Says and hears what there is. */
    T with(Wire wire) throws Exception;
  }

  /** A server that takes connections one after the other, until it is closed. */
  static final class Server implements Closeable {
    private final ServerSocket socket;
    private final ExecutorService thread = Executors.newSingleThreadExecutor();

    Server(Node host, int port) throws Exception {
      Callable<ServerSocket> open = () -> new ServerSocket(port, 1_000);
      socket = Netns.in(host.namespace(), open);
      socket.setSoTimeout(PATIENCE_MS);
    }

    /** Takes the next connection. */
    <T> Future<T> accept(Conversation<T> conversation) {
      return thread.submit(
          () -> {
            try (Wire wire = new Wire(socket.accept())) {
              return conversation.with(wire);
            }
          });
    }

    @Override
    public void close() throws IOException {
      thread.shutdownNow();
      socket.close();
    }
  }

  Wire say(String text) throws IOException {
    return say(text.getBytes(ISO_8859_1));
  }

  Wire say(byte[] bytes) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(bytes);
    out.flush();
    return this;
  }

  /** Ends its side of the conversation, and goes on to listen. */
  Wire finish() throws IOException {
    socket.shutdownOutput();
    return this;
  }

  /** Everything until the other side ends. */
  byte[] hearAll() throws IOException {
    return socket.getInputStream().readAllBytes();
  }

  /** Everything until the other side ends or resets, as text. */
  String hearText() throws IOException {
    return new String(hearAll(), ISO_8859_1);
  }

  byte[] hear(int bytes) throws IOException {
    return socket.getInputStream().readNBytes(bytes);
  }

  /** Everything up to and with a text; or up to the end, when that comes first. */
  String hearUntil(String end) throws IOException {
    InputStream in = socket.getInputStream();
    StringBuilder text = new StringBuilder();
    while (text.indexOf(end) < 0) {
      int next = in.read();
      if (next < 0) {
        break;
      }
      text.append((char) next);
    }
    return text.toString();
  }

  /** How a tunnel is asked for. */
  static String connectRequest(String to) {
    return "CONNECT " + to + " HTTP/1.1\r\nHost: " + to + "\r\n\r\n";
  }

  /** Asks for a tunnel. */
  Wire tunnel(String to) throws IOException {
    say(connectRequest(to));
    String answer = hearUntil("\r\n\r\n");
    if (!answer.startsWith("HTTP/1.1 200 ")) {
      throw new AssertionError(answer);
    }
    return this;
  }

  /** The local port. */
  int port() {
    return socket.getLocalPort();
  }

  /** Ends the connection by a reset. */
  void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
