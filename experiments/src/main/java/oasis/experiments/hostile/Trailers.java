// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Puts trailers behind the datagrams of clients with keys, as the page about the wire interface
 * describes them, and spoils them: a datagram without, by a key that nobody has, with a tag that is
 * wrong, or changed after it was sealed; and datagrams that were sent before.
 */
final class Trailers {
  /** Bytes of a trailer. */
  static final int BYTES = 28;

  /** Where the tag is, from its first byte. */
  private static final int TAG = 12;

  private static final int TAG_BYTES = 16;
  private static final int REMEMBERED = 4096;
  private static final String ALGORITHM = "HmacSHA256";

  private final SplittableRandom random;
  private final List<Mac> macs = new ArrayList<>();
  private final byte[][] sealed = new byte[REMEMBERED][];
  private long counter;
  private int made;

  /**
   * @param keys how many clients there are; their keys have the numbers from 1 on
   * @param counter larger than any that was used before with these keys
   */
  Trailers(long seed, int keys, long counter) {
    random = new SplittableRandom(seed);
    this.counter = counter;
    for (int i = 0; i < keys; i++) {
      macs.add(mac(derive(secret(seed, i))));
    }
  }

  /** The lines of the exit node's key file. */
  static String file(long seed, int keys) {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < keys; i++) {
      lines.append(line(seed, i)).append('\n');
    }
    return lines.toString();
  }

  /** The line of one key. */
  static String line(long seed, int index) {
    StringBuilder line = new StringBuilder().append(index + 1).append(' ');
    for (byte b : secret(seed, index)) {
      line.append(String.format("%02x", b));
    }
    return line.toString();
  }

  private static byte[] secret(long seed, int index) {
    byte[] secret = new byte[32];
    new SplittableRandom(seed * 1_000_003 + index).nextBytes(secret);
    return secret;
  }

  private static byte[] derive(byte[] secret) {
    return mac(secret).doFinal("oasis trailer 1 client".getBytes(US_ASCII));
  }

  private static Mac mac(byte[] key) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(key, ALGORITHM));
      return mac;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Makes a datagram of a packet, or something else in its place.
   *
   * @param b the packet, with room for a trailer behind it
   * @param forge whether it is to be one that the exit node must refuse
   * @return bytes of the datagram
   */
  int seal(byte[] b, int length, int client, boolean forge) {
    int way = forge ? random.nextInt(4) : -1;
    if (way == 0) {
      return length; // without
    }
    ByteBuffer trailer = ByteBuffer.wrap(b, length, BYTES);
    trailer.putInt(way == 1 ? macs.size() + 1_000 : client + 1).putLong(counter++);
    Mac mac = macs.get(client);
    mac.update(b, 0, length + TAG);
    trailer.put(mac.doFinal(), 0, TAG_BYTES);
    int all = length + BYTES;
    if (way == 2) {
      b[length + TAG + random.nextInt(TAG_BYTES)] ^= (byte) (1 + random.nextInt(255));
    } else if (way == 3) {
      b[random.nextInt(length + TAG)] ^= (byte) (1 + random.nextInt(255));
    } else if (way < 0) {
      sealed[made++ & REMEMBERED - 1] = Arrays.copyOf(b, all);
    }
    return all;
  }

  /**
   * Writes a datagram that was sent before, newer or older.
   *
   * @return its bytes, or -1 when there is none yet
   */
  int replay(byte[] b) {
    byte[] one = sealed[random.nextInt(REMEMBERED)];
    if (one == null) {
      return -1;
    }
    System.arraycopy(one, 0, b, 0, one.length);
    return one.length;
  }
}
