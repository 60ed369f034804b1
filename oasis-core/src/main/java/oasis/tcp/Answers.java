// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import static java.nio.charset.StandardCharsets.US_ASCII;

/** The HTTP messages that the port writes itself. */
final class Answers {
  private static final byte[] CONNECTED = "HTTP/1.1 200 Connected\r\n\r\n".getBytes(US_ASCII);

  private Answers() {}

  /** What begins a tunnel (RFC 9110 section 9.3.6). */
  static byte[] connected() {
    return CONNECTED.clone();
  }

  /**
   * An error, after which the connection is closed.
   *
   * @param bodyless the request was HEAD: its answer has no body
   */
  static byte[] failure(Failure why, boolean bodyless) {
    String body = why.status() + " " + why.reason() + "\n" + why.help() + "\n";
    String head =
        ("HTTP/1.1 " + why.status() + " " + why.reason() + "\r\n")
            + "Content-Type: text/plain; charset=us-ascii\r\n"
            + ("Content-Length: " + body.length() + "\r\n")
            + "Cache-Control: no-store\r\n"
            + ("Proxy-Status: oasis; error=" + why.error() + "\r\n")
            + "Connection: close\r\n\r\n";
    return (bodyless ? head : head + body).getBytes(US_ASCII);
  }
}
