// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import oasis.packet.Addresses;

/**
 * One record of a fake pool's journal, and its form in bytes, big-endian:
 *
 * <pre>
 * 0   2  0xfa4e
 * 2   2  n, bytes of the body
 * 4   1  kind: 1 assignment, 2 use of a fake IPv4 address; 3 and 4 of an IPv6 one
 * 5   1  1 when a flow holds the fake from now on, else 0
 * 6   a  the fake address, 4 or 16 bytes
 *     8  seconds since 1970 of its last use
 *     8  assignment: upper half of the real address
 *     8  assignment: lower half of the real address
 *        assignment: the name in UTF-8
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
  private static final int FAMILY_6 = 2;
  private static final int MARK = 0xfa4e;
  private static final int BODY = 4;
  private static final int FAKE = 6;
  private static final int SECONDS_BYTES = 8;
  private static final int REAL_BYTES = 16;
  private static final int CRC_BYTES = 4;

  /** Longest record. */
  static final int MAX_BYTES = FAKE + 16 + SECONDS_BYTES + REAL_BYTES + MAX_NAME_BYTES + CRC_BYTES;

  private static final int MIN_BYTES = FAKE + 4 + SECONDS_BYTES + CRC_BYTES;

  boolean assignment;
  boolean held;
  long fakeHi;

  /** IPv4-mapped for IPv4. */
  long fakeLo;

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
    boolean v4 = Addresses.isV4(fakeHi, fakeLo);
    int kind = (assignment ? ASSIGN : USE) + (v4 ? 0 : FAMILY_6);
    bytes.put((byte) kind).put((byte) (held ? 1 : 0));
    if (v4) {
      bytes.putInt((int) fakeLo);
    } else {
      bytes.putLong(fakeHi).putLong(fakeLo);
    }
    bytes.putLong(epochSeconds);
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
    if (limit - at < MIN_BYTES || (from.getShort(at) & 0xffff) != MARK) {
      return BAD;
    }
    int end = at + BODY + (from.getShort(at + 2) & 0xffff);
    if (end + CRC_BYTES > limit || end < at + FAKE || crc(from, at + 2, end) != from.getInt(end)) {
      return BAD;
    }
    return readBody(from, at, end) ? end + CRC_BYTES : BAD;
  }

  private boolean readBody(ByteBuffer from, int at, int end) {
    int kind = from.get(at + BODY);
    if (kind < ASSIGN || kind > USE + FAMILY_6) {
      return false;
    }
    boolean v4 = kind <= USE;
    assignment = kind == ASSIGN || kind == ASSIGN + FAMILY_6;
    int seconds = at + FAKE + (v4 ? 4 : 16);
    int real = seconds + SECONDS_BYTES;
    int nameBytes = end - real - REAL_BYTES;
    if (assignment ? nameBytes < 0 || nameBytes > MAX_NAME_BYTES : end != real) {
      return false;
    }
    held = from.get(at + BODY + 1) != 0;
    fakeHi = v4 ? 0 : from.getLong(at + FAKE);
    fakeLo = v4 ? Addresses.v4(from.getInt(at + FAKE)) : from.getLong(at + FAKE + 8);
    epochSeconds = from.getLong(seconds);
    if (assignment) {
      realHi = from.getLong(real);
      realLo = from.getLong(real + 8);
      byte[] text = new byte[nameBytes];
      from.get(end - nameBytes, text);
      name = new String(text, StandardCharsets.UTF_8);
    }
    return true;
  }

  private int crc(ByteBuffer of, int begin, int end) {
    crc.reset();
    crc.update(of.duplicate().limit(end).position(begin));
    return (int) crc.getValue();
  }
}
