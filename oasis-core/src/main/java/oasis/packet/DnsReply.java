// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * Writes answers that we author to a checked query. They keep the query's id, its RD bit, the bytes
 * of its question (case as asked), and have an OPT record when it had one. Each method returns the
 * message's length, at most {@code limit}.
 */
public final class DnsReply {
  /** Response code: no error. */
  public static final int NO_ERROR = 0;

  /** Response code: the server failed. */
  public static final int SERVFAIL = 2;

  /** Response code: the name does not exist. */
  public static final int NXDOMAIN = 3;

  /** Response code: not supported. */
  public static final int NOTIMP = 4;

  /** Response code: refused. */
  public static final int REFUSED = 5;

  private DnsReply() {}

  /**
   * A records of the name that was asked for, whatever chain of CNAMEs led to them.
   *
   * @param lows low halves of IPv4 addresses; those that do not fit are left out and the message is
   *     marked as truncated
   * @param ttl seconds
   * @param limit most bytes of the message, at least 512
   */
  public static int a(
      DnsMessage query, long[] lows, int count, int ttl, ByteBuffer out, int at, int limit) {
    throw new UnsupportedOperationException("being written");
  }

  /** AAAA records, of {@code count} pairs of high and low half; see {@link #a}. */
  public static int aaaa(
      DnsMessage query, long[] halves, int count, int ttl, ByteBuffer out, int at, int limit) {
    throw new UnsupportedOperationException("being written");
  }

  /**
   * "The name exists but has no record of this type", with a made-up SOA record so that it is kept
   * for {@code ttl} seconds at most (RFC 2308).
   */
  public static int noData(DnsMessage query, int ttl, ByteBuffer out, int at, int limit) {
    throw new UnsupportedOperationException("being written");
  }

  /** One PTR record of the name that was asked for. */
  public static int ptr(DnsMessage query, String name, int ttl, ByteBuffer out, int at, int limit) {
    throw new UnsupportedOperationException("being written");
  }

  /** An answer without records and with a response code. */
  public static int error(DnsMessage query, int rcode, ByteBuffer out, int at, int limit) {
    throw new UnsupportedOperationException("being written");
  }
}
