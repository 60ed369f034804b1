// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * The reference that the fast code is compared with: packets as byte arrays, every sum written out
 * as its RFC says, byte by byte. It shares no code with what it checks.
 */
final class Slow {
  private Slow() {}

  static int u8(byte[] p, int i) {
    return p[i] & 0xff;
  }

  static int u16(byte[] p, int i) {
    return u8(p, i) << 8 | u8(p, i + 1);
  }

  static int u32(byte[] p, int i) {
    return u16(p, i) << 16 | u16(p, i + 2);
  }

  static void put16(byte[] p, int i, int value) {
    p[i] = (byte) (value >> 8);
    p[i + 1] = (byte) value;
  }

  static void put32(byte[] p, int i, int value) {
    put16(p, i, value >>> 16);
    put16(p, i + 2, value);
  }

  /** RFC 1071 with the end-around carry after each addition. */
  static int sum(byte[] p, int from, int to, int start) {
    int sum = start;
    for (int i = from; i < to; i += 2) {
      sum += u8(p, i) << 8 | (i + 1 < to ? u8(p, i + 1) : 0);
      if (sum > 0xffff) {
        sum -= 0xffff;
      }
    }
    return sum;
  }

  static int version(byte[] p) {
    return u8(p, 0) >> 4;
  }

  /** Index of the transport header; knows hop-by-hop, routing, fragment and destination headers. */
  static int transport(byte[] p) {
    if (version(p) == 4) {
      return (p[0] & 15) * 4;
    }
    int next = u8(p, 6);
    int at = 40;
    while (next == 0 || next == 43 || next == 44 || next == 60) {
      int bytes = next == 44 ? 8 : u8(p, at + 1) * 8 + 8;
      next = u8(p, at);
      at += bytes;
    }
    return at;
  }

  static int protocol(byte[] p) {
    if (version(p) == 4) {
      return u8(p, 9);
    }
    int next = u8(p, 6);
    int at = 40;
    while (next == 0 || next == 43 || next == 44 || next == 60) {
      int bytes = next == 44 ? 8 : u8(p, at + 1) * 8 + 8;
      next = u8(p, at);
      at += bytes;
    }
    return next;
  }

  static int pseudo(byte[] p, int protocol, int bytes) {
    int sum = version(p) == 4 ? sum(p, 12, 20, 0) : sum(p, 8, 40, 0);
    byte[] rest = new byte[8];
    put32(rest, 0, bytes);
    put32(rest, 4, protocol);
    return sum(rest, 0, 8, sum);
  }

  static int checksumAt(byte[] p) {
    int offset =
        switch (protocol(p)) {
          case 6 -> 16;
          case 17 -> 6;
          default -> 2;
        };
    return transport(p) + offset;
  }

  /** What the transport checksum of a whole packet should be, before UDP's rule about 0. */
  static int transportChecksum(byte[] p) {
    byte[] copy = p.clone();
    put16(copy, checksumAt(p), 0);
    int from = transport(p);
    int pseudo = protocol(p) == 1 ? 0 : pseudo(p, protocol(p), p.length - from);
    return ~sum(copy, from, p.length, pseudo) & 0xffff;
  }

  static void fixTransport(byte[] p) {
    int checksum = transportChecksum(p);
    put16(p, checksumAt(p), checksum == 0 && protocol(p) == 17 ? 0xffff : checksum);
  }

  /** Makes the checksum what the kernel leaves there for the device to finish. */
  static void makePartial(byte[] p) {
    put16(p, checksumAt(p), pseudo(p, protocol(p), p.length - transport(p)));
  }

  static void fixIp(byte[] p) {
    if (version(p) == 4) {
      put16(p, 10, 0);
      put16(p, 10, ~sum(p, 0, (p[0] & 15) * 4, 0) & 0xffff);
    }
  }

  static boolean ipIsRight(byte[] p) {
    return version(p) == 6 || sum(p, 0, (p[0] & 15) * 4, 0) == 0xffff;
  }

  static boolean transportIsRight(byte[] p) {
    int from = transport(p);
    int pseudo = protocol(p) == 1 ? 0 : pseudo(p, protocol(p), p.length - from);
    return sum(p, from, p.length, pseudo) == 0xffff;
  }

  static byte[] bytes(ByteBuffer b, int at, int length) {
    byte[] bytes = new byte[length];
    b.get(at, bytes);
    return bytes;
  }

  /** Headers and all payload pieces of a burst. */
  static byte[] bytes(Burst b) {
    byte[] all = new byte[b.length()];
    b.buffer().get(b.start(), all, 0, b.headerBytes());
    int at = b.headerBytes();
    for (int i = 0; i < b.pieces(); i++) {
      b.buffer().get(b.pieceStart(i), all, at, b.pieceBytes(i));
      at += b.pieceBytes(i);
    }
    return all;
  }
}
