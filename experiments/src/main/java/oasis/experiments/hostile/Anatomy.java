// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * What an IP packet says of itself, read byte by byte as the RFCs 791, 8200, 768, 9293 and 792
 * describe it. It shares no code with what it is to judge.
 */
final class Anatomy {
  static final int ICMP = 1;
  static final int TCP = 6;
  static final int UDP = 17;
  static final int ICMP6 = 58;

  static final int SYN = 2;
  static final int RST = 4;
  static final int ACK = 16;

  static final int FRAGMENT_HEADER = 44;
  static final int MOST_EXTENSIONS = 8;

  int start;
  int end;
  int version;
  int protocol;
  int transport;
  boolean fragment;
  int offset;
  boolean more;
  int id;
  int hops;
  private byte[] bytes = {};

  /**
   * Reads a packet.
   *
   * @param length bytes there are from {@code at}; what lies behind the packet's own length is left
   *     out
   * @return false when it is no packet: lengths or the header's checksum are wrong
   */
  boolean read(byte[] b, int at, int length) {
    bytes = b;
    start = at;
    version = length > 0 ? (b[at] & 0xff) >>> 4 : 0;
    fragment = false;
    offset = 0;
    more = false;
    id = 0;
    if (version == 4) {
      return read4(length);
    }
    return version == 6 && read6(length);
  }

  private boolean read4(int length) {
    int header = (bytes[start] & 15) * 4;
    if (length < 20 || header < 20 || length < header) {
      return false;
    }
    int total = Sums.word(bytes, start + 2);
    if (total < header || total > length) {
      return false;
    }
    end = start + total;
    transport = start + header;
    int word = Sums.word(bytes, start + 6);
    offset = (word & 0x1fff) * 8;
    more = (word & 0x2000) != 0;
    fragment = more || offset != 0;
    id = Sums.word(bytes, start + 4);
    hops = bytes[start + 8] & 0xff;
    protocol = bytes[start + 9] & 0xff;
    return Sums.sum(bytes, start, transport, 0) == 0xffff;
  }

  private boolean read6(int length) {
    if (length < 40) {
      return false;
    }
    int payload = Sums.word(bytes, start + 4);
    if (40 + payload > length) {
      return false;
    }
    end = start + 40 + payload;
    hops = bytes[start + 7] & 0xff;
    protocol = bytes[start + 6] & 0xff;
    transport = start + 40;
    for (int i = 0; i < MOST_EXTENSIONS && isExtension() && offset == 0; i++) {
      if (transport + 8 > end) {
        return false;
      }
      int bytesOfIt = 8;
      if (protocol == FRAGMENT_HEADER) {
        int word = Sums.word(bytes, transport + 2);
        offset = word & 0xfff8;
        more = (word & 1) != 0;
        fragment = true;
        id = Sums.word(bytes, transport + 4) << 16 | Sums.word(bytes, transport + 6);
      } else {
        bytesOfIt += (bytes[transport + 1] & 0xff) * 8;
      }
      protocol = bytes[transport] & 0xff;
      transport += bytesOfIt;
      if (transport > end) {
        return false;
      }
    }
    return true;
  }

  private boolean isExtension() {
    return isExtension(protocol);
  }

  /** Hop-by-hop options, routing, fragment, destination options. */
  static boolean isExtension(int protocol) {
    return protocol == 0 || protocol == 43 || protocol == FRAGMENT_HEADER || protocol == 60;
  }

  /** Whether it has a transport header, whole. */
  boolean hasTransport() {
    int bytesOfIt =
        switch (protocol) {
          case TCP -> 20;
          case UDP, ICMP, ICMP6 -> 8;
          default -> 0;
        };
    return offset == 0 && bytesOfIt > 0 && transport + bytesOfIt <= end;
  }

  boolean icmp() {
    return protocol == (version == 4 ? ICMP : ICMP6);
  }

  /** Type of an ICMP message. */
  int type() {
    return bytes[transport] & 0xff;
  }

  boolean echoRequest() {
    return icmp() && type() == (version == 4 ? 8 : 128);
  }

  boolean echoReply() {
    return icmp() && type() == (version == 4 ? 0 : 129);
  }

  /** An ICMP error about a packet on its way: neither a redirect nor one of other kinds. */
  boolean error() {
    int type = type();
    return icmp()
        && (version == 4 ? type == 3 || type == 11 || type == 12 : type >= 1 && type <= 4);
  }

  /** Source port, or the identifier of an echo. */
  int sourcePort() {
    return icmp() ? Sums.word(bytes, transport + 4) : Sums.word(bytes, transport);
  }

  /** Destination port; 0 for ICMP. */
  int destinationPort() {
    return icmp() ? 0 : Sums.word(bytes, transport + 2);
  }

  int tcpFlags() {
    return bytes[transport + 13] & 0xff;
  }

  /** Whether it opens a TCP connection. */
  boolean opens() {
    return protocol == TCP && (tcpFlags() & (SYN | ACK | RST)) == SYN;
  }

  /** Where the transport checksum is, or -1. */
  int checksumAt() {
    return switch (protocol) {
      case TCP -> transport + 16;
      case UDP -> transport + 6;
      case ICMP, ICMP6 -> transport + 2;
      default -> -1;
    };
  }

  /** Whether the transport checksum of a whole packet is right, or says that there is none. */
  boolean checksumRight() {
    boolean none = protocol == UDP && version == 4 && Sums.word(bytes, transport + 6) == 0;
    return none || Sums.transport(bytes, this) == 0xffff;
  }

  /** Where the source address begins. */
  int source() {
    return version == 4 ? start + 12 : start + 8;
  }

  /** Where the destination address begins. */
  int destination() {
    return version == 4 ? start + 16 : start + 24;
  }

  int addressBytes() {
    return version == 4 ? 4 : 16;
  }

  byte[] bytes() {
    return bytes;
  }

  /** Source and destination as people write them. */
  @Override
  public String toString() {
    String text = "IPv" + version + " protocol " + protocol + ' ' + at(source()) + " > ";
    text += at(destination());
    if (hasTransport()) {
      text += " ports " + sourcePort() + " > " + destinationPort();
    }
    return fragment ? text + " fragment " + offset : text;
  }

  private String at(int from) {
    try {
      byte[] address = new byte[addressBytes()];
      System.arraycopy(bytes, from, address, 0, address.length);
      return InetAddress.getByAddress(address).getHostAddress();
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }
}
