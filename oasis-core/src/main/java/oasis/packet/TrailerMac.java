// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * HMAC-SHA-256 (RFC 2104) by the JDK's SHA-256, for packets: what is to be authenticated is
 * gathered in an array of its own, and nothing is allocated for a tag ({@code javax.crypto.Mac}
 * allocates one or two arrays for each). One is enough for all keys of a thread. Confined to it.
 */
public final class TrailerMac {
  /** Bytes of a key: the length of the hash (RFC 2104 section 3). */
  static final int KEY_BYTES = 32;

  private static final int BLOCK_BYTES = 64;
  private static final int HASH_BYTES = 32;

  /** The longest datagram, and a trailer. */
  private static final int MOST_BYTES = 65_536 + Trailer.BYTES;

  private final MessageDigest sha;
  private final byte[] inner = new byte[BLOCK_BYTES + MOST_BYTES];
  private final byte[] outer = new byte[BLOCK_BYTES + HASH_BYTES];
  private final ByteBuffer tag = ByteBuffer.wrap(new byte[HASH_BYTES]);
  private int end;

  public TrailerMac() {
    try {
      sha = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /**
   * Begins a tag.
   *
   * @param key {@link #KEY_BYTES} bytes
   */
  void begin(byte[] key) {
    Arrays.fill(inner, KEY_BYTES, BLOCK_BYTES, (byte) 0x36);
    Arrays.fill(outer, KEY_BYTES, BLOCK_BYTES, (byte) 0x5c);
    for (int i = 0; i < KEY_BYTES; i++) {
      inner[i] = (byte) (key[i] ^ 0x36);
      outer[i] = (byte) (key[i] ^ 0x5c);
    }
    end = BLOCK_BYTES;
  }

  /** Adds bytes that the tag covers. */
  void add(ByteBuffer b, int at, int bytes) {
    b.get(at, inner, end, bytes);
    end += bytes;
  }

  /** Ends the tag; {@link #high} and {@link #low} are its two halves from now on. */
  void end() {
    sha.update(inner, 0, end);
    digestInto(outer, BLOCK_BYTES);
    sha.update(outer, 0, outer.length);
    digestInto(tag.array(), 0);
  }

  private void digestInto(byte[] array, int at) {
    try {
      sha.digest(array, at, HASH_BYTES);
    } catch (DigestException e) {
      throw new IllegalStateException("SHA-256 has 32 bytes", e);
    }
  }

  /** Bytes 0 to 7 of the tag. */
  long high() {
    return tag.getLong(0);
  }

  /** Bytes 8 to 15 of the tag. */
  long low() {
    return tag.getLong(Long.BYTES);
  }
}
