// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A strict view of a DNS message (RFC 1035) with one question. Reading is bounded: every length is
 * checked, a compression pointer may only point backwards. Records are walked one by one:
 *
 * <pre>{@code
 * message.rewind();
 * while (message.next()) { … message.recordType() … }
 * }</pre>
 *
 * <p>Names are strings without the final dot, lower-cased (ASCII), with a dot, backslash or
 * non-printing byte inside a label written as {@code \DDD} (RFC 1035 section 5.1); the root is the
 * empty string. Not for the packet path: names are allocated. Confined to its owner's thread.
 */
public final class DnsMessage {
  /** Record type A. */
  public static final int A = 1;

  /** Record type CNAME. */
  public static final int CNAME = 5;

  /** Record type SOA. */
  public static final int SOA = 6;

  /** Record type PTR. */
  public static final int PTR = 12;

  /** Record type AAAA. */
  public static final int AAAA = 28;

  /** Pseudo-record type OPT (EDNS, RFC 6891). */
  public static final int OPT = 41;

  /** Record type SVCB (RFC 9460). */
  public static final int SVCB = 64;

  /** Record type HTTPS (RFC 9460). */
  public static final int HTTPS = 65;

  /** Class IN. */
  public static final int IN = 1;

  /** Section number of answer records. */
  public static final int ANSWER = 0;

  /** Section number of authority records. */
  public static final int AUTHORITY = 1;

  /** Section number of additional records. */
  public static final int ADDITIONAL = 2;

  /**
   * Reads a message and walks it to its end once.
   *
   * @param memory big-endian buffer
   * @param at index of the message
   * @param bytes its length, as the datagram or the TCP length prefix says
   * @return {@link DropReason#BAD_DNS} when it is not a well-formed message with exactly one
   *     question, else null
   */
  public @Nullable DropReason check(ByteBuffer memory, int at, int bytes) {
    throw new UnsupportedOperationException("being written");
  }

  /** Message id. */
  public int id() {
    throw new UnsupportedOperationException("being written");
  }

  /** True for an answer, false for a query. */
  public boolean response() {
    throw new UnsupportedOperationException("being written");
  }

  /** Operation code: 0 for a standard query. */
  public int opcode() {
    throw new UnsupportedOperationException("being written");
  }

  /** Response code: 0 no error, 3 no such name. */
  public int rcode() {
    throw new UnsupportedOperationException("being written");
  }

  /** True when the answer was cut to fit a datagram. */
  public boolean truncated() {
    throw new UnsupportedOperationException("being written");
  }

  /** The name asked for, lower-case. */
  public String name() {
    throw new UnsupportedOperationException("being written");
  }

  /** The record type asked for. */
  public int type() {
    throw new UnsupportedOperationException("being written");
  }

  /** The class asked for. */
  public int questionClass() {
    throw new UnsupportedOperationException("being written");
  }

  /**
   * Largest answer by UDP that the sender takes: 512, or what its OPT record says, at least 512.
   */
  public int udpBytes() {
    throw new UnsupportedOperationException("being written");
  }

  /** Goes back before the first record. */
  public void rewind() {
    throw new UnsupportedOperationException("being written");
  }

  /** Steps to the next record; false at the end. */
  public boolean next() {
    throw new UnsupportedOperationException("being written");
  }

  /** Section of the record: {@link #ANSWER}, {@link #AUTHORITY} or {@link #ADDITIONAL}. */
  public int section() {
    throw new UnsupportedOperationException("being written");
  }

  /** Owner name of the record, lower-case. */
  public String recordName() {
    throw new UnsupportedOperationException("being written");
  }

  /** Type of the record. */
  public int recordType() {
    throw new UnsupportedOperationException("being written");
  }

  /** Class of the record. */
  public int recordClass() {
    throw new UnsupportedOperationException("being written");
  }

  /** Seconds that the record may be kept. */
  public long recordTtl() {
    throw new UnsupportedOperationException("being written");
  }

  /** Index in the buffer of the record's data; an A record's four bytes may be patched there. */
  public int dataStart() {
    throw new UnsupportedOperationException("being written");
  }

  /** Bytes of the record's data. */
  public int dataBytes() {
    throw new UnsupportedOperationException("being written");
  }

  /** The name that is the record's data: of CNAME and PTR only; null when it is malformed. */
  public @Nullable String dataName() {
    throw new UnsupportedOperationException("being written");
  }

  /** Lowers the TTL of every record to at most {@code seconds}, in place; OPT is left alone. */
  public void clampTtl(int seconds) {
    throw new UnsupportedOperationException("being written");
  }
}
