// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The fields of a request's head, as far as a proxy must understand them (RFC 9110, RFC 9112). */
final class HeadFields {
  /** Fields about the connection to a proxy, which the server does not get. */
  private static final Set<String> OF_CONNECTION =
      Set.of(
          "connection",
          "proxy-connection",
          "keep-alive",
          "proxy-authorization",
          "proxy-authenticate",
          "te",
          "upgrade");

  /** Result of {@link #countForward}. */
  static final int NO_LIMIT = -1;

  /** Result of {@link #countForward}. */
  static final int NO_NUMBER = -2;

  private static final String MAX_FORWARDS = "max-forwards";

  /** A higher limit is sent on as the highest of nine digits. */
  private static final int MOST_FORWARDS = 1_000_000_000;

  /**
   * Fields that say where a message goes, how far, and where it ends; no request may have them
   * taken away.
   */
  private static final Set<String> OF_MESSAGE =
      Set.of("host", "content-length", "transfer-encoding", "trailer", "expect", MAX_FORWARDS);

  private static final String TOKEN = "!#$%&'*+-.^_`|~";

  private final Map<String, StringBuilder> kept = new LinkedHashMap<>();
  private final Set<String> dropped = new HashSet<>(OF_CONNECTION);
  private final Set<String> seen = new HashSet<>();
  private boolean good = true;

  private HeadFields() {}

  /**
   * Reads the lines behind the request line.
   *
   * @param text the head without its blank line
   * @param from where the first field begins
   * @param old whether the request is of HTTP/1.0
   * @return null when they are malformed or contradict each other
   */
  static @Nullable HeadFields parse(String text, int from, boolean old) {
    HeadFields fields = new HeadFields();
    for (int at = from; at < text.length() && fields.good; ) {
      int end = text.indexOf("\r\n", at);
      fields.line(text.substring(at, end));
      at = end + 2;
    }
    boolean two = fields.has("transfer-encoding") && (fields.has("content-length") || old);
    return fields.good && !two && (old || fields.has("host")) ? fields : null;
  }

  private boolean has(String name) {
    return seen.contains(name);
  }

  private void line(String line) {
    int colon = line.indexOf(':');
    if (colon < 1 || !isToken(line.substring(0, colon))) {
      good = false; // folded lines and blanks before the colon, too
      return;
    }
    String name = line.substring(0, colon).toLowerCase(Locale.ROOT);
    String value = line.substring(colon + 1).strip();
    boolean again = !seen.add(name);
    switch (name) {
      case "host" -> good = !again;
      case "content-length" -> good = !again && value.matches("[0-9]{1,18}");
      case "transfer-encoding" -> good = !again && isChunkedLast(value);
      case "connection" -> nominate(value);
      default -> {}
    }
    if (!name.equals("host")) {
      kept.computeIfAbsent(name, key -> new StringBuilder()).append(line).append("\r\n");
    }
  }

  private static boolean isChunkedLast(String value) {
    String[] codings = value.toLowerCase(Locale.ROOT).split(",", -1);
    for (int i = 0; i < codings.length; i++) {
      boolean chunked = codings[i].strip().equals("chunked");
      if (chunked != (i == codings.length - 1)) {
        return false;
      }
    }
    return true;
  }

  private void nominate(String value) {
    for (String name : value.toLowerCase(Locale.ROOT).split(",", -1)) {
      if (!OF_MESSAGE.contains(name.strip())) {
        dropped.add(name.strip());
      }
    }
  }

  /**
   * Counts this proxy among those that a request to find them may pass (RFC 9110 section 7.6.2).
   *
   * @return how many proxies it might pass, this one included: 0 when it must not be sent on,
   *     {@link #NO_LIMIT}, or {@link #NO_NUMBER} when the limit is malformed
   */
  int countForward() {
    StringBuilder lines = kept.get(MAX_FORWARDS);
    if (lines == null) {
      return NO_LIMIT;
    }
    String value = lines.substring(MAX_FORWARDS.length() + 1).strip();
    if (!value.matches("[0-9]+")) {
      return NO_NUMBER;
    }
    String digits = value.replaceFirst("^0+(?=.)", "");
    int most = digits.length() > 9 ? MOST_FORWARDS : Integer.parseInt(digits);
    lines.setLength(MAX_FORWARDS.length());
    lines.append(": ").append(Math.max(0, most - 1)).append("\r\n");
    return most;
  }

  /** The lines that the server gets, without {@code Host}. */
  String kept() {
    StringBuilder text = new StringBuilder();
    kept.forEach(
        (name, lines) -> {
          if (!dropped.contains(name)) {
            text.append(lines);
          }
        });
    return text.toString();
  }

  /** Whether a text is a token (RFC 9110 section 5.6.2). */
  static boolean isToken(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean alphanumeric = c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
      if (!alphanumeric && TOKEN.indexOf(c) < 0) {
        return false;
      }
    }
    return !text.isEmpty();
  }
}
