// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * Writes answers that we author to a checked query (or in place of a checked answer to it). They
 * keep its id, its RD and CD bits and the bytes of its question (case as asked), and have an OPT
 * record when it had one; in place of an answer, with that answer's options. Each method returns
 * the message's length, at most {@code limit}; {@code out} must be another memory than the query's.
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

  /** Response, recursion available. */
  private static final int FLAGS = 0x8080;

  /** Opcode, RD and CD of the query. */
  private static final int KEPT_FLAGS = 0x7910;

  private static final int TRUNCATED = 0x0200;

  /** A pointer to the name in the question. */
  private static final int QUESTION_NAME = 0xc000 | DnsMessage.HEADER_BYTES;

  private static final int RECORD_BYTES = 12;

  /** A record's TTL and the length of its data stand before the data. */
  private static final int TTL_BEFORE_DATA = 6;

  private static final int OPT_BYTES = 11;

  /** A longer one is padding, most of it. */
  private static final int MAX_OPT_BYTES = 128;

  /** Datagrams that cross no fragmenting link (the value of DNS flag day 2020). */
  private static final int OUR_UDP_BYTES = 1232;

  private DnsReply() {}

  /**
   * A and AAAA records of the name that was asked for, whatever chain of CNAMEs led to them.
   *
   * @param halves pairs of high and low half; an IPv4-mapped one makes an A record. Those that do
   *     not fit are left out and the message is marked as truncated
   * @param count number of pairs
   * @param ttl seconds
   * @param limit most bytes of the message, at least 512
   */
  public static int addresses(
      DnsMessage query, long[] halves, int count, int ttl, ByteBuffer out, int at, int limit) {
    int pos = begin(query, NO_ERROR, out, at);
    int room = at + limit - optBytes(query);
    int i = 0;
    for (; i < count; i++) {
      long hi = halves[2 * i];
      long lo = halves[2 * i + 1];
      int bytes = Addresses.isV4(hi, lo) ? 4 : 16;
      if (pos + RECORD_BYTES + bytes > room) {
        break;
      }
      pos = record(bytes == 4 ? DnsMessage.A : DnsMessage.AAAA, ttl, bytes, out, pos);
      if (bytes == 4) {
        out.putInt(pos, (int) lo);
      } else {
        out.putLong(pos, hi);
        out.putLong(pos + 8, lo);
      }
      pos += bytes;
    }
    return finish(query, i, count, out, at, pos);
  }

  /**
   * "The name exists but has no record of this type", with a made-up SOA record so that it is kept
   * for {@code ttl} seconds at most (RFC 2308 section 3).
   */
  public static int noData(DnsMessage query, int ttl, ByteBuffer out, int at, int limit) {
    int pos = begin(query, NO_ERROR, out, at);
    if (pos + RECORD_BYTES + 22 > at + limit - optBytes(query)) {
      return finish(query, 0, 0, out, at, pos);
    }
    pos = record(DnsMessage.SOA, ttl, 22, out, pos);
    // Primary server and mailbox: the root. Serial, refresh, retry, expire, then what counts.
    out.putShort(pos, (short) 0);
    out.putInt(pos + 2, 1);
    out.putInt(pos + 6, ttl);
    out.putInt(pos + 10, ttl);
    out.putInt(pos + 14, ttl);
    out.putInt(pos + 18, ttl);
    int bytes = finish(query, 0, 0, out, at, pos + 22);
    out.putShort(at + 8, (short) 1);
    return bytes;
  }

  /**
   * One PTR record of the name that was asked for.
   *
   * @param name as {@link DnsMessage} gives names; SERVFAIL is answered when it is not a name
   */
  public static int ptr(DnsMessage query, String name, int ttl, ByteBuffer out, int at, int limit) {
    int pos = begin(query, NO_ERROR, out, at);
    int room = at + limit - optBytes(query);
    int data = pos + RECORD_BYTES;
    int end = data > room ? -1 : DnsNames.write(name, out, data, room);
    if (end < 0) {
      return error(query, SERVFAIL, out, at);
    }
    record(DnsMessage.PTR, ttl, end - data, out, pos);
    return finish(query, 1, 1, out, at, end);
  }

  /** An answer without records and with a response code. */
  public static int error(DnsMessage query, int rcode, ByteBuffer out, int at) {
    int pos = begin(query, rcode, out, at);
    return finish(query, 0, 0, out, at, pos);
  }

  /** Writes header and question; returns the index behind them. */
  private static int begin(DnsMessage query, int rcode, ByteBuffer out, int at) {
    ByteBuffer from = query.buffer();
    int flags = from.getShort(query.start() + 2) & KEPT_FLAGS | FLAGS | rcode;
    out.putShort(at, (short) query.id());
    out.putShort(at + 2, (short) flags);
    out.putLong(at + 4, 1L << 48);
    int question = at + DnsMessage.HEADER_BYTES;
    out.put(question, from, query.start() + DnsMessage.HEADER_BYTES, query.questionBytes());
    return question + query.questionBytes();
  }

  /** Writes a record up to its data; returns the index of the data. */
  private static int record(int type, int ttl, int dataBytes, ByteBuffer out, int at) {
    out.putShort(at, (short) QUESTION_NAME);
    out.putShort(at + 2, (short) type);
    out.putShort(at + 4, (short) DnsMessage.IN);
    out.putInt(at + 6, ttl);
    out.putShort(at + 10, (short) dataBytes);
    return at + RECORD_BYTES;
  }

  /**
   * The service bindings (SVCB, HTTPS) of a checked answer, on the name that was asked for, without
   * the addresses in them. Those of other names are left out.
   *
   * @param answer its cursor is moved
   * @return the message's length, or 0 when no binding is left
   */
  public static int services(DnsMessage answer, int ttl, ByteBuffer out, int at, int limit) {
    int pos = begin(answer, NO_ERROR, out, at);
    int room = at + limit - optBytes(answer);
    int count = 0;
    answer.rewind();
    while (answer.next() && answer.section() == DnsMessage.ANSWER) {
      if (answer.recordType() != answer.type() || answer.recordClass() != DnsMessage.IN) {
        continue;
      }
      int end = DnsService.copy(answer, out, pos + RECORD_BYTES, room);
      if (end >= 0) {
        record(answer.type(), ttl, end - pos - RECORD_BYTES, out, pos);
        pos = end;
        count++;
      }
    }
    return count == 0 ? 0 : finish(answer, count, count, out, at, pos);
  }

  /**
   * A checked answer without its additional records but OPT; the others, and where they point to,
   * stay as they are.
   *
   * @param answer its cursor is moved
   * @return the message's length, or 0 when it does not fit
   */
  public static int withoutAdditional(DnsMessage answer, ByteBuffer out, int at, int limit) {
    answer.rewind();
    int bytes = DnsMessage.HEADER_BYTES + answer.questionBytes();
    while (answer.next() && answer.section() != DnsMessage.ADDITIONAL) {
      bytes = answer.dataStart() + answer.dataBytes() - answer.start();
    }
    if (bytes + answer.optBytes() > limit) {
      return 0;
    }
    out.put(at, answer.buffer(), answer.start(), bytes);
    out.put(at + bytes, answer.buffer(), answer.optAt(), answer.optBytes());
    out.putShort(at + 10, (short) (answer.edns() ? 1 : 0));
    return bytes + answer.optBytes();
  }

  /**
   * A checked answer as it is, but that no record of it may be kept for longer than {@code
   * seconds}. OPT is left alone: what it has there is no time.
   *
   * @param answer its cursor is moved
   * @return the message's length, or 0 when nothing is kept so long or it does not fit
   */
  public static int withTtl(DnsMessage answer, int seconds, ByteBuffer out, int at, int limit) {
    if (answer.bytes() > limit) {
      return 0;
    }
    out.put(at, answer.buffer(), answer.start(), answer.bytes());
    boolean changed = false;
    answer.rewind();
    while (answer.next()) {
      if (answer.recordType() != DnsMessage.OPT && answer.recordTtl() > seconds) {
        out.putInt(at + answer.dataStart() - answer.start() - TTL_BEFORE_DATA, seconds);
        changed = true;
      }
    }
    return changed ? answer.bytes() : 0;
  }

  /** An answer that only says: ask again by TCP. */
  public static int truncated(DnsMessage query, ByteBuffer out, int at) {
    return finish(query, 0, 1, out, at, begin(query, NO_ERROR, out, at));
  }

  /**
   * The same in place of an answer of which only the beginning has come. An answer that was too
   * long for one packet was asked for by EDNS, so it has an OPT record.
   *
   * @param beginning got by {@link DnsMessage#peek}
   */
  public static int truncatedUnseen(DnsMessage beginning, ByteBuffer out, int at) {
    int pos = begin(beginning, NO_ERROR, out, at);
    finish(beginning, 0, 1, out, at, pos);
    return opt(false, out, at, pos);
  }

  /** Sets the count of answers and the TC bit, adds OPT; returns the message's length. */
  private static int finish(
      DnsMessage query, int answers, int wanted, ByteBuffer out, int at, int pos) {
    out.putShort(at + 6, (short) answers);
    if (answers < wanted) {
      out.putShort(at + 2, (short) (out.getShort(at + 2) | TRUNCATED));
    }
    if (!query.edns()) {
      return pos - at;
    }
    if (copiesOpt(query)) {
      // The server's options belong to the program's: a cookie (RFC 7873) must not get lost.
      out.putShort(at + 10, (short) 1);
      out.put(pos, query.buffer(), query.optAt(), query.optBytes());
      return pos + query.optBytes() - at;
    }
    return opt(query.dnssecOk(), out, at, pos);
  }

  /** Adds an OPT record of ours; returns the message's length. */
  private static int opt(boolean dnssecOk, ByteBuffer out, int at, int pos) {
    out.putShort(at + 10, (short) 1);
    // Root name, type, size of datagrams, version 0 with the DO bit as asked, no options.
    out.put(pos, (byte) 0);
    out.putShort(pos + 1, (short) DnsMessage.OPT);
    out.putShort(pos + 3, (short) OUR_UDP_BYTES);
    out.putInt(pos + 5, dnssecOk ? 0x8000 : 0);
    out.putShort(pos + 9, (short) 0);
    return pos + OPT_BYTES - at;
  }

  private static int optBytes(DnsMessage query) {
    return copiesOpt(query) ? query.optBytes() : query.edns() ? OPT_BYTES : 0;
  }

  private static boolean copiesOpt(DnsMessage query) {
    return query.response() && query.edns() && query.optBytes() <= MAX_OPT_BYTES;
  }
}
