// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * The packet quoted inside an ICMP or ICMPv6 error. Its rewriting keeps every checksum as right as
 * it was: the quoted IP header's, the quoted transport header's where it was not cut off, and that
 * of the error itself. The outer addresses are {@link Rewrite}'s.
 */
public final class IcmpInner {
  /** Bytes of transport header that every error quotes (RFC 792), enough for both ports. */
  private static final int QUOTED_TRANSPORT = 8;

  private IcmpInner() {}

  /**
   * Reads the 5-tuple of the quoted packet, in the direction in which that packet went.
   *
   * @param b a checked burst for which {@link Icmp#isError(Burst)} holds
   * @return false when the quoted packet is of another family, a later fragment, cut before its
   *     ports, or has no ports (neither TCP nor UDP nor echo)
   */
  public static boolean read(Burst b, FlowKey into) {
    long walked = walk(b);
    if (walked < 0 || Extensions.fragmentOffset(walked) > 0) {
      return false;
    }
    int protocol = Extensions.protocol(walked);
    int transport = b.payload + Extensions.offset(walked);
    if (transport + QUOTED_TRANSPORT > b.payload + b.payloadBytes
        || protocol == (b.version == 4 ? Ip.ICMP6 : Ip.ICMP)
        || Rewrite.portAt(b.buffer, protocol, transport, 0) < 0) {
      return false;
    }
    FlowKeys.read(b.buffer, b.payload, protocol, transport, into);
    return true;
  }

  /**
   * Whether the quoted IP header's own checksum is right (RFC 5508 REQ-3a); IPv6 has none. {@link
   * #read} must have returned true.
   */
  public static boolean headerIsGood(Burst b) {
    if (b.version == 6) {
      return true;
    }
    int header = Ip.headerBytes4(b.buffer, b.payload);
    return Checksum.fold(Checksum.sum(b.buffer, b.payload, header, 0)) == 0xffff;
  }

  /**
   * Index of the quoted packet's transport header, of which eight bytes are there at least; {@link
   * #read} must have returned true.
   */
  public static int transport(Burst b) {
    return b.payload + Extensions.offset(walk(b));
  }

  /** Sets the quoted packet's source; {@link #read} must have returned true. */
  public static void source(Burst b, long hi, long lo, int port) {
    set(b, b.version == 4 ? 12 : 8, 0, hi, lo, port);
  }

  /** Sets the quoted packet's destination; {@link #read} must have returned true. */
  public static void destination(Burst b, long hi, long lo, int port) {
    set(b, b.version == 4 ? 16 : 24, 2, hi, lo, port);
  }

  private static void set(Burst b, int addressOffset, int portOffset, long hi, long lo, int port) {
    ByteBuffer m = b.buffer;
    long walked = walk(b);
    int protocol = Extensions.protocol(walked);
    int transport = b.payload + Extensions.offset(walked);
    long address = Edit.putAddress(m, b.version, b.payload + addressOffset, hi, lo);
    long outer = address;
    if (b.version == 4) {
      outer += Edit.adjust(m, b.payload + 10, address);
    }
    long ports = Edit.put16(m, Rewrite.portAt(m, protocol, transport, portOffset), port);
    outer += ports;
    int checksumEnd = transport + Transport.checksumOffset(protocol) + 2;
    if (checksumEnd <= b.payload + b.payloadBytes) {
      outer += Rewrite.adjustTransport(m, protocol, transport, address, ports);
    }
    Edit.adjust(m, b.transport + Icmp.CHECKSUM, outer);
  }

  /** Offset, protocol and fragment offset of the quoted packet, in the form of Extensions. */
  private static long walk(Burst b) {
    ByteBuffer m = b.buffer;
    int at = b.payload;
    if (b.payloadBytes < (b.version == 4 ? Ip.V4_BYTES : Ip.V6_BYTES)
        || Ip.version(m, at) != b.version) {
      return Extensions.BAD;
    }
    if (b.version == 6) {
      return Extensions.walk(m, at, at + b.payloadBytes);
    }
    int header = Ip.headerBytes4(m, at);
    if (header < Ip.V4_BYTES) {
      return Extensions.BAD;
    }
    int fragmentOffset = (m.getShort(at + 6) & Ip.OFFSET_MASK) * 8;
    return Extensions.pack(fragmentOffset, false, m.get(at + 9) & 0xff, header);
  }
}
