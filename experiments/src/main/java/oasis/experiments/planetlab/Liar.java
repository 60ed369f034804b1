// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.planetlab;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import oasis.os.OsException;
import oasis.os.linux.Netns;

/**
 * A web server that answers wrongly, in the manner that the path names. Confined to a thread of its
 * own, which serves one connection at a time.
 */
final class Liar implements AutoCloseable {
  private static final List<String> LIES =
      List.of("short", "long", "negative", "twice", "garbage", "nothing", "chunks");

  private static final String OK = "HTTP/1.1 200 OK\r\n";
  private static final int PATIENCE_MS = 5_000;

  private final ServerSocket socket;

  private Liar(ServerSocket socket) {
    this.socket = socket;
  }

  /** Listens in a network namespace. */
  static Liar open(String namespace, int port) throws OsException {
    try {
      Liar liar = new Liar(Netns.in(namespace, () -> new ServerSocket(port, 64)));
      Thread thread = new Thread(liar::serve, "liar");
      thread.setDaemon(true);
      thread.start();
      return liar;
    } catch (OsException e) {
      throw e;
    } catch (Exception e) {
      throw new OsException("lying server: " + e.getMessage(), e);
    }
  }

  /** The manners. */
  List<String> lies() {
    return LIES;
  }

  private void serve() {
    while (!socket.isClosed()) {
      try (Socket client = socket.accept()) {
        client.setSoTimeout(PATIENCE_MS);
        lie(client);
      } catch (IOException e) {
        // The other end has had enough, or the run is over.
      }
    }
  }

  private static void lie(Socket client) throws IOException {
    byte[] head = new byte[4096];
    InputStream in = client.getInputStream();
    int bytes = Math.max(in.read(head), 0);
    String path = new String(head, 0, bytes, ISO_8859_1).split(" ", 3)[1].substring(1);
    client.getOutputStream().write(answer(path).getBytes(ISO_8859_1));
  }

  private static String answer(String path) {
    return switch (path) {
      case "short" -> OK + "Content-Length: 1000\r\n\r\nten bytes.";
      case "long" -> OK + "Content-Length: 10\r\n\r\n" + "ten bytes.".repeat(100);
      case "negative" -> OK + "Content-Length: -5\r\n\r\nten bytes.";
      case "twice" -> OK + "Content-Length: 3\r\nContent-Length: 10\r\n\r\nten bytes.";
      case "garbage" -> "\0\1\2garbage".repeat(50);
      case "chunks" -> OK + "Transfer-Encoding: chunked\r\n\r\nffffffffff\r\nten bytes.";
      default -> "";
    };
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      // Nothing is left to do.
    }
  }
}
