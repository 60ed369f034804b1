// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import org.jspecify.annotations.Nullable;

/**
 * The head of one request to a proxy (RFC 9112): what of it the port must know, and what the server
 * is sent in its place. Strict where leniency lets two readers see different requests: lines end in
 * CRLF, no line is folded, no field comes twice that may come once, and a body has one length.
 *
 * @param method as sent
 * @param connect whether it asks for a tunnel; then nothing is sent on
 * @param host lower-case name without the last dot, or the text of an address without brackets
 * @param port 1 to 65535
 * @param forward what the server is sent: origin-form, {@code Connection: close}, and no field that
 *     is about the connection to a proxy
 * @param last whether it must not be sent on
 */
record RequestHead(
    String method, boolean connect, String host, int port, String forward, boolean last) {
  /** Result of {@link #end}: the blank line is not there yet. */
  static final int INCOMPLETE = -1;

  /** Result of {@link #end}: this will never be a head. */
  static final int MALFORMED = -2;

  /**
   * Looks for the end of a head.
   *
   * @param from index up to which an earlier call has looked
   * @return index behind the blank line, {@link #INCOMPLETE} or {@link #MALFORMED}
   */
  static int end(byte[] head, int from, int bytes) {
    for (int i = from; i < bytes; i++) {
      int c = head[i] & 0xff;
      boolean afterReturn = i > 0 && head[i - 1] == '\r';
      if (afterReturn != (c == '\n')) {
        return MALFORMED;
      }
      if (c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f) {
        return MALFORMED;
      }
      if (c == '\n' && i >= 3 && head[i - 2] == '\n') {
        return i + 1;
      }
    }
    return INCOMPLETE;
  }

  /**
   * Reads a head.
   *
   * @param end what {@link #end} returned
   * @return null when it is malformed
   */
  static @Nullable RequestHead parse(byte[] head, int end) {
    String text = new String(head, 0, end - 2, ISO_8859_1); // with the last line's CRLF
    int line = text.indexOf("\r\n");
    String request = text.substring(0, line);
    int first = request.indexOf(' ');
    int second = request.indexOf(' ', first + 1);
    if (first < 1 || second < 0 || request.indexOf(' ', second + 1) >= 0) {
      return null;
    }
    String method = request.substring(0, first);
    String version = request.substring(second + 1);
    boolean old = version.equals("HTTP/1.0");
    Target target = Target.parse(method, request.substring(first + 1, second));
    if (!HeadFields.isToken(method) || target == null || !old && !version.equals("HTTP/1.1")) {
      return null;
    }
    HeadFields fields = HeadFields.parse(text, line + 2, old);
    if (fields == null) {
      return null;
    }
    boolean last = false;
    if (method.equals("TRACE") || method.equals("OPTIONS")) {
      int forwards = fields.countForward();
      if (forwards == HeadFields.NO_NUMBER) {
        return null;
      }
      last = forwards == 0;
    }
    boolean connect = method.equals(Target.CONNECT);
    String forward =
        (method + " " + target.origin() + " " + version + "\r\n")
            + ("Host: " + target.authority() + "\r\n")
            + fields.kept()
            + "Connection: close\r\n\r\n";
    return new RequestHead(
        method, connect, target.host(), target.port(), connect ? "" : forward, last);
  }
}
