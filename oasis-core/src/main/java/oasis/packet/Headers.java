// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The strict parser behind {@link Burst#check}. What it accepts, later code trusts: it is the only
 * place where a length from a packet meets the length of the memory.
 */
final class Headers {
  /** Most bytes of IP and transport header together. */
  static final int MAX_BYTES = Ip.V6_BYTES + Extensions.MAX_BYTES + 60;

  private static final int MAX_DATAGRAM = 65_535;

  private Headers() {}

  /** Fills {@code b} from the packet at {@code at}; {@code b.buffer} must be set. */
  static @Nullable DropReason parse(Burst b, int at, int length) {
    if (length < Ip.V4_BYTES) {
      return DropReason.TRUNCATED;
    }
    b.start = at;
    b.segmentBytes = 0;
    b.version = Ip.version(b.buffer, at);
    DropReason bad;
    if (b.version == 4) {
      bad = parse4(b, at, length);
    } else if (b.version == 6) {
      bad = parse6(b, at, length);
    } else {
      bad = DropReason.NOT_IP;
    }
    if (bad != null) {
      return bad;
    }
    if (!addressesAreGood(b.buffer, at)) {
      return DropReason.BAD_HEADER;
    }
    return parseTransport(b, b.payloadBytes);
  }

  /** Sets all but the payload; leaves the bytes behind the IP header in {@code payloadBytes}. */
  private static @Nullable DropReason parse4(Burst b, int at, int length) {
    ByteBuffer m = b.buffer;
    int header = Ip.headerBytes4(m, at);
    int total = m.getShort(at + 2) & 0xffff;
    if (header < Ip.V4_BYTES || total < header) {
      return DropReason.BAD_HEADER;
    }
    if (total > length) {
      return DropReason.TRUNCATED;
    }
    if (Checksum.fold(Checksum.sum(m, at, header, 0)) != 0xffff) {
      return DropReason.BAD_HEADER_CHECKSUM;
    }
    int word = m.getShort(at + 6);
    b.transport = at + header;
    b.protocol = m.get(at + 9) & 0xff;
    return fragment(
        b, (word & Ip.OFFSET_MASK) * 8, (word & Ip.MORE_FRAGMENTS) != 0, header, total - header);
  }

  private static @Nullable DropReason parse6(Burst b, int at, int length) {
    ByteBuffer m = b.buffer;
    if (length < Ip.V6_BYTES) {
      return DropReason.TRUNCATED;
    }
    int total = Ip.V6_BYTES + (m.getShort(at + 4) & 0xffff);
    if (total > length) {
      return DropReason.TRUNCATED;
    }
    long walked = Extensions.walk(m, at, at + total);
    if (walked < 0) {
      return walked == Extensions.TRUNCATED ? DropReason.TRUNCATED : DropReason.BAD_HEADER;
    }
    int header = Extensions.offset(walked);
    b.transport = at + header;
    b.protocol = Extensions.protocol(walked);
    return fragment(
        b, Extensions.fragmentOffset(walked), Extensions.moreFragments(walked), 0, total - header);
  }

  /**
   * A fragment must hold something, end inside the largest datagram, and on 8 bytes if not last.
   */
  private static @Nullable DropReason fragment(
      Burst b, int offset, boolean more, int header, int bytes) {
    b.laterFragment = offset > 0;
    b.fragment = more || offset > 0;
    b.payloadBytes = bytes;
    boolean good =
        !b.fragment
            || (bytes > 0
                && (!more || (bytes & 7) == 0)
                && header + offset + bytes <= MAX_DATAGRAM);
    return good ? null : DropReason.BAD_HEADER;
  }

  /**
   * Nobody may claim to be a group or nobody, and an IPv4-mapped address has no place on the wire:
   * it would share its flow key with the IPv4 address (RFC 4038 section 4.2).
   */
  private static boolean addressesAreGood(ByteBuffer m, int at) {
    long srcHi = Ip.srcHi(m, at);
    long srcLo = Ip.srcLo(m, at);
    long dstHi = Ip.dstHi(m, at);
    long dstLo = Ip.dstLo(m, at);
    boolean mapped = Addresses.isV4(srcHi, srcLo) || Addresses.isV4(dstHi, dstLo);
    return !Addresses.isUnspecified(srcHi, srcLo)
        && !Addresses.isMulticast(srcHi, srcLo)
        && !Addresses.isBroadcast(srcHi, srcLo)
        && !Addresses.isUnspecified(dstHi, dstLo)
        && mapped == (Ip.version(m, at) == 4);
  }

  /** Sets the payload from the {@code bytes} behind the IP header. */
  private static @Nullable DropReason parseTransport(Burst b, int bytes) {
    int header = 0;
    if (!b.laterFragment) {
      header = transportHeaderBytes(b.protocol);
      if (bytes < header) {
        return DropReason.TRUNCATED;
      }
      if (b.protocol == Ip.TCP) {
        header = Tcp.headerBytes(b.buffer, b.transport);
        if (header > bytes) {
          return DropReason.TRUNCATED;
        }
      }
      if (!transportIsGood(b, header, bytes)) {
        return DropReason.BAD_HEADER;
      }
    }
    b.payload = b.transport + header;
    b.payloadBytes = bytes - header;
    b.pieces = 1;
    b.pieceStart[0] = b.payload;
    b.pieceBytes[0] = b.payloadBytes;
    return null;
  }

  private static boolean transportIsGood(Burst b, int header, int bytes) {
    return switch (b.protocol) {
      case Ip.TCP -> header >= Tcp.BYTES;
      case Ip.UDP -> {
        int length = Udp.length(b.buffer, b.transport);
        yield b.fragment ? length > bytes : length == bytes;
      }
      case Ip.ICMP -> b.version == 4;
      case Ip.ICMP6 -> b.version == 6;
      default -> true;
    };
  }

  private static int transportHeaderBytes(int protocol) {
    return switch (protocol) {
      case Ip.TCP -> Tcp.BYTES;
      case Ip.UDP -> Udp.BYTES;
      case Ip.ICMP, Ip.ICMP6 -> Icmp.BYTES;
      default -> 0;
    };
  }
}
