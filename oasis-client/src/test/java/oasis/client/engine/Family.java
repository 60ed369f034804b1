// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.testkit.Packets;
import org.xbill.DNS.Type;

/** The cast of the engine's tests in each address family. */
enum Family {
  V4("192.0.2.10", "198.18.0.1", "203.0.113.80", "203.0.113.53", "203.0.113.1"),
  V6("2001:db8::10", "fdc6:1200:4710::1", "2001:db8:1::80", "2001:db8:1::53", "2001:db8:1::1");

  /** The host's own address. */
  final String host;

  /** The TUN device's own address, from which programs reach fakes. */
  final String tun;

  final String server;
  final String resolver;

  /** A router on the way. */
  final String router;

  Family(String host, String tun, String server, String resolver, String router) {
    this.host = host;
    this.tun = tun;
    this.server = server;
    this.resolver = resolver;
    this.router = router;
  }

  boolean v4() {
    return this == V4;
  }

  /** Bytes of an IP header. */
  int ipBytes() {
    return v4() ? Ip.V4_BYTES : Ip.V6_BYTES;
  }

  int icmp() {
    return v4() ? Ip.ICMP : Ip.ICMP6;
  }

  /** DNS record type of addresses. */
  int type() {
    return v4() ? Type.A : Type.AAAA;
  }

  /** A fake that means nothing. */
  String unknownFake() {
    return v4() ? "198.18.7.7" : "fdc6:1200:4710::77";
  }

  FlowKey tcp(String from, int port, String to, int toPort) {
    return Packets.key(Ip.TCP, from, port, to, toPort);
  }

  FlowKey udp(String from, int port, String to, int toPort) {
    return Packets.key(Ip.UDP, from, port, to, toPort);
  }

  /** An ICMP error: unreachable port, too big, or time exceeded. */
  ByteBuffer error(String from, String to, Fault fault, byte[] quoted) {
    ByteBuffer rest = ByteBuffer.allocate(4 + quoted.length);
    rest.putInt(fault == Fault.TOO_BIG ? 1_300 : 0).put(quoted);
    int type = v4() ? fault.type4 : fault.type6;
    int code = v4() ? fault.code4 : fault.code6;
    return Packets.icmp(Packets.key(icmp(), from, 0, to, 0), type, code, rest.array());
  }

  /** Kinds of ICMP errors. */
  enum Fault {
    PORT(3, 3, 1, 4),
    TOO_BIG(3, 4, 2, 0),
    TIME(11, 0, 3, 0);

    final int type4;
    final int code4;
    final int type6;
    final int code6;

    Fault(int type4, int code4, int type6, int code6) {
      this.type4 = type4;
      this.code4 = code4;
      this.type6 = type6;
      this.code6 = code6;
    }
  }

  /** Cuts a packet into two fragments; the first has {@code head} bytes of payload. */
  ByteBuffer[] cut(ByteBuffer packet, int head, int id) {
    int ip = ipBytes();
    int rest = packet.capacity() - ip - head;
    ByteBuffer first = fragment(packet, 0, head, true, id);
    ByteBuffer later = fragment(packet, head, rest, false, id);
    return new ByteBuffer[] {first, later};
  }

  private ByteBuffer fragment(ByteBuffer packet, int from, int bytes, boolean more, int id) {
    int ip = ipBytes();
    int extra = v4() ? 0 : 8;
    ByteBuffer f = ByteBuffer.allocateDirect(ip + extra + bytes);
    f.put(0, packet, 0, ip).put(ip + extra, packet, ip + from, bytes);
    if (v4()) {
      f.putShort(2, (short) f.capacity()).putShort(4, (short) id);
      f.putShort(6, (short) ((more ? 0x2000 : 0) | from / 8)).putShort(10, (short) 0);
      return f.putShort(10, (short) Checksum.finish(Checksum.sum(f, 0, ip, 0)));
    }
    f.putShort(4, (short) (extra + bytes)).put(6, (byte) 44);
    f.put(ip, packet.get(6)).put(ip + 1, (byte) 0);
    return f.putShort(ip + 2, (short) (from | (more ? 1 : 0))).putInt(ip + 4, id);
  }

  /**
   * A burst as a TUN device gives it: one big packet with a virtio header and an unfinished
   * checksum.
   *
   * @param packet TCP or UDP without options
   */
  Burst offloaded(ByteBuffer packet, int segmentBytes) {
    ByteBuffer all = ByteBuffer.allocateDirect(10 + packet.capacity());
    all.put(10, packet, 0, packet.capacity());
    int protocol = packet.get(v4() ? 9 : 6);
    boolean tcp = protocol == Ip.TCP;
    int transport = 10 + ipBytes();
    long pseudo = Checksum.pseudo(packet, 0, protocol, packet.capacity() - ipBytes());
    all.putShort(transport + (tcp ? 16 : 6), (short) Checksum.fold(pseudo));
    all.put(0, (byte) 1).put(1, (byte) (tcp ? v4() ? 1 : 4 : 5));
    little(all, 4, segmentBytes);
    little(all, 6, ipBytes());
    little(all, 8, tcp ? 16 : 6);
    Burst burst = new Burst();
    assertThat(burst.checkOffloaded(all, 0, 0, all.capacity(), 0)).as("why refused").isNull();
    return burst;
  }

  private static void little(ByteBuffer b, int at, int value) {
    b.putShort(at, Short.reverseBytes((short) value));
  }

  /** Clears "don't fragment" of an IPv4 packet. */
  static ByteBuffer mayFragment(ByteBuffer packet) {
    packet.putShort(6, (short) 0).putShort(10, (short) 0);
    return packet.putShort(10, (short) Checksum.finish(Checksum.sum(packet, 0, 20, 0)));
  }
}
