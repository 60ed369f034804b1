// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * One record of a fake pool's journal, and its form in bytes, big-endian:
 *
 * <pre>
 * 0   2  0xfa4e
 * 2   2  n, bytes of the body
 * 4   1  kind: 1 assignment, 2 use
 * 5   1  1 when a flow holds the fake from now on, else 0
 * 6   4  the fake IPv4 address
 * 10  8  seconds since 1970 of its last use
 * 18  8  assignment: upper half of the real address
 * 26  8  assignment: lower half of the real address
 * 34     assignment: the name in UTF-8
 * 4+n 4  CRC-32C of the bytes from 2 to 4+n
 * </pre>
 *
 * <p>The two leading bytes let a reader find the next record behind a damaged one. Mutable and
 * reused; confined to one thread.
 */
final class FakeRecord {
  /** Longest name in bytes; a name of 255 bytes with every byte escaped is shorter. */
  static final int MAX_NAME_BYTES = 1023;

  /** What {@link #read} returns for bytes that are no record. */
  static final int BAD = -1;

  private static final int ASSIGN = 1;
  private static final int USE = 2;
  private static final int MARK = 0xfa4e;
  private static final int BODY = 4;
  private static final int USE_BYTES = 14;
  private static final int NAME = 34;
  private static final int CRC_BYTES = 4;

  /** Longest record. */
  static final int MAX_BYTES = NAME + MAX_NAME_BYTES + CRC_BYTES;

  boolean assignment;
  boolean held;
  int fake;
  long epochSeconds;
  long realHi;
  long realLo;
  String name = "";

  private final CRC32C crc = new CRC32C();
  private final ByteBuffer bytes = ByteBuffer.allocate(MAX_BYTES);

  /** The record in bytes, valid until the next call. */
  ByteBuffer write() {
    bytes.clear();
    bytes.putShort((short) MARK).putShort((short) 0);
    bytes.put((byte) (assignment ? ASSIGN : USE)).put((byte) (held ? 1 : 0));
    bytes.putInt(fake).putLong(epochSeconds);
    if (assignment) {
      bytes.putLong(realHi).putLong(realLo).put(name.getBytes(StandardCharsets.UTF_8));
    }
    int end = bytes.position();
    bytes.putShort(2, (short) (end - BODY));
    bytes.putInt(crc(bytes, 2, end));
    return bytes.flip();
  }

  /**
   * Reads the record that begins at an index.
   *
   * @return index behind it, or {@link #BAD}
   */
  int read(ByteBuffer from, int at) {
    int limit = from.limit();
    if (limit - at < BODY + USE_BYTES + CRC_BYTES || (from.getShort(at) & 0xffff) != MARK) {
      return BAD;
    }
    int body = from.getShort(at + 2) & 0xffff;
    int end = at + BODY + body;
    if (body < USE_BYTES || end + CRC_BYTES > limit || crc(from, at + 2, end) != from.getInt(end)) {
      return BAD;
    }
    int kind = from.get(at + 4);
    assignment = kind == ASSIGN;
    int nameBytes = end - at - NAME;
    if (assignment ? nameBytes < 0 || nameBytes > MAX_NAME_BYTES : body != USE_BYTES) {
      return BAD;
    }
    held = from.get(at + 5) != 0;
    fake = from.getInt(at + 6);
    epochSeconds = from.getLong(at + 10);
    if (assignment) {
      realHi = from.getLong(at + 18);
      realLo = from.getLong(at + 26);
      byte[] text = new byte[nameBytes];
      from.get(at + NAME, text);
      name = new String(text, StandardCharsets.UTF_8);
    }
    return assignment || kind == USE ? end + CRC_BYTES : BAD;
  }

  private int crc(ByteBuffer of, int begin, int end) {
    crc.reset();
    crc.update(of.duplicate().limit(end).position(begin));
    return (int) crc.getValue();
  }
}
