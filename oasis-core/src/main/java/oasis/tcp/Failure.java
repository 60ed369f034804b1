// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

/**
 * Why a request is answered by the port itself; the error names are those of the {@code
 * Proxy-Status} field (RFC 9209 section 2.3).
 */
public enum Failure {
  BAD_REQUEST(
      400,
      "Bad Request",
      "http_request_error",
      "The request is malformed: this is a web proxy, which takes whole URLs, or CONNECT HOST:PORT."),
  DENIED(403, "Forbidden", "http_request_denied", "The rules do not allow this destination."),
  TOO_SLOW(408, "Request Timeout", "http_request_error", "The request did not arrive in time."),
  TOO_LARGE(
      431,
      "Request Header Fields Too Large",
      "http_request_error",
      "The head of the request is longer than 64 KiB."),
  CROWDED(
      503,
      "Service Unavailable",
      "proxy_internal_response",
      "Others needed the memory that this request held."),
  LAST_HOP(
      501,
      "Not Implemented",
      "http_request_error",
      "The request may pass no further proxy (Max-Forwards), and this one has nothing to say."),
  REFUSED(502, "Bad Gateway", "connection_refused", "The server refused the connection."),
  UNREACHABLE(
      502, "Bad Gateway", "destination_ip_unroutable", "No way leads to the server's address."),
  PROHIBITED(
      502,
      "Bad Gateway",
      "destination_ip_prohibited",
      "The server's address is one of this host alone, of a link or of a group."),
  BROKEN(
      502, "Bad Gateway", "connection_terminated", "The server ended the connection unanswered."),
  NO_SUCH_NAME(502, "Bad Gateway", "dns_error", "The server's name has no address."),
  NAME_FAILED(
      502, "Bad Gateway", "dns_error", "The name servers failed to look up the server's name."),
  NAME_TIMEOUT(504, "Gateway Timeout", "dns_timeout", "No name server answered."),
  SERVER_TIMEOUT(504, "Gateway Timeout", "connection_timeout", "The server did not answer.");

  private final int status;
  private final String reason;
  private final String error;
  private final String help;

  Failure(int status, String reason, String error, String help) {
    this.status = status;
    this.reason = reason;
    this.error = error;
    this.help = help;
  }

  /** HTTP status code. */
  public int status() {
    return status;
  }

  /** HTTP reason phrase. */
  String reason() {
    return reason;
  }

  /** Error type of RFC 9209. */
  String error() {
    return error;
  }

  /** One sentence for the user. */
  public String help() {
    return help;
  }
}
