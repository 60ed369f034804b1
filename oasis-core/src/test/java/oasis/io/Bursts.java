// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import oasis.os.Memory;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Segmenter;
import oasis.packet.Tcp;
import oasis.packet.VirtioHeader;
import oasis.testkit.Gen;
import oasis.testkit.Packets;

/** Bursts in native memory, for tests of the real ports. */
final class Bursts {
  private Bursts() {}

  /** A single packet with complete checksums. */
  static Burst single(ByteBuffer packet) {
    Memory memory = Memory.allocate(packet.capacity());
    memory.buffer().put(0, packet, 0, packet.capacity());
    Burst burst = new Burst();
    assertThat(burst.check(memory.buffer(), memory.address(), 0, packet.capacity())).isNull();
    return burst;
  }

  /** A packet as a device with offload hands it over: to be cut into segments of this size. */
  static byte[] offloaded(ByteBuffer packet, int protocol, int segmentBytes) {
    boolean tcp = protocol == Ip.TCP;
    ByteBuffer b = ByteBuffer.allocate(VirtioHeader.BYTES + packet.capacity());
    b.order(ByteOrder.LITTLE_ENDIAN);
    b.put(0, (byte) 1).put(1, (byte) (tcp ? 1 : 5));
    b.putShort(2, (short) (tcp ? 40 : 28)).putShort(4, (short) segmentBytes);
    b.putShort(6, (short) 20).putShort(8, (short) (tcp ? 16 : 6));
    b.put(VirtioHeader.BYTES, packet, 0, packet.capacity());
    return b.array();
  }

  /** The burst behind a virtio header. */
  static Burst burst(byte[] virtioHeaderAndPacket) {
    return read(virtioHeaderAndPacket, 0);
  }

  /** The burst behind a virtio header and a link header. */
  static Burst read(byte[] frame, int linkBytes) {
    Memory memory = Memory.allocate(frame.length);
    memory.buffer().put(0, frame);
    Burst burst = new Burst();
    assertThat(burst.checkOffloaded(memory.buffer(), memory.address(), 0, frame.length, linkBytes))
        .isNull();
    return burst;
  }

  /** The burst of a packet of either family and any header length, to be cut into segments. */
  static Burst burst(ByteBuffer packet, int segmentBytes) {
    Burst whole = single(packet);
    boolean tcp = whole.protocol() == Ip.TCP;
    int header = whole.headerBytes();
    int transport = whole.transport();
    int bytes = packet.capacity() - transport;
    int field = transport + (tcp ? 16 : 6);
    ByteBuffer b = ByteBuffer.allocate(VirtioHeader.BYTES + packet.capacity());
    b.put(VirtioHeader.BYTES, packet, 0, packet.capacity());
    // What the kernel leaves there: the sum of the pseudo-header.
    b.putShort(
        VirtioHeader.BYTES + field,
        (short) Checksum.fold(Checksum.pseudo(packet, 0, whole.protocol(), bytes)));
    b.order(ByteOrder.LITTLE_ENDIAN);
    int tcpType = whole.version() == 4 ? 1 : 4;
    int ecn = tcp && (packet.get(transport + 13) & Tcp.CWR) != 0 ? 0x80 : 0;
    b.put(0, (byte) 1).put(1, (byte) (tcp ? tcpType | ecn : 5));
    b.putShort(2, (short) header).putShort(4, (short) segmentBytes);
    b.putShort(6, (short) transport).putShort(8, (short) (tcp ? 16 : 6));
    return burst(b.array());
  }

  /** A contiguous burst as a packet socket sends it: virtio header, link header, packet. */
  static byte[] framed(byte[] link, Burst burst) {
    byte[] frame = PacketTap.plain(link, Packets.bytes(burst));
    VirtioHeader.write(ByteBuffer.wrap(frame), 0, burst, link.length);
    return frame;
  }

  /** A random packet or burst of random kind and size, to port 9. */
  static Burst any(Gen gen, String from, String to) {
    return any(gen, from, to, 9);
  }

  /** A random packet or burst of random kind and size; no packet is longer than 1,448 bytes. */
  static Burst any(Gen gen, String from, String to, int port) {
    FlowKey udp = Packets.key(Ip.UDP, from, gen.range(1024, 65_000), to, port);
    FlowKey tcp = Packets.key(Ip.TCP, from, gen.range(1024, 65_000), to, port);
    return switch (gen.below(3)) {
      case 0 -> single(Packets.udp(udp, gen.bytes(gen.range(0, 1400))));
      case 1 -> burst(Packets.udp(udp, gen.bytes(gen.range(1, 40_000))), gen.range(600, 1380));
      default ->
          burst(
              Packets.tcp(tcp, 0x18, gen.anyInt(), 1, gen.bytes(gen.range(1, 60_000))),
              gen.range(500, 1360));
    };
  }

  /** The packets that a burst stands for. */
  static List<byte[]> packets(Burst burst) {
    List<byte[]> packets = new ArrayList<>();
    ByteBuffer arena = ByteBuffer.allocate(Segmenter.ARENA_BYTES);
    Segmenter segmenter = new Segmenter(arena);
    for (int first = 0; first < burst.segments(); ) {
      int n = segmenter.segment(burst, first);
      for (int i = 0; i < n; i++) {
        byte[] packet = new byte[segmenter.headerBytes() + segmenter.payloadBytes(i)];
        arena.get(segmenter.headerStart(i), packet, 0, segmenter.headerBytes());
        burst
            .buffer()
            .get(
                segmenter.payloadStart(i),
                packet,
                segmenter.headerBytes(),
                segmenter.payloadBytes(i));
        packets.add(packet);
      }
      first += n;
    }
    return packets;
  }
}
