// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import oasis.packet.FlowKey;

/**
 * Writes what an engine knows, for the engine of another process to go on with. Big-endian:
 *
 * <pre>
 * magic "OXST" | version (4 bytes) | sections | CRC-32C of all before it (4 bytes)
 * section: name (text) | its fields
 * text:    bytes (2) | UTF-8
 * </pre>
 *
 * <p>Times are written as distances from now, so that they do not depend on the clock's zero.
 * Constants of enumerations are written by their position in a list of names that stands before
 * them, so that another version may have them in another order. Confined to one thread.
 */
public final class StateWriter {
  /** The first four bytes. */
  static final int MAGIC = 0x4f585354;

  /** The format's version: a reader takes its own only. */
  static final int VERSION = 1;

  private final long nowNs;
  private ByteBuffer b = ByteBuffer.allocate(1 << 16);

  /**
   * Begins a state.
   *
   * @param nowNs the time
   */
  public StateWriter(long nowNs) {
    this.nowNs = nowNs;
    putInt(MAGIC);
    putInt(VERSION);
  }

  /** The time that all others are distances from. */
  public long nowNs() {
    return nowNs;
  }

  /** Begins a section. */
  public void section(String name) {
    putText(name);
  }

  /** One byte. */
  public void putByte(int value) {
    room(1).put((byte) value);
  }

  /** Four bytes. */
  public void putInt(int value) {
    room(Integer.BYTES).putInt(value);
  }

  /** Eight bytes. */
  public void putLong(long value) {
    room(Long.BYTES).putLong(value);
  }

  /** A time, in the nanoseconds of the clock of {@link #nowNs}. */
  public void putTime(long timeNs) {
    putLong(timeNs - nowNs);
  }

  /** A text of at most 65,535 bytes. */
  public void putText(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > 0xffff) {
      throw new IllegalArgumentException("a text of " + bytes.length + " bytes");
    }
    room(Short.BYTES).putShort((short) bytes.length);
    room(bytes.length).put(bytes);
  }

  /** Five longs. */
  public void putKey(FlowKey key) {
    putLong(key.srcHi);
    putLong(key.srcLo);
    putLong(key.dstHi);
    putLong(key.dstLo);
    putLong(key.ports);
  }

  /** Bytes of another buffer, without their number. */
  public void putBytes(ByteBuffer from, int at, int length) {
    room(length).put(b.position(), from, at, length);
    b.position(b.position() + length);
  }

  /** The names of an enumeration's constants, which are written by their ordinals from now on. */
  public void putNames(Enum<?>[] constants) {
    putInt(constants.length);
    for (Enum<?> each : constants) {
      putText(each.name());
    }
  }

  /** The finished state. */
  public byte[] finish() {
    CRC32C crc = new CRC32C();
    crc.update(b.array(), 0, b.position());
    putInt((int) crc.getValue());
    byte[] state = new byte[b.position()];
    b.get(0, state);
    return state;
  }

  private ByteBuffer room(int bytes) {
    if (b.remaining() < bytes) {
      int length = Math.max(b.position() + bytes, Math.multiplyExact(b.capacity(), 2));
      b = ByteBuffer.allocate(length).put(b.flip());
    }
    return b;
  }
}
