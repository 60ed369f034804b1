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

  /** Pseudo-record type TSIG (RFC 8945): a signature of the message, by a secret of both ends. */
  private static final int TSIG = 250;

  /** Record type SIG; in the additional section a signature of the message (RFC 2931). */
  private static final int SIG = 24;

  /** Question type ANY: whatever the server likes to give (RFC 8482). */
  public static final int ANY = 255;

  /** Class IN. */
  public static final int IN = 1;

  /** Section number of answer records. */
  public static final int ANSWER = 0;

  /** Section number of authority records. */
  public static final int AUTHORITY = 1;

  /** Section number of additional records. */
  public static final int ADDITIONAL = 2;

  /** Bytes of header and question at most (RFC 1035 sections 4.1.1, 4.1.2). */
  public static final int MAX_QUESTION_END = 12 + 255 + 4;

  /** Bytes of the header. */
  public static final int HEADER_BYTES = 12;

  /** Smallest limit of answers by UDP (RFC 1035 section 4.2.1). */
  private static final int MIN_UDP_BYTES = 512;

  private static final int RESPONSE = 0x8000;
  private static final int TRUNCATED = 0x0200;

  /** Bytes of a record between its name and its data. */
  private static final int RECORD_BYTES = 10;

  private ByteBuffer b = ByteBuffer.allocate(0);
  private int start;
  private int end;
  private int questionEnd;
  private String name = "";
  private int udpBytes;
  private boolean dnssecOk;
  private boolean signed;

  /** Where the OPT record is, and how long; 0 bytes without one. */
  private int optAt;

  private int optBytes;
  private int extendedRcode;

  private int nextIndex;
  private int nextAt;
  private int recordAt;
  private int fieldsAt;

  /**
   * Reads a message and walks it to its end once. The cursor then stands before the first record.
   *
   * @param memory big-endian buffer
   * @param at index of the message
   * @param bytes its length, as the datagram or the TCP length prefix says
   * @return {@link DropReason#BAD_DNS} when it is not a well-formed message with exactly one
   *     question and nothing behind its last record, else null
   */
  public @Nullable DropReason check(ByteBuffer memory, int at, int bytes) {
    b = memory;
    start = at;
    end = at + bytes;
    if (bytes < HEADER_BYTES || word(4) != 1) {
      return DropReason.BAD_DNS;
    }
    return question() && walk() ? null : DropReason.BAD_DNS;
  }

  /**
   * Reads the header and the question at the beginning of a message of which more may follow. Only
   * what header and question say may be asked for then.
   *
   * @param bytes how many are there
   * @return whether there is a header and exactly one question
   */
  public boolean peek(ByteBuffer memory, int at, int bytes) {
    b = memory;
    start = at;
    end = at + bytes;
    forgetRecords();
    return bytes >= HEADER_BYTES && word(4) == 1 && question();
  }

  private boolean question() {
    StringBuilder text = new StringBuilder();
    int nameEnd = DnsNames.read(b, start, start + HEADER_BYTES, end, text);
    if (nameEnd < 0 || nameEnd + 4 > end) {
      return false;
    }
    name = text.toString();
    questionEnd = nameEnd + 4;
    return true;
  }

  private void forgetRecords() {
    udpBytes = MIN_UDP_BYTES;
    dnssecOk = false;
    signed = false;
    optAt = 0;
    optBytes = 0;
    extendedRcode = 0;
  }

  private boolean walk() {
    forgetRecords();
    int records = word(6) + word(8) + word(10);
    rewind();
    for (int i = 0; i < records; i++) {
      if (!step()) {
        return false;
      }
      if (recordType() == OPT) {
        // RFC 6891 section 6.1.1: at most one, in the additional section, owned by the root.
        if (optBytes > 0 || section() != ADDITIONAL || b.get(recordAt) != 0) {
          return false;
        }
        optAt = recordAt;
        optBytes = nextAt - recordAt;
        extendedRcode = (int) (recordTtl() >>> 24);
        udpBytes = Math.max(MIN_UDP_BYTES, recordClass());
        dnssecOk = (recordTtl() & 0x8000) != 0;
      }
      signed |= section() == ADDITIONAL && (recordType() == TSIG || recordType() == SIG);
    }
    boolean good = nextAt == end;
    rewind();
    return good;
  }

  /** Moves the cursor to the next record if that lies within the message. */
  private boolean step() {
    int fields = DnsNames.read(b, start, nextAt, end, null);
    if (fields < 0 || fields + RECORD_BYTES > end) {
      return false;
    }
    int behind = fields + RECORD_BYTES + (b.getShort(fields + 8) & 0xffff);
    if (behind > end) {
      return false;
    }
    recordAt = nextAt;
    fieldsAt = fields;
    nextAt = behind;
    nextIndex++;
    return true;
  }

  private int word(int offset) {
    return b.getShort(start + offset) & 0xffff;
  }

  /** Message id. */
  public int id() {
    return word(0);
  }

  /** True for an answer, false for a query. */
  public boolean response() {
    return (word(2) & RESPONSE) != 0;
  }

  /** Operation code: 0 for a standard query. */
  public int opcode() {
    return word(2) >>> 11 & 0xf;
  }

  /** Response code, with the upper bits that EDNS adds: 0 no error, 3 no such name. */
  public int rcode() {
    return extendedRcode << 4 | word(2) & 0xf;
  }

  /** True when the answer was cut to fit a datagram. */
  public boolean truncated() {
    return (word(2) & TRUNCATED) != 0;
  }

  /** The name asked for, lower-case. */
  public String name() {
    return name;
  }

  /**
   * The name whose addresses an answer may tell: the one asked for, for service bindings without
   * the port and the scheme before it, as in {@code _8443._https.NAME} (RFC 9460 section 2.3).
   */
  public String hostName() {
    if (type() != HTTPS && type() != SVCB) {
      return name;
    }
    int from = 0;
    for (int i = 0; i < 2 && name.startsWith("_", from); i++) {
      from = name.indexOf('.', from) + 1;
    }
    return name.substring(from);
  }

  /** The record type asked for. */
  public int type() {
    return b.getShort(questionEnd - 4) & 0xffff;
  }

  /** The class asked for. */
  public int questionClass() {
    return b.getShort(questionEnd - 2) & 0xffff;
  }

  /** True when the message as a whole is signed (TSIG, SIG(0)), so that no change goes unseen. */
  public boolean signed() {
    return signed;
  }

  /**
   * Largest answer by UDP that the sender takes: 512, or what its OPT record says, at least 512.
   */
  public int udpBytes() {
    return udpBytes;
  }

  /** Goes back before the first record. */
  public void rewind() {
    nextIndex = 0;
    nextAt = questionEnd;
  }

  /** Steps to the next record; false at the end. */
  public boolean next() {
    return nextIndex < word(6) + word(8) + word(10) && step();
  }

  /** Section of the record: {@link #ANSWER}, {@link #AUTHORITY} or {@link #ADDITIONAL}. */
  public int section() {
    int index = nextIndex - 1;
    if (index < word(6)) {
      return ANSWER;
    }
    return index < word(6) + word(8) ? AUTHORITY : ADDITIONAL;
  }

  /** Owner name of the record, lower-case. */
  public String recordName() {
    StringBuilder text = new StringBuilder();
    DnsNames.read(b, start, recordAt, end, text);
    return text.toString();
  }

  /** Type of the record. */
  public int recordType() {
    return b.getShort(fieldsAt) & 0xffff;
  }

  /** Class of the record. */
  public int recordClass() {
    return b.getShort(fieldsAt + 2) & 0xffff;
  }

  /** Seconds that the record may be kept. */
  public long recordTtl() {
    return b.getInt(fieldsAt + 4) & 0xffff_ffffL;
  }

  /** Index in the buffer of the record's data; an A record's four bytes may be patched there. */
  public int dataStart() {
    return fieldsAt + RECORD_BYTES;
  }

  /** Bytes of the record's data. */
  public int dataBytes() {
    return b.getShort(fieldsAt + 8) & 0xffff;
  }

  ByteBuffer buffer() {
    return b;
  }

  int start() {
    return start;
  }

  /** Bytes of the whole message. */
  int bytes() {
    return end - start;
  }

  /** Bytes of the question section: the name as it was asked, type and class. */
  int questionBytes() {
    return questionEnd - start - HEADER_BYTES;
  }

  boolean edns() {
    return optBytes > 0;
  }

  /** Index of the OPT record. */
  int optAt() {
    return optAt;
  }

  /** Bytes of the OPT record with its options; 0 without one. */
  int optBytes() {
    return optBytes;
  }

  /** The DO bit of the OPT record (RFC 3225). */
  boolean dnssecOk() {
    return dnssecOk;
  }
}
