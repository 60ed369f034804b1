// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.planetlab;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import oasis.os.OsException;
import oasis.os.linux.Netns;

/**
 * A web server that takes bodies of a known length and answers with the SHA-256 of what came, or
 * with nothing where the path is {@link #FAST}. Each connection carries one request and has a
 * thread of its own.
 */
final class Sink implements AutoCloseable {
  /** Bodies sent here are only counted. */
  static final String FAST = "/fast";

  private static final int BUFFER_BYTES = 1 << 18;
  private static final int MOST_HEAD_BYTES = 1 << 16;

  private final ServerSocket socket;

  private Sink(ServerSocket socket) {
    this.socket = socket;
  }

  /** Listens in a network namespace, at all its IPv4 addresses. */
  static Sink open(String namespace, int port) throws OsException {
    try {
      Sink sink = new Sink(Netns.in(namespace, () -> new ServerSocket(port, 256)));
      start(sink::accept);
      return sink;
    } catch (OsException e) {
      throw e;
    } catch (Exception e) {
      throw new OsException("sink of uploads: " + e.getMessage(), e);
    }
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(work, "sink");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    try {
      while (true) {
        Socket client = socket.accept();
        start(() -> serve(client));
      }
    } catch (IOException e) {
      // Closed: the run is over.
    }
  }

  private static void serve(Socket client) {
    try (client) {
      InputStream in = new BufferedInputStream(client.getInputStream(), BUFFER_BYTES);
      OutputStream out = client.getOutputStream();
      String head = head(in);
      long bytes = length(head);
      if (head.toLowerCase(Locale.ROOT).contains("expect: 100-continue")) {
        out.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(ISO_8859_1));
      }
      String answer = take(in, bytes, !head.split(" ", 3)[1].equals(FAST));
      String fields = "Content-Length: " + answer.length() + "\r\nConnection: close\r\n\r\n";
      out.write(("HTTP/1.1 200 OK\r\n" + fields + answer).getBytes(ISO_8859_1));
    } catch (IOException e) {
      // The other end sees it, too.
    }
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.length() < MOST_HEAD_BYTES) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("no end of the head");
      }
      head.append((char) next);
      if (next == '\n'
          && head.length() >= 4
          && head.substring(head.length() - 4).equals("\r\n\r\n")) {
        return head.toString();
      }
    }
    throw new IOException("the head is too long");
  }

  private static long length(String head) throws IOException {
    return head.lines()
        .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("content-length:"))
        .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(':') + 1).strip()))
        .findFirst()
        .orElseThrow(() -> new IOException("no length"));
  }

  private static String take(InputStream in, long bytes, boolean digests) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[BUFFER_BYTES];
      for (long left = bytes; left > 0; ) {
        int n = in.read(buffer, 0, (int) Math.min(buffer.length, left));
        if (n < 0) {
          throw new IOException("the body ended early");
        }
        if (digests) {
          digest.update(buffer, 0, n);
        }
        left -= n;
      }
      return digests ? HexFormat.of().formatHex(digest.digest()) : "";
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
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
