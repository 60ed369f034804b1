// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32C;
import oasis.packet.FlowKey;

/**
 * Reads what a {@link StateWriter} has written. Nothing of it is believed: every number has a
 * range, and the first one outside is named. Confined to one thread.
 */
public final class StateReader {
  private static final int LEAST_BYTES = 3 * Integer.BYTES;
  private static final int MOST_NAMES = 1000;

  /** What lies further in the past or future is no time of ours: ten years. */
  private static final long LONGEST_NS = 315_360_000L * 1_000_000_000L;

  private final long nowNs;
  private final ByteBuffer b;
  private String section = "beginning";

  /**
   * Checks frame and version.
   *
   * @param nowNs the time from which distances count
   * @throws StateException when it is no state of this version, or not whole
   */
  public StateReader(byte[] state, long nowNs) throws StateException {
    this.nowNs = nowNs;
    b = ByteBuffer.wrap(state);
    if (state.length < LEAST_BYTES || b.getInt() != StateWriter.MAGIC) {
      throw fail("this is no state of an exit node");
    }
    int version = b.getInt();
    if (version != StateWriter.VERSION) {
      throw fail(
          "it has version %d, and this program reads version %d"
              .formatted(version, StateWriter.VERSION));
    }
    int end = state.length - Integer.BYTES;
    CRC32C crc = new CRC32C();
    crc.update(state, 0, end);
    if (b.getInt(end) != (int) crc.getValue()) {
      throw fail("its checksum is wrong");
    }
    b.limit(end);
  }

  /** The time that all others are distances from. */
  public long nowNs() {
    return nowNs;
  }

  /** Expects a section. */
  public void section(String name) throws StateException {
    String found = takeText();
    if (!found.equals(name)) {
      throw fail("expected '" + name + "', found '" + printable(found) + "'");
    }
    section = name;
  }

  private static String printable(String text) {
    return text.substring(0, Math.min(40, text.length())).replaceAll("[^ -~]", "?");
  }

  /** One byte, 0 to {@code most}. */
  public int takeByte(String what, int most) throws StateException {
    return within(what, room(1).get() & 0xff, 0, most);
  }

  /** A number of a range. */
  public int takeInt(String what, int least, int most) throws StateException {
    return within(what, room(Integer.BYTES).getInt(), least, most);
  }

  private int within(String what, int value, int least, int most) throws StateException {
    if (value < least || value > most) {
      throw fail("%s is %d, not %d to %d".formatted(what, value, least, most));
    }
    return value;
  }

  /** Any long. */
  public long takeLong() throws StateException {
    return room(Long.BYTES).getLong();
  }

  /** A number of packets, bytes, … */
  public long takeCount(String what) throws StateException {
    long count = takeLong();
    if (count < 0) {
      throw fail(what + " is " + count);
    }
    return count;
  }

  /** A time that is not in the future, on the clock of {@link #nowNs}. */
  public long takePast(String what) throws StateException {
    return takeTime(what, -LONGEST_NS, 0);
  }

  /** A time that is not in the past, and not further than so many nanoseconds in the future. */
  public long takeFuture(String what, long mostNs) throws StateException {
    return takeTime(what, 0, mostNs);
  }

  private long takeTime(String what, long least, long most) throws StateException {
    long distance = takeLong();
    if (distance < least || distance > most) {
      throw fail("%s is %d ns from now".formatted(what, distance));
    }
    return nowNs + distance;
  }

  /** A text. */
  public String takeText() throws StateException {
    int length = room(Short.BYTES).getShort() & 0xffff;
    byte[] bytes = new byte[length];
    room(length).get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** Five longs. */
  public void takeKey(FlowKey into) throws StateException {
    into.srcHi = takeLong();
    into.srcLo = takeLong();
    into.dstHi = takeLong();
    into.dstLo = takeLong();
    into.ports = takeLong();
  }

  /** So many bytes, into another buffer. */
  public void takeBytes(ByteBuffer into, int at, int length) throws StateException {
    room(length);
    into.put(at, b, b.position(), length);
    b.position(b.position() + length);
  }

  /**
   * The list of an enumeration's names.
   *
   * @return by the number in this state, the ordinal in this program, or -1 when it has no such
   *     constant
   */
  public int[] takeNames(Enum<?>[] constants) throws StateException {
    int[] ordinals = new int[takeInt("number of names", 0, MOST_NAMES)];
    for (int i = 0; i < ordinals.length; i++) {
      String name = takeText();
      ordinals[i] =
          Arrays.stream(constants)
              .filter(each -> each.name().equals(name))
              .mapToInt(Enum::ordinal)
              .findFirst()
              .orElse(-1);
    }
    return ordinals;
  }

  /** Expects the end. */
  public void end() throws StateException {
    if (b.hasRemaining()) {
      throw fail(b.remaining() + " bytes are left over");
    }
  }

  /** Refuses what was read, in one line. */
  public StateException fail(String why) {
    return new StateException("the former node's state does not fit: " + section + ": " + why);
  }

  private ByteBuffer room(int bytes) throws StateException {
    if (b.remaining() < bytes) {
      throw fail("it ends too early");
    }
    return b;
  }
}
