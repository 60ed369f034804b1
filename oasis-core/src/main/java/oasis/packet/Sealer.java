// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * Writes the trailers of one sender by one key. The counter goes up with each; it begins at a
 * number that no earlier sealer of this key in this role has reached: the wall clock in
 * nanoseconds, since nobody sends a datagram each nanosecond. Confined to the thread of its {@link
 * TrailerMac}.
 */
public final class Sealer {
  private final TrailerMac mac;
  private final int keyId;
  private final byte[] key;
  private long counter;

  /**
   * @param role which end this is
   * @param firstCounter wall clock, nanoseconds since 1970
   */
  public Sealer(SharedKey shared, SharedKey.Role role, long firstCounter, TrailerMac mac) {
    this.mac = mac;
    keyId = shared.id();
    key = shared.derive(role);
    counter = firstCounter;
  }

  /**
   * Writes the trailer for a packet in two pieces, each of which may be empty.
   *
   * @param out memory for the trailer, big-endian
   * @param outAt index of its first byte
   */
  public void seal(
      ByteBuffer head,
      int headAt,
      int headBytes,
      ByteBuffer tail,
      int tailAt,
      int tailBytes,
      ByteBuffer out,
      int outAt) {
    out.putInt(outAt, keyId);
    out.putLong(outAt + Trailer.COUNTER, counter++);
    mac.begin(key);
    mac.add(head, headAt, headBytes);
    mac.add(tail, tailAt, tailBytes);
    mac.add(out, outAt, Trailer.TAG);
    mac.end();
    out.putLong(outAt + Trailer.TAG, mac.high());
    out.putLong(outAt + Trailer.TAG + Long.BYTES, mac.low());
  }

  /** Writes the trailer of a keep-alive. */
  public void seal(ByteBuffer out, int outAt) {
    seal(out, outAt, 0, out, outAt, 0, out, outAt);
  }
}
