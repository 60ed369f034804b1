// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import oasis.testkit.Gen;

/** Random offloaded bursts, and the reference that cuts them into packets byte by byte. */
final class Bursts {
  private Bursts() {}

  /** A whole burst as one packet with a partial checksum. */
  static byte[] superPacket(Gen gen, int protocol, int payloadBytes, int flags) {
    RandomPackets random = new RandomPackets(gen);
    random.protocol = protocol;
    random.payload = gen.bytes(payloadBytes);
    random.flags = flags;
    byte[] p = random.build();
    Slow.makePartial(p);
    return p;
  }

  static int headerBytes(byte[] p) {
    int transport = Slow.transport(p);
    return transport + (Slow.protocol(p) == 6 ? Slow.u8(p, transport + 12) / 16 * 4 : 8);
  }

  /** A burst read through its virtio header. */
  static Burst offloaded(byte[] p, int segmentBytes) {
    int transport = Slow.transport(p);
    int type = Slow.protocol(p) == 17 ? 5 : Slow.version(p) == 4 ? 1 : 4;
    byte[] all = new byte[10 + p.length];
    all[0] = 1;
    all[1] = (byte) type;
    little(all, 4, segmentBytes);
    little(all, 6, transport);
    little(all, 8, Slow.checksumAt(p) - transport);
    System.arraycopy(p, 0, all, 10, p.length);
    Burst b = new Burst();
    assertThat(b.checkOffloaded(RandomPackets.direct(all), 0, 0, all.length, 0)).isNull();
    return b;
  }

  static void little(byte[] p, int at, int value) {
    p[at] = (byte) value;
    p[at + 1] = (byte) (value >> 8);
  }

  /** The packets of a burst, as the kernel's own segmentation makes them. */
  static List<byte[]> cut(byte[] p, int segmentBytes) {
    int header = headerBytes(p);
    int transport = Slow.transport(p);
    int payload = p.length - header;
    List<byte[]> packets = new ArrayList<>();
    for (int at = 0; at < payload; at += segmentBytes) {
      int bytes = Math.min(segmentBytes, payload - at);
      byte[] q = Arrays.copyOf(p, header + bytes);
      System.arraycopy(p, header + at, q, header, bytes);
      if (Slow.version(p) == 4) {
        Slow.put16(q, 2, q.length);
        Slow.put16(q, 4, Slow.u16(p, 4) + at / segmentBytes);
      } else {
        Slow.put16(q, 4, q.length - 40);
      }
      if (Slow.protocol(p) == 6) {
        Slow.put32(q, transport + 4, Slow.u32(p, transport + 4) + at);
        int flags = Slow.u8(p, transport + 13);
        flags &= at + bytes < payload ? ~(Tcp.FIN | Tcp.PSH) : -1;
        flags &= at > 0 ? ~Tcp.CWR : -1;
        q[transport + 13] = (byte) flags;
      } else {
        Slow.put16(q, transport + 4, 8 + bytes);
      }
      Slow.fixIp(q);
      Slow.fixTransport(q);
      packets.add(q);
    }
    return packets;
  }

  /** What the segmenter makes of a burst. */
  static List<byte[]> segment(Burst b, ByteBuffer arena, int arenaAt) {
    Segmenter segmenter = new Segmenter(arena);
    List<byte[]> packets = new ArrayList<>();
    for (int first = 0; first < b.segments(); ) {
      int made = segmenter.segment(b, first, arenaAt);
      assertThat(made).isBetween(1, Segmenter.ROUND);
      for (int i = 0; i < made; i++) {
        int header = segmenter.headerBytes();
        byte[] p = new byte[header + segmenter.payloadBytes(i)];
        arena.get(segmenter.headerStart(i), p, 0, header);
        b.buffer().get(segmenter.payloadStart(i), p, header, segmenter.payloadBytes(i));
        packets.add(p);
      }
      first += made;
    }
    return packets;
  }

  static byte[] join(List<byte[]> packets) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    packets.forEach(all::writeBytes);
    return all.toByteArray();
  }
}
