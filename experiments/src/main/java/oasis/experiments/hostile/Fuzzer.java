// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Makes one hostile datagram after the other. The same seed makes the same datagrams. The fields
 * hold the last one until the next.
 */
final class Fuzzer {
  /** Bytes that a datagram may have. */
  static final int ROOM = 2048;

  private static final int MOST_BYTES = 1400;
  private static final int REMEMBERED = 4096;
  private static final int MOST_WAITING = 64;

  private final SplittableRandom random;
  private final Templates templates;
  private final int allowed;
  private final int strangers;
  private final byte[][] remembered = new byte[REMEMBERED][];
  private final int[] rememberedSender = new int[REMEMBERED];
  private final Deque<Piece> pieces = new ArrayDeque<>();
  private final Anatomy anatomy = new Anatomy();
  private int made;

  /** The datagram. */
  final byte[] bytes = new byte[ROOM];

  int length;

  /** Number of its sender. */
  int sender;

  Kind kind = Kind.REAL;

  /** A fragment that is sent later. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  private record Piece(int sender, byte[] bytes) {}

  /**
   * @param senders those that are allowed first
   * @param own the exit node's own addresses
   */
  Fuzzer(long seed, List<Sender> senders, List<String> own) {
    random = new SplittableRandom(seed);
    templates = new Templates(random.split(), own);
    allowed = (int) senders.stream().filter(Sender::allowed).count();
    strangers = senders.size() - allowed;
  }

  /** Makes the next one. */
  void next() {
    kind = draw();
    sender = random.nextInt(allowed);
    switch (kind) {
      case REAL -> take(templates::open);
      case CLOSED -> take(templates::closed);
      case RANDOM -> random();
      case MUTATED -> mutated();
      case TRUNCATED -> {
        takeRealOrRemembered();
        length = random.nextInt(length + 1);
      }
      case FRAGMENT -> fragment();
      case LENGTHS -> lengths();
      case FORGED -> {
        sender = allowed + random.nextInt(strangers);
        takeRealOrRemembered();
      }
      case REPLAYED -> replayed();
    }
    remember();
  }

  /** Makes a packet of the n-th of many flows of all clients in turn, which nobody answers. */
  void oneOfMany(int n) {
    kind = Kind.REAL;
    sender = n % allowed;
    take(() -> templates.oneOfMany(n / allowed));
  }

  private Kind draw() {
    int left = random.nextInt(100);
    for (Kind each : Kind.values()) {
      left -= each.percent;
      if (left < 0) {
        return each;
      }
    }
    return Kind.REAL;
  }

  private void take(Runnable template) {
    template.run();
    System.arraycopy(templates.bytes, 0, bytes, 0, templates.length);
    length = templates.length;
  }

  private void takeRealOrRemembered() {
    byte[] one = remembered[random.nextInt(REMEMBERED)];
    if (one == null || random.nextBoolean()) {
      take(templates::open);
    } else {
      System.arraycopy(one, 0, bytes, 0, one.length);
      length = one.length;
    }
  }

  private void random() {
    length = random.nextInt(random.nextInt(8) == 0 ? MOST_BYTES : 120);
    int keep = 0;
    if (random.nextBoolean()) {
      int wanted = length;
      take(templates::open);
      keep = random.nextInt(40);
      length = Math.max(wanted, keep);
    }
    for (int i = keep; i < length; i++) {
      bytes[i] = (byte) random.nextInt();
    }
  }

  private void mutated() {
    takeRealOrRemembered();
    for (int flips = 1 + random.nextInt(8); flips > 0 && length > 0; flips--) {
      int at = random.nextInt(random.nextBoolean() ? Math.min(length, 60) : length);
      bytes[at] = (byte) (random.nextBoolean() ? random.nextInt() : bytes[at] ^ 1 << flips - 1);
    }
    mend();
  }

  /** So that what is wrong is seen, not only that something is. */
  private void mend() {
    if (length >= 20 && bytes[0] >>> 4 == 4 && random.nextInt(10) < 7) {
      Sums.mendHeader(bytes, 0, length);
    }
    if (random.nextInt(10) < 6 && anatomy.read(bytes, 0, length) && anatomy.hasTransport()) {
      Sums.mendTransport(bytes, anatomy);
    }
  }

  private void fragment() {
    if (pieces.size() < MOST_WAITING && (pieces.isEmpty() || random.nextInt(4) == 0)) {
      cut();
    }
    Piece piece = pieces.remove();
    if (random.nextInt(5) == 0) {
      pieces.add(piece); // once more, later: out of order, and repeated
      piece = pieces.remove();
    }
    System.arraycopy(piece.bytes, 0, bytes, 0, piece.bytes.length);
    length = piece.bytes.length;
    sender = random.nextInt(50) == 0 ? random.nextInt(allowed) : piece.sender;
  }

  /** Cuts a packet into fragments that may overlap or leave something out. */
  private void cut() {
    take(templates::longer);
    boolean v4 = (bytes[0] & 0xff) >>> 4 == 4;
    int header = v4 ? 20 : 40;
    int id = random.nextInt(16);
    int each = 8 * (1 + random.nextInt(1 + (length - header) / 16));
    int number = 0;
    for (int at = header; at < length && number < 8; at += each, number++) {
      int data = Math.min(each, length - at);
      int offset = at - header;
      switch (random.nextInt(12)) {
        case 0 -> offset = Math.max(0, offset - 8);
        case 1 -> offset += 8;
        case 2 -> offset = 65_528 - 8 * random.nextInt(4);
        default -> {
          // As it should be.
        }
      }
      boolean more = at + data < length || random.nextInt(20) == 0;
      pieces.add(new Piece(sender, piece(v4, header, at, data, offset, more, id)));
    }
  }

  private byte[] piece(boolean v4, int header, int at, int data, int offset, boolean more, int id) {
    int own = v4 ? 0 : 8;
    byte[] piece = Arrays.copyOf(bytes, header + own + data);
    System.arraycopy(bytes, at, piece, header + own, data);
    if (v4) {
      Sums.put(piece, 2, piece.length);
      Sums.put(piece, 4, id);
      Sums.put(piece, 6, offset / 8 | (more ? 0x2000 : 0));
      Sums.mendHeader(piece, 0, piece.length);
    } else {
      Sums.put(piece, 4, own + data);
      piece[6] = 44;
      piece[header] = bytes[6];
      piece[header + 1] = 0;
      Sums.put(piece, header + 2, offset | (more ? 1 : 0));
      Sums.put(piece, header + 4, 0);
      Sums.put(piece, header + 6, id);
    }
    return piece;
  }

  private void lengths() {
    takeRealOrRemembered();
    if (length < 24) {
      return;
    }
    boolean v4 = (bytes[0] & 0xff) >>> 4 == 4;
    int transport = v4 ? 20 : 40;
    switch (random.nextInt(5)) {
      case 0 -> Sums.put(bytes, v4 ? 2 : 4, wrongLength());
      case 1 -> bytes[0] = (byte) (bytes[0] & 0xf0 | random.nextInt(16));
      case 2 -> put(transport + 4, wrongLength()); // of UDP
      case 3 -> put(transport + 12, random.nextInt(1 << 16)); // of TCP's header
      default -> {
        length = Math.min(MOST_BYTES, length + random.nextInt(100)); // padding
      }
    }
    if (v4) {
      Sums.mendHeader(bytes, 0, length);
    }
    if (random.nextBoolean() && anatomy.read(bytes, 0, length) && anatomy.hasTransport()) {
      Sums.mendTransport(bytes, anatomy);
    }
  }

  private int wrongLength() {
    return switch (random.nextInt(4)) {
      case 0 -> random.nextInt(60);
      case 1 -> random.nextInt(1 << 16);
      case 2 -> 0xffff;
      default -> length + random.nextInt(-8, 9);
    };
  }

  private void put(int at, int word) {
    if (at + 2 <= length) {
      Sums.put(bytes, at, word);
    }
  }

  private void replayed() {
    int which = random.nextInt(REMEMBERED);
    byte[] one = remembered[which];
    if (one == null) {
      take(templates::open);
      return;
    }
    System.arraycopy(one, 0, bytes, 0, one.length);
    length = one.length;
    sender = random.nextBoolean() ? rememberedSender[which] : random.nextInt(allowed + strangers);
  }

  private void remember() {
    int slot = made++ & REMEMBERED - 1;
    remembered[slot] = Arrays.copyOf(bytes, length);
    rememberedSender[slot] = sender;
  }
}
