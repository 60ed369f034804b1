// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Supplier;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import oasis.io.config.ConfigException;
import oasis.os.linux.MarkedSocket;
import oasis.packet.Address;
import org.jspecify.annotations.Nullable;

/**
 * Fetches a document of limited length, in limited time, by HTTP/1.0 (RFC 9112: the answer then
 * ends with its length or with the connection) over sockets that the client's own rules leave
 * alone: what tells the way to an overlay must not depend on that overlay.
 */
final class Download {
  /** Less than what the control interface waits for an answer. */
  static final Duration LIMIT = Duration.ofSeconds(7);

  private static final int MAX_REDIRECTS = 5;
  private static final int MAX_HEAD_BYTES = 16 << 10;

  private final Overlay.Resolver resolver;
  private final Supplier<SSLSocketFactory> tls;
  private final int maxBytes;
  private final Duration limit;

  /** An answer's status line and header fields, and what follows; the length is -1 for not said. */
  record Answer(int status, @Nullable String location, long length, InputStream body) {}

  /**
   * @param resolver finds addresses of servers; it must see through fake ones
   * @param tls decides whom to trust; asked when it is needed, since it takes long to load
   * @param maxBytes longest document
   * @param limit how long all of it may take, but for the search of addresses
   */
  Download(
      Overlay.Resolver resolver, Supplier<SSLSocketFactory> tls, int maxBytes, Duration limit) {
    this.resolver = resolver;
    this.tls = tls;
    this.maxBytes = maxBytes;
    this.limit = limit;
  }

  /**
   * Fetches a document.
   *
   * @param uri https, http, or file with an absolute path; see {@link Overlay#specification}
   * @throws ConfigException one line that says what went wrong
   */
  byte[] fetch(URI uri) throws ConfigException {
    try {
      return "file".equals(uri.getScheme()) ? file(uri) : http(uri);
    } catch (IOException e) {
      throw new ConfigException(uri + ": " + e.getMessage());
    } catch (InvalidPathException e) {
      throw new ConfigException(uri + ": not a file name");
    }
  }

  private byte[] file(URI uri) throws IOException {
    Path path = Path.of(uri.getPath());
    if (!Files.isRegularFile(path)) {
      throw new IOException(Files.exists(path) ? "not a file" : "no such file");
    }
    try (InputStream in = Files.newInputStream(path)) {
      return all(in, -1);
    }
  }

  private byte[] http(URI first) throws IOException, ConfigException {
    long deadlineNs = System.nanoTime() + limit.toNanos();
    URI uri = first;
    for (int i = 0; i <= MAX_REDIRECTS; i++) {
      try (Socket socket = connect(uri, deadlineNs)) {
        socket.getOutputStream().write(request(uri).getBytes(US_ASCII));
        Answer answer = answer(socket.getInputStream());
        if (answer.status() == 200) {
          return all(answer.body(), answer.length());
        }
        if (answer.location() == null || answer.status() < 301 || answer.status() > 308) {
          throw new IOException("the server answers with status " + answer.status());
        }
        uri = redirect(uri, answer.location());
      }
    }
    throw new IOException("more than " + MAX_REDIRECTS + " redirections");
  }

  private static URI redirect(URI from, String location) throws IOException {
    URI to;
    try {
      to = from.resolve(new URI(location));
    } catch (URISyntaxException | IllegalArgumentException e) {
      throw new IOException("it redirects to what is no URL", e);
    }
    if (!"https".equalsIgnoreCase(to.getScheme())
        || to.getHost() == null
        || to.getPort() > Overlay.MAX_PORT
        || to.getRawUserInfo() != null) {
      throw new IOException("it redirects to " + to + "; only https is followed");
    }
    return to;
  }

  private Socket connect(URI uri, long deadlineNs) throws IOException, ConfigException {
    boolean secure = "https".equalsIgnoreCase(uri.getScheme());
    int port = uri.getPort() > 0 ? uri.getPort() : secure ? 443 : 80;
    String host = uri.getHost();
    Address address = Overlay.address(host, resolver);
    Socket plain = MarkedSocket.connect(address, port, ClientNetwork.EXEMPT_MARK, deadlineNs);
    if (!secure) {
      return plain;
    }
    boolean done = false;
    try {
      String name = host.replaceAll("[\\[\\]]", "");
      SSLSocket socket = (SSLSocket) tls.get().createSocket(plain, name, port, true);
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      socket.setSSLParameters(parameters);
      socket.startHandshake();
      done = true;
      return socket;
    } finally {
      if (!done) {
        plain.close();
      }
    }
  }

  private static String request(URI uri) {
    String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
    return "GET "
        + target(uri)
        + " HTTP/1.0\r\nHost: "
        + uri.getHost()
        + port
        + "\r\nAccept: application/xml\r\nUser-Agent: oasis\r\nConnection: close\r\n\r\n";
  }

  /** Path and query, in ASCII. */
  static String target(URI uri) {
    String ascii = uri.toASCIIString();
    int begin = ascii.indexOf("//") + 2;
    while (begin < ascii.length() && "/?#".indexOf(ascii.charAt(begin)) < 0) {
      begin++;
    }
    int fragment = ascii.indexOf('#', begin);
    String target = ascii.substring(begin, fragment < 0 ? ascii.length() : fragment);
    return target.startsWith("/") ? target : "/" + target;
  }

  /** Reads the head of an answer, which a stranger wrote. */
  static Answer answer(InputStream in) throws IOException {
    String[] lines = head(in).split("\r?\n", -1);
    String[] words = lines[0].split(" ", 3);
    if (words.length < 2 || !words[0].startsWith("HTTP/1.") || !words[1].matches("[1-5][0-9]{2}")) {
      throw new IOException("the server does not speak HTTP/1");
    }
    String location = null;
    long length = -1;
    for (int i = 1; i < lines.length; i++) {
      int colon = Math.max(0, lines[i].indexOf(':'));
      String value = lines[i].substring(Math.min(lines[i].length(), colon + 1)).strip();
      switch (lines[i].substring(0, colon).toLowerCase(Locale.ROOT)) {
        case "location" -> location = value;
        case "content-length" -> {
          if (!value.matches("[0-9]{1,15}")) {
            throw new IOException("the server answers with a wrong length");
          }
          length = Long.parseLong(value);
        }
        case "transfer-encoding", "content-encoding" -> {
          if (!value.equalsIgnoreCase("identity")) {
            throw new IOException("the server answers in an encoding that was not asked for");
          }
        }
        default -> {}
      }
    }
    return new Answer(Integer.parseInt(words[1]), location, length, in);
  }

  /** What precedes the empty line. */
  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (!endsWithEmptyLine(head)) {
      byte[] one = in.readNBytes(1);
      if (one.length == 0 || head.length() == MAX_HEAD_BYTES) {
        throw new IOException("the server's answer has no end of its header");
      }
      head.append(new String(one, ISO_8859_1));
    }
    return head.toString().strip();
  }

  private static boolean endsWithEmptyLine(StringBuilder head) {
    int end = head.length();
    return head.indexOf("\r\n\r\n", end - 4) >= 0 || head.indexOf("\n\n", end - 2) >= 0;
  }

  private byte[] all(InputStream in, long length) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    byte[] chunk = new byte[4096];
    while (length < 0 || all.size() < length) {
      int read = in.read(chunk);
      if (read < 0) {
        break;
      }
      all.write(chunk, 0, read);
      if (all.size() > maxBytes) {
        throw new IOException("longer than " + maxBytes + " bytes");
      }
    }
    if (length >= 0 && all.size() != length) {
      throw new IOException("the document is cut off");
    }
    return all.toByteArray();
  }
}
