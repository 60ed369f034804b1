// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads a virtio network header and the packet behind it. {@code hdr_len} is ignored; the other
 * words must be what the packet itself implies.
 */
final class Virtio {
  private static final int ETHERNET_BYTES = 14;
  private static final int ETHERTYPE_V4 = 0x0800;
  private static final int ETHERTYPE_V6 = 0x86dd;
  private static final int MAX_LENGTH_FIELD = 65_535;

  private Virtio() {}

  static @Nullable DropReason parse(Burst b, int at, int length, int linkBytes) {
    ByteBuffer m = b.buffer;
    int ip = at + VirtioHeader.BYTES + linkBytes;
    int bytes = length - VirtioHeader.BYTES - linkBytes;
    if (bytes < Ip.V4_BYTES) {
      return DropReason.TRUNCATED;
    }
    if (linkBytes >= ETHERNET_BYTES && !etherTypeIsGood(m, ip)) {
      return DropReason.NOT_IP;
    }
    int gso = m.get(at + 1) & 0xff;
    if (gso != VirtioHeader.GSO_NONE) {
      deriveLength(m, ip, bytes);
    }
    b.partialChecksum = (m.get(at) & VirtioHeader.NEEDS_CSUM) != 0;
    DropReason bad = Headers.parse(b, ip, bytes);
    if (bad != null) {
      return bad;
    }
    if (b.partialChecksum && !checksumPlaceIsGood(b, at, linkBytes)) {
      return DropReason.BAD_OFFLOAD;
    }
    if (gso == VirtioHeader.GSO_NONE) {
      return null;
    }
    if (!b.partialChecksum && mayBePartial(b) && (m.get(at) & VirtioHeader.DATA_VALID) != 0) {
      // Merged by the network card (LRO): the checksum is that of one packet, not of the burst.
      b.partialChecksum = true;
      Transport.putPartialChecksum(b);
    }
    return parseGso(b, gso, VirtioHeader.word(m, at + 4));
  }

  private static @Nullable DropReason parseGso(Burst b, int gso, int size) {
    int type = gso & ~VirtioHeader.GSO_ECN;
    boolean fits;
    if (b.protocol == Ip.TCP) {
      int never = Tcp.SYN | Tcp.RST;
      fits =
          type == (b.version == 4 ? VirtioHeader.GSO_TCP4 : VirtioHeader.GSO_TCP6)
              && (Tcp.flags(b.buffer, b.transport) & never) == 0;
    } else {
      fits = b.protocol == Ip.UDP && gso == VirtioHeader.GSO_UDP_L4;
    }
    // Segments get their checksums from us, so the kernel must have vouched for the payload.
    if (!fits || !b.partialChecksum || size == 0 || b.headerBytes() + size > MAX_LENGTH_FIELD) {
      return DropReason.BAD_OFFLOAD;
    }
    b.segmentBytes = b.payloadBytes > size ? size : 0;
    return null;
  }

  /** Only TCP and UDP checksums are ever left to the device; in a fragment they cannot be. */
  private static boolean mayBePartial(Burst b) {
    return (b.protocol == Ip.TCP || b.protocol == Ip.UDP) && !b.fragment;
  }

  private static boolean checksumPlaceIsGood(Burst b, int at, int linkBytes) {
    return mayBePartial(b)
        && VirtioHeader.word(b.buffer, at + 6) == linkBytes + b.transport - b.start
        && VirtioHeader.word(b.buffer, at + 8) == Transport.checksumOffset(b.protocol);
  }

  private static boolean etherTypeIsGood(ByteBuffer m, int ip) {
    int type = m.getShort(ip - 2) & 0xffff;
    int version = Ip.version(m, ip);
    return (type == ETHERTYPE_V4 && version == 4) || (type == ETHERTYPE_V6 && version == 6);
  }

  /**
   * The kernel leaves the length field of a burst at 0 when it might not hold the length (BIG TCP).
   * It is put in where it does, so that the header says what the burst is; else the check fails.
   */
  private static void deriveLength(ByteBuffer m, int ip, int bytes) {
    boolean v4 = Ip.version(m, ip) == 4;
    int field = v4 ? ip + 2 : ip + 4;
    int value = v4 ? bytes : bytes - Ip.V6_BYTES;
    if (m.getShort(field) != 0 || value <= 0 || value > MAX_LENGTH_FIELD) {
      return;
    }
    m.putShort(field, (short) value);
    if (v4) {
      int checksum = m.getShort(ip + 10) & 0xffff;
      m.putShort(ip + 10, (short) Checksum.update16(checksum, 0, value));
    }
  }
}
