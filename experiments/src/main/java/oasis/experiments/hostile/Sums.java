// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

/** The Internet checksum (RFC 1071) over bytes, plainly. */
final class Sums {
  private static final int PROTOCOL_ICMP = 1;

  private Sums() {}

  /** The one's complement sum of bytes and a sum so far. */
  static int sum(byte[] b, int from, int to, int before) {
    long sum = before;
    for (int i = from; i < to; i += 2) {
      int low = i + 1 < to ? b[i + 1] & 0xff : 0;
      sum += (b[i] & 0xff) << 8 | low;
    }
    while (sum >> 16 != 0) {
      sum = (sum & 0xffff) + (sum >> 16);
    }
    return (int) sum;
  }

  /** The sum of a packet's transport part and its pseudo-header; 0xffff when all is right. */
  static int transport(byte[] b, Anatomy p) {
    int bytes = p.end - p.transport;
    int pseudo = 0;
    if (p.protocol != PROTOCOL_ICMP) {
      int addresses = p.version == 4 ? p.start + 12 : p.start + 8;
      int to = p.version == 4 ? addresses + 8 : addresses + 32;
      pseudo = sum(b, addresses, to, p.protocol) + bytes;
    }
    return sum(b, p.transport, p.end, pseudo);
  }

  /** Writes the checksum of an IPv4 header, as far as there is one. */
  static void mendHeader(byte[] b, int start, int end) {
    int header = (b[start] & 15) * 4;
    if (header >= 20 && start + header <= end) {
      put(b, start + 10, 0);
      put(b, start + 10, ~sum(b, start, start + header, 0));
    }
  }

  /** Writes the checksum of the transport part of a whole packet. */
  static void mendTransport(byte[] b, Anatomy p) {
    int at = p.checksumAt();
    if (at >= 0 && at + 2 <= p.end) {
      put(b, at, 0);
      int sum = ~transport(b, p) & 0xffff;
      put(b, at, p.protocol == Anatomy.UDP && sum == 0 ? 0xffff : sum);
    }
  }

  static void put(byte[] b, int at, int word) {
    b[at] = (byte) (word >>> 8);
    b[at + 1] = (byte) word;
  }

  static int word(byte[] b, int at) {
    return (b[at] & 0xff) << 8 | b[at + 1] & 0xff;
  }
}
