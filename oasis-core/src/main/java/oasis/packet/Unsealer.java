// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Checks the trailers of one sender by one key: the tag, and that the datagram is no copy of an
 * earlier one. Confined to the thread of its {@link TrailerMac}.
 */
public final class Unsealer {
  /** How many words {@link #taken} gives, if any. */
  public static final int TAKEN_WORDS = ReplayWindow.WORDS;

  private final TrailerMac mac;
  private final int keyId;
  private final byte[] key;

  /** Made for the first good trailer: most keys of a large node are not in use. */
  private @Nullable ReplayWindow window;

  /**
   * @param role which end this is: it checks what the other end has sealed
   */
  public Unsealer(SharedKey shared, SharedKey.Role role, TrailerMac mac) {
    this.mac = mac;
    keyId = shared.id();
    key =
        shared.derive(role == SharedKey.Role.CLIENT ? SharedKey.Role.NODE : SharedKey.Role.CLIENT);
  }

  /** The number of the key. */
  public int keyId() {
    return keyId;
  }

  /**
   * Takes a datagram whose {@linkplain Trailer#ends trailer} there is.
   *
   * @return null, or why it is refused: {@link DropReason#BAD_TAG} or {@link DropReason#REPLAYED}
   */
  public @Nullable DropReason open(ByteBuffer b, int at, int bytes) {
    int trailer = at + bytes - Trailer.BYTES;
    mac.begin(key);
    mac.add(b, at, bytes - Trailer.BYTES + Trailer.TAG);
    mac.end();
    // Without a branch between the halves: the time must not say how much of a guess is right.
    long wrong =
        mac.high() ^ b.getLong(trailer + Trailer.TAG)
            | mac.low() ^ b.getLong(trailer + Trailer.TAG + Long.BYTES);
    if (b.getInt(trailer) != keyId || wrong != 0) {
      return DropReason.BAD_TAG;
    }
    ReplayWindow seen = window;
    if (seen == null) {
      seen = new ReplayWindow();
      window = seen;
    }
    return seen.take(b.getLong(trailer + Trailer.COUNTER)) ? null : DropReason.REPLAYED;
  }

  /** Which counters were taken, as words for {@link #resume}; none before the first. */
  public long[] taken() {
    ReplayWindow seen = window;
    return seen == null ? new long[0] : seen.words();
  }

  /**
   * Goes on where another process was: refuses what that has taken.
   *
   * @param words {@link #TAKEN_WORDS} of its {@link #taken}
   */
  public void resume(long[] words) {
    window = new ReplayWindow(words);
  }
}
