// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * What comes back from the network for packets that have left: answers, ICMP errors, fragments, and
 * what strangers send; some of it damaged.
 */
final class Answers {
  private static final int REMEMBERED = 1024;
  private static final int[] TCP_FLAGS = {18, 18, 16, 24, 17, 4, 20};

  private final SplittableRandom random;
  private final byte[][] left = new byte[REMEMBERED][];
  private final Anatomy p = new Anatomy();
  private int noted;

  final byte[] bytes = new byte[Fuzzer.ROOM];
  int length;

  Answers(SplittableRandom random) {
    this.random = random;
  }

  /** Remembers a packet that has left. */
  void note(byte[] b, int bytesOfIt) {
    left[noted++ & REMEMBERED - 1] = Arrays.copyOf(b, bytesOfIt);
  }

  /** Makes something that comes back; false when nothing has left yet. */
  boolean next() {
    byte[] one = left[random.nextInt(REMEMBERED)];
    if (one == null || !p.read(one, 0, one.length) || !p.hasTransport()) {
      return false;
    }
    if (random.nextInt(6) == 0) {
      error(one);
    } else {
      answer(one);
    }
    if (random.nextInt(5) == 0) {
      stranger();
    }
    if (random.nextInt(4) == 0) {
      bytes[random.nextInt(length)] = (byte) random.nextInt();
    }
    if (random.nextInt(3) != 0) {
      mend();
    }
    return true;
  }

  private void answer(byte[] one) {
    int header = p.version == 4 ? 20 : 40;
    int data = random.nextInt(random.nextInt(8) == 0 ? 1420 : 100);
    boolean echo = p.icmp();
    int transport = p.protocol == Anatomy.TCP ? 20 : 8;
    ByteBuffer b = begin(one, header, transport + data, p.protocol);
    if (echo) {
      b.put((byte) (p.version == 4 ? 0 : 129)).put((byte) 0).putShort((short) 0);
      b.put(one, p.transport + 4, 4);
    } else {
      b.put(one, p.transport + 2, 2).put(one, p.transport, 2);
    }
    if (p.protocol == Anatomy.TCP) {
      b.putInt(random.nextInt()).putInt(random.nextInt()).put((byte) 0x50);
      b.put((byte) TCP_FLAGS[random.nextInt(TCP_FLAGS.length)]).putShort((short) 999).putInt(0);
    } else if (p.protocol == Anatomy.UDP) {
      b.putShort((short) (8 + data)).putShort((short) 0);
    }
    cutPerhaps(header);
  }

  /** Makes some answers fragments, first or later ones. */
  private void cutPerhaps(int header) {
    if (header == 20 && random.nextInt(8) == 0) {
      Sums.put(bytes, 4, random.nextInt(16));
      int offset = random.nextBoolean() ? 0 : 1 + random.nextInt(100);
      Sums.put(bytes, 6, offset | 0x2000);
    }
  }

  private void error(byte[] one) {
    int header = p.version == 4 ? 20 : 40;
    int quoted = Math.min(one.length, random.nextBoolean() ? header + 8 : 500);
    int protocol = p.version == 4 ? Anatomy.ICMP : Anatomy.ICMP6;
    ByteBuffer b = begin(one, header, 8 + quoted, protocol);
    int type = p.version == 4 ? new int[] {3, 11, 12, 5}[random.nextInt(4)] : random.nextInt(1, 5);
    b.put((byte) type).put((byte) random.nextInt(5)).putShort((short) 0).putInt(1300);
    b.put(one, 0, quoted);
  }

  private ByteBuffer begin(byte[] one, int header, int data, int protocol) {
    ByteBuffer b = ByteBuffer.wrap(bytes);
    Arrays.fill(bytes, (byte) 0);
    length = header + data;
    if (p.version == 4) {
      b.putShort((short) 0x4500).putShort((short) length).putInt(random.nextInt(2) << 14);
      b.put((byte) 60).put((byte) protocol).putShort((short) 0);
    } else {
      b.putInt(6 << 28).putShort((short) data).put((byte) protocol).put((byte) 60);
    }
    b.put(one, p.destination(), p.addressBytes()).put(one, p.source(), p.addressBytes());
    return b;
  }

  /** Lets it come from another address, or another port. */
  private void stranger() {
    boolean v4 = (bytes[0] & 0xff) >>> 4 == 4;
    if (random.nextBoolean()) {
      bytes[v4 ? 15 : 23] ^= (byte) 1;
    } else {
      bytes[v4 ? 21 : 41] ^= (byte) 1;
    }
  }

  private void mend() {
    if ((bytes[0] & 0xff) >>> 4 == 4) {
      Sums.mendHeader(bytes, 0, length);
    }
    if (p.read(bytes, 0, length) && !p.fragment && p.hasTransport()) {
      Sums.mendTransport(bytes, p);
    }
  }
}
