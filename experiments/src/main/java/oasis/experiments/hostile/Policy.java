// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

/**
 * What an exit node with default settings promises about destinations (docs/exit-node.md), written
 * down a second time: ranges that are not the public Internet's (the registries of RFC 6890),
 * metadata services, its own addresses, and port 25.
 */
final class Policy {
  private static final int SMTP = 25;

  private static final List<String> CLOSED4 =
      List.of(
          "0.0.0.0/8",
          "10.0.0.0/8",
          "100.64.0.0/10",
          "127.0.0.0/8",
          "168.63.129.16/32",
          "169.254.0.0/16",
          "172.16.0.0/12",
          "192.0.0.0/24",
          "192.168.0.0/16",
          "198.18.0.0/15",
          "224.0.0.0/4",
          "240.0.0.0/4");

  private static final List<String> CLOSED6 =
      List.of(
          "::/16",
          "64:ff9b:1::/48",
          "100::/64",
          "2001::/23",
          "2001:db8::/32",
          "3fff::/20",
          "5f00::/16",
          "fc00::/7",
          "fe80::/10",
          "fec0::/10",
          "ff00::/8");

  private static final byte[] SIX_TO_FOUR = {0x20, 0x02};
  private static final byte[] NAT64 = {0, 0x64, (byte) 0xff, (byte) 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};

  private final List<Range> closed = new ArrayList<>();

  /** Addresses of one length whose first bits are these. */
  private record Range(List<Byte> bytes, int bits) {
    static Range of(String text) {
      int slash = text.indexOf('/');
      List<Byte> bytes = new ArrayList<>();
      for (byte b : literal(text.substring(0, slash))) {
        bytes.add(b);
      }
      return new Range(bytes, Integer.parseInt(text.substring(slash + 1)));
    }

    boolean holds(byte[] b, int at, int length) {
      if (length != bytes.size()) {
        return false;
      }
      for (int bit = 0; bit < bits; bit += 8) {
        int mask = bits - bit >= 8 ? 0xff : 0xff << (8 - (bits - bit));
        if (((b[at + bit / 8] ^ bytes.get(bit / 8)) & mask) != 0) {
          return false;
        }
      }
      return true;
    }
  }

  /**
   * @param own the exit node's own addresses
   */
  Policy(List<String> own) {
    CLOSED4.forEach(text -> closed.add(Range.of(text)));
    CLOSED6.forEach(text -> closed.add(Range.of(text)));
    own.forEach(text -> closed.add(Range.of(text + (text.indexOf(':') < 0 ? "/32" : "/128"))));
  }

  /** The bytes of an address; IPv4 ones inside IPv6 stay in their form. */
  static byte[] literal(String address) {
    try {
      return InetAddress.getByName(address).getAddress();
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(address, e);
    }
  }

  /** Whether a packet may go where it wants to, seen from its headers alone. */
  boolean permits(Anatomy p) {
    boolean mail = p.protocol == Anatomy.TCP && p.hasTransport() && p.destinationPort() == SMTP;
    return !mail && permits(p.bytes(), p.destination(), p.addressBytes());
  }

  /** Whether an address may be a destination. */
  boolean permits(byte[] b, int at, int length) {
    for (Range range : closed) {
      if (range.holds(b, at, length)) {
        return false;
      }
    }
    if (length == 4) {
      return true;
    }
    if (begins(b, at, SIX_TO_FOUR)) {
      return permits(b, at + SIX_TO_FOUR.length, 4);
    }
    return !begins(b, at, NAT64) || permits(b, at + NAT64.length, 4);
  }

  private static boolean begins(byte[] b, int at, byte[] with) {
    for (int i = 0; i < with.length; i++) {
      if (b[at + i] != with[i]) {
        return false;
      }
    }
    return true;
  }

  /** Whether an address can be that of a host beyond its link: what a packet may come from. */
  static boolean host(byte[] b, int at, int length) {
    int first = b[at] & 0xff;
    if (length == 4) {
      return first != 0 && first != 127 && first < 224;
    }
    if (first == 0xff || first == 0xfe && (b[at + 1] & 0xc0) == 0x80) {
      return false;
    }
    for (int i = 0; i < 15; i++) {
      if (b[at + i] != 0) {
        return true;
      }
    }
    return (b[at + 15] & 0xff) > 1;
  }
}
