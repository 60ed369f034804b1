// SPDX-License-Identifier: Apache-2.0
package oasis.io.control;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The command line's side of the control interface: one request per connection, on the JDK's own
 * Unix sockets, because starting Netty costs more than the request.
 */
public final class ControlClient {
  /** Longest answer that is read. */
  static final int MAX_ANSWER_BYTES = 64 << 20;

  private static final int STOP_SECONDS = 15;

  private static final byte[] HEAD_END = "\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private final Path socket;
  private final String daemon;
  private final String server;

  /**
   * @param daemon what messages call the other side, for instance {@code client}
   */
  public ControlClient(Path socket, String daemon) {
    this(socket, daemon, "localhost");
  }

  /**
   * @param server who is meant, see {@link Routes.Builder#server}: another daemon then refuses what
   *     it would understand in another way
   */
  public ControlClient(Path socket, String daemon, String server) {
    this.socket = socket;
    this.daemon = daemon;
    this.server = server;
  }

  /** GET. */
  public Response get(String pathAndQuery) throws IOException {
    return call("GET", pathAndQuery, new byte[0]);
  }

  /** POST of a JSON value. */
  public Response post(String pathAndQuery, Object json) throws IOException {
    return call("POST", pathAndQuery, Json.write(json));
  }

  /** DELETE. */
  public Response delete(String pathAndQuery) throws IOException {
    return call("DELETE", pathAndQuery, new byte[0]);
  }

  /**
   * Sends one request and waits for its answer.
   *
   * @param pathAndQuery percent-encoded already
   * @throws IOException one line for the user: nobody listens, no permission, or a broken answer
   */
  public Response call(String method, String pathAndQuery, byte[] body) throws IOException {
    if (pathAndQuery.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw new IllegalArgumentException("not percent-encoded: " + pathAndQuery);
    }
    if (body.length > ControlServer.MAX_BODY_BYTES) {
      throw new IOException("a request may have %d bytes".formatted(ControlServer.MAX_BODY_BYTES));
    }
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      connect(channel);
      String head =
          """
          %s %s HTTP/1.1\r
          Host: %s\r
          Connection: close\r
          Content-Type: application/json\r
          Content-Length: %d\r
          \r
          """
              .formatted(method, pathAndQuery, server, body.length);
      return parse(exchange(channel, head.getBytes(StandardCharsets.US_ASCII), body));
    }
  }

  /**
   * Tells the daemon to stop, at {@code /v1/stop}, and waits until its process has ended.
   *
   * @param pid of its process, as its status names it; for anything but a number nobody waits
   * @return what it answered; after a refusal nobody waits
   * @throws IOException one line for the user, also when it has not ended after 15 s
   */
  public Response stop(@Nullable Object pid) throws IOException {
    // Before it may have ended and its number is another's.
    Optional<ProcessHandle> process =
        pid instanceof Number number ? ProcessHandle.of(number.longValue()) : Optional.empty();
    Response answer = post("/v1/stop", Map.of());
    if (answer.ok() && process.isPresent()) {
      await(process.get());
    }
    return answer;
  }

  private void await(ProcessHandle process) throws IOException {
    try {
      process.onExit().get(STOP_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException | ExecutionException e) {
      throw new IOException(
          "the %s (process %d) has not ended; end it by kill -9".formatted(daemon, process.pid()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  private byte[] exchange(SocketChannel channel, byte[] head, byte[] body) throws IOException {
    try {
      write(channel, head);
      write(channel, body);
      return readAll(channel);
    } catch (SocketException e) {
      throw new IOException("the %s at %s closed the connection".formatted(daemon, socket), e);
    }
  }

  private void connect(SocketChannel channel) throws IOException {
    if (!Files.exists(socket)) {
      throw new IOException(nobody());
    }
    if (!Files.isWritable(socket)) {
      throw new IOException(
          "no permission for %s; run this as the user that runs the %s".formatted(socket, daemon));
    }
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
    } catch (ConnectException e) {
      throw new IOException(nobody(), e);
    } catch (IOException e) {
      throw new IOException("cannot reach the %s at %s".formatted(daemon, socket), e);
    }
  }

  private String nobody() {
    return "no %s is running at %s".formatted(daemon, socket);
  }

  private static void write(SocketChannel channel, byte[] bytes) throws IOException {
    ByteBuffer rest = ByteBuffer.wrap(bytes);
    while (rest.hasRemaining()) {
      channel.write(rest);
    }
  }

  private byte[] readAll(SocketChannel channel) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    ByteBuffer chunk = ByteBuffer.allocate(16 << 10);
    while (channel.read(chunk) >= 0) {
      all.write(chunk.array(), 0, chunk.position());
      chunk.clear();
      if (all.size() > MAX_ANSWER_BYTES) {
        throw broken();
      }
    }
    return all.toByteArray();
  }

  private Response parse(byte[] answer) throws IOException {
    int end = indexOf(answer, HEAD_END);
    if (end < 0) {
      throw broken();
    }
    String[] lines = new String(answer, 0, end, StandardCharsets.ISO_8859_1).split("\r\n", -1);
    String type = "";
    int length = 0;
    for (int i = 1; i < lines.length; i++) {
      int colon = lines[i].indexOf(':');
      String name = lines[i].substring(0, Math.max(0, colon)).toLowerCase(Locale.ROOT);
      String value = lines[i].substring(colon + 1).strip();
      if (name.equals("content-type")) {
        type = value;
      } else if (name.equals("content-length")) {
        length = number(value);
      }
    }
    byte[] body = new byte[Math.min(length, answer.length)];
    if (answer.length - end - HEAD_END.length != length) {
      throw broken();
    }
    System.arraycopy(answer, end + HEAD_END.length, body, 0, length);
    return new Response(status(lines[0]), type, body);
  }

  private int status(String line) throws IOException {
    String[] words = line.split(" ", 3);
    if (words.length < 2 || !words[0].startsWith("HTTP/1.")) {
      throw broken();
    }
    return number(words[1]);
  }

  private int number(String text) throws IOException {
    if (!text.matches("[0-9]{1,9}")) {
      throw broken();
    }
    return Integer.parseInt(text);
  }

  private IOException broken() {
    return new IOException("the %s at %s gave a broken answer".formatted(daemon, socket));
  }

  private static int indexOf(byte[] in, byte[] what) {
    for (int i = 0; i + what.length <= in.length; i++) {
      if (Arrays.equals(in, i, i + what.length, what, 0, what.length)) {
        return i;
      }
    }
    return -1;
  }
}
