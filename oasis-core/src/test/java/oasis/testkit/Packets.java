// SPDX-License-Identifier: Apache-2.0
package oasis.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;

/** Builds and judges whole packets of either family, slowly and plainly, for tests. */
public final class Packets {
  private Packets() {}

  /** A 5-tuple from text addresses. */
  public static FlowKey key(int protocol, String src, int sport, String dst, int dport) {
    Address from = Address.parse(src);
    Address to = Address.parse(dst);
    return new FlowKey().set(from.hi(), from.lo(), to.hi(), to.lo(), protocol, sport, dport);
  }

  /** A TCP segment without options. */
  public static ByteBuffer tcp(FlowKey key, int flags, int seq, int ack, byte[] payload) {
    return tcp(key, flags, seq, ack, new byte[0], payload);
  }

  /**
   * A TCP segment.
   *
   * @param options option bytes, a multiple of four
   */
  public static ByteBuffer tcp(
      FlowKey key, int flags, int seq, int ack, byte[] options, byte[] payload) {
    ByteBuffer t = ByteBuffer.allocate(Tcp.BYTES + options.length + payload.length);
    t.putShort((short) key.sport()).putShort((short) key.dport()).putInt(seq).putInt(ack);
    t.put((byte) ((Tcp.BYTES + options.length) << 2)).put((byte) flags);
    t.putShort((short) 64_000).putShort((short) 0).putShort((short) 0).put(options).put(payload);
    return ip(key, t.array(), 16);
  }

  /** A UDP datagram with a checksum. */
  public static ByteBuffer udp(FlowKey key, byte[] payload) {
    ByteBuffer u = ByteBuffer.allocate(8 + payload.length);
    u.putShort((short) key.sport()).putShort((short) key.dport());
    u.putShort((short) u.capacity()).putShort((short) 0).put(payload);
    return ip(key, u.array(), 6);
  }

  /** An ICMP or ICMPv6 message; for an echo, give the identifier in the body. */
  public static ByteBuffer icmp(FlowKey key, int type, int code, byte[] rest) {
    ByteBuffer m = ByteBuffer.allocate(4 + rest.length);
    m.put((byte) type).put((byte) code).putShort((short) 0).put(rest);
    return ip(key, m.array(), 2);
  }

  /** An ICMP echo request, identifier from the key's source port. */
  public static ByteBuffer echo(FlowKey key, boolean request, int sequence) {
    ByteBuffer rest = ByteBuffer.allocate(12);
    rest.putShort((short) key.sport()).putShort((short) sequence).putLong(0x0102_0304_0506_0708L);
    int type = key.protocol() == Ip.ICMP ? (request ? 8 : 0) : (request ? 128 : 129);
    return icmp(key, type, 0, rest.array());
  }

  private static ByteBuffer ip(FlowKey key, byte[] transport, int checksumAt) {
    boolean v4 = Addresses.isV4(key.srcHi, key.srcLo);
    int header = v4 ? Ip.V4_BYTES : Ip.V6_BYTES;
    ByteBuffer b = ByteBuffer.allocateDirect(header + transport.length);
    if (v4) {
      b.putShort(0, (short) 0x4500).putShort(2, (short) b.capacity());
      b.putShort(4, (short) 7).putShort(6, (short) 0x4000);
      b.put(8, (byte) 64).put(9, (byte) key.protocol());
      b.putInt(12, (int) key.srcLo).putInt(16, (int) key.dstLo);
      fixHeader(b);
    } else {
      b.putInt(0, 0x6000_0000).putShort(4, (short) transport.length);
      b.put(6, (byte) key.protocol()).put(7, (byte) 64);
      b.putLong(8, key.srcHi).putLong(16, key.srcLo);
      b.putLong(24, key.dstHi).putLong(32, key.dstLo);
    }
    b.put(header, transport);
    int sum = transportSum(b, header, key.protocol());
    if (key.protocol() == Ip.UDP && sum == 0) {
      sum = 0xffff;
    }
    return b.putShort(header + checksumAt, (short) sum);
  }

  /**
   * Cuts a packet without IP options or extension headers into fragments.
   *
   * @param id identification, of which IPv4 takes 16 bits
   * @param dataBytes data of each but the last, a multiple of eight
   */
  public static List<ByteBuffer> fragments(ByteBuffer packet, int id, int dataBytes) {
    boolean v4 = Ip.version(packet, 0) == 4;
    int header = v4 ? Ip.V4_BYTES : Ip.V6_BYTES;
    int more = v4 ? 0x2000 : 1;
    List<ByteBuffer> fragments = new ArrayList<>();
    for (int at = header; at < packet.capacity(); at += dataBytes) {
      int bytes = Math.min(dataBytes, packet.capacity() - at);
      int offset = v4 ? (at - header) / 8 : at - header;
      int word = offset | (at + bytes < packet.capacity() ? more : 0);
      int own = v4 ? 0 : 8;
      ByteBuffer b = ByteBuffer.allocateDirect(header + own + bytes);
      b.put(0, packet, 0, header).put(header + own, packet, at, bytes);
      if (v4) {
        b.putShort(2, (short) b.capacity()).putShort(4, (short) id).putShort(6, (short) word);
        fixHeader(b);
      } else {
        b.putShort(4, (short) (own + bytes)).put(6, (byte) 44);
        b.put(header, packet.get(6)).putShort(header + 2, (short) word).putInt(header + 4, id);
      }
      fragments.add(b);
    }
    return fragments;
  }

  /** Puts the fragments of one datagram together, in any order; IPv4 gets identification 0. */
  public static ByteBuffer whole(List<byte[]> fragments) {
    byte[][] data = new byte[1 << 13][];
    ByteBuffer first = direct(fragments.get(0));
    boolean v4 = Ip.version(first, 0) == 4;
    int header = v4 ? Ip.V4_BYTES : Ip.V6_BYTES;
    int total = header;
    for (byte[] each : fragments) {
      Burst b = burst(direct(each));
      int own = v4 ? header : header + 8;
      data[b.fragmentOffset() / 8] = Arrays.copyOfRange(each, own, each.length);
      total += each.length - own;
    }
    ByteBuffer packet = ByteBuffer.allocateDirect(total).put(0, first, 0, header);
    int at = header;
    for (byte[] each : data) {
      if (each != null) {
        packet.put(at, each);
        at += each.length;
      }
    }
    if (v4) {
      packet.putShort(2, (short) total).putInt(4, 0);
      return fixHeader(packet);
    }
    return packet.putShort(4, (short) (total - header)).put(6, first.get(header));
  }

  /** Computes the checksum of an IPv4 header anew, after a change. */
  public static ByteBuffer fixHeader(ByteBuffer b) {
    b.putShort(10, (short) 0);
    int header = (b.get(0) & 15) * 4;
    return b.putShort(10, (short) Checksum.finish(Checksum.sum(b, 0, header, 0)));
  }

  /** The checksum that the transport part of a packet should have, its field counted as it is. */
  private static int transportSum(ByteBuffer b, int header, int protocol) {
    int bytes = b.capacity() - header;
    long pseudo = protocol == Ip.ICMP ? 0 : Checksum.pseudo(b, 0, protocol, bytes);
    return Checksum.finish(Checksum.sum(b, header, bytes, pseudo));
  }

  /** A burst that holds the packet; fails when the packet does not pass its check. */
  public static Burst burst(ByteBuffer packet) {
    Burst burst = new Burst();
    assertThat(burst.check(packet, 0, 0, packet.capacity())).as("why refused").isNull();
    return burst;
  }

  /** The bytes of a burst that is one packet, or contiguous. */
  public static byte[] bytes(Burst b) {
    byte[] bytes = new byte[b.length()];
    b.buffer().get(b.start(), bytes, 0, b.headerBytes());
    int at = b.headerBytes();
    for (int i = 0; i < b.pieces(); i++) {
      b.buffer().get(b.pieceStart(i), bytes, at, b.pieceBytes(i));
      at += b.pieceBytes(i);
    }
    return bytes;
  }

  /** A copy of the bytes as a direct buffer. */
  public static ByteBuffer direct(byte[] bytes) {
    return ByteBuffer.allocateDirect(bytes.length).put(0, bytes);
  }

  /**
   * Fails unless the single packet's checksums are all right; the transport checksum of a fragment
   * is that of the whole datagram, and not looked at.
   */
  public static void assertChecksums(byte[] packet) {
    ByteBuffer b = direct(packet);
    Burst burst = burst(b);
    int header = burst.transport() - burst.start();
    if (burst.fragment()) {
      return; // a later one may be shorter than a header
    }
    boolean none = burst.protocol() == Ip.UDP && b.getShort(burst.transport() + 6) == 0;
    if (!none) {
      assertThat(transportSum(b, header, burst.protocol())).as("transport checksum").isZero();
    }
  }
}
