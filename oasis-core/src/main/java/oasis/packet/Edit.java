// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * Changes words of a packet and says by how much the sum over them changed, so that a checksum over
 * them can follow (RFC 1624). A delta is a running sum as of {@link Checksum}; a word that keeps
 * its value adds nothing, so that a checksum never changes without need.
 */
final class Edit {
  private static final long LOW = 0xffff_ffffL;

  private Edit() {}

  /** Writes a 16-bit word at an even offset. */
  static long put16(ByteBuffer m, int at, int value) {
    int old = m.getShort(at) & 0xffff;
    m.putShort(at, (short) value);
    return delta16(old, value & 0xffff);
  }

  /** The delta of a 16-bit word that changes. */
  static long delta16(int old, int value) {
    return old == value ? 0 : (long) (~old & 0xffff) + value;
  }

  /** Writes a 32-bit word at an even offset. */
  static long put32(ByteBuffer m, int at, int value) {
    int old = m.getInt(at);
    m.putInt(at, value);
    return old == value ? 0 : (~old & LOW) + (value & LOW);
  }

  /** Writes an address of the given IP version. */
  static long putAddress(ByteBuffer m, int version, int at, long hi, long lo) {
    if (version == 4) {
      return put32(m, at, (int) lo);
    }
    return put32(m, at, (int) (hi >>> 32))
        + put32(m, at + 4, (int) hi)
        + put32(m, at + 8, (int) (lo >>> 32))
        + put32(m, at + 12, (int) lo);
  }

  /** Lets a checksum follow; returns the delta of the checksum's own word. */
  static long adjust(ByteBuffer m, int at, long delta) {
    int checksum = m.getShort(at) & 0xffff;
    return put16(m, at, Checksum.finish((~checksum & 0xffff) + delta));
  }

  /** {@link #adjust} for UDP: 0 means "no checksum" and stays, a computed 0 becomes ffff. */
  static long adjustUdp(ByteBuffer m, int at, long delta) {
    int checksum = m.getShort(at) & 0xffff;
    if (checksum == 0) {
      return 0;
    }
    int adjusted = Checksum.finish((~checksum & 0xffff) + delta);
    return put16(m, at, adjusted == 0 ? 0xffff : adjusted);
  }
}
