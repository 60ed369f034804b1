// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import oasis.testkit.Gen;

/** Random valid packets with right checksums, as byte arrays. */
final class RandomPackets {
  /** What varies; each field may be set before {@link #build}. */
  int version;

  int protocol;
  byte[] ipOptions = new byte[0];
  byte[] extensions = new byte[0];
  byte[] tcpOptions = new byte[0];
  byte[] payload;
  int flags = Tcp.ACK;
  int id;
  int fragmentWord;

  private final Gen gen;

  RandomPackets(Gen gen) {
    this.gen = gen;
    version = gen.flip() ? 4 : 6;
    protocol = gen.pick(Ip.TCP, Ip.TCP, Ip.UDP, Ip.UDP, version == 4 ? Ip.ICMP : Ip.ICMP6);
    payload = gen.bytes(gen.chance(0.1) ? 0 : gen.below(1500));
    id = gen.below(65_536);
    fragmentWord = gen.flip() ? 0x4000 : 0;
    if (gen.chance(0.3)) {
      ipOptions = gen.bytes(4 * gen.range(1, 10));
      extensions = extensions(gen.range(1, 4));
    }
    if (gen.chance(0.7)) {
      tcpOptions = gen.bytes(4 * gen.range(1, 10));
    }
  }

  static byte[] any(Gen gen) {
    return new RandomPackets(gen).build();
  }

  static ByteBuffer direct(byte[] bytes) {
    return ByteBuffer.allocateDirect(bytes.length).put(0, bytes);
  }

  private byte[] extensions(int count) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int i = 0; i < count; i++) {
      boolean last = i + 1 == count;
      // The type of each header stands in the one before; hop-by-hop may only come first.
      byte[] header = gen.bytes(8 * gen.range(1, 4));
      header[0] = (byte) (last ? -1 : gen.pick(43, 60));
      header[1] = (byte) (header.length / 8 - 1);
      header[3] = 0;
      all.writeBytes(header);
    }
    return all.toByteArray();
  }

  byte[] build() {
    byte[] transport = transport();
    byte[] packet = version == 4 ? ip4(transport) : ip6(transport);
    Slow.fixIp(packet);
    Slow.fixTransport(packet);
    return packet;
  }

  private byte[] transport() {
    ByteBuffer t = ByteBuffer.allocate(headerBytes() + payload.length);
    t.put(gen.bytes(headerBytes()));
    switch (protocol) {
      case Ip.TCP -> {
        t.put(12, (byte) (headerBytes() / 4 << 4)).put(13, (byte) flags);
        t.put(20, tcpOptions);
      }
      case Ip.UDP -> t.putShort(4, (short) t.capacity());
      case Ip.ICMP -> t.put(0, (byte) (gen.flip() ? 0 : 8)).put(1, (byte) 0);
      default -> t.put(0, (byte) (gen.flip() ? 128 : 129)).put(1, (byte) 0);
    }
    return t.put(payload).array();
  }

  private int headerBytes() {
    return protocol == Ip.TCP ? Tcp.BYTES + tcpOptions.length : 8;
  }

  private byte[] ip4(byte[] transport) {
    int header = 20 + ipOptions.length;
    ByteBuffer p = ByteBuffer.allocate(header + transport.length);
    p.put(0, (byte) (0x40 | header / 4)).put(1, (byte) gen.anyInt());
    p.putShort(2, (short) p.capacity()).putShort(4, (short) id);
    p.putShort(6, (short) fragmentWord);
    p.put(8, (byte) gen.range(1, 255)).put(9, (byte) protocol);
    p.putInt(12, gen.range(0x0100_0000, 0x7fff_ffff)).putInt(16, gen.range(1, 0x7fff_ffff));
    return p.put(20, ipOptions).put(header, transport).array();
  }

  private byte[] ip6(byte[] transport) {
    ByteBuffer p = ByteBuffer.allocate(40 + extensions.length + transport.length);
    p.putInt(0, 0x6000_0000 | gen.below(1 << 28));
    p.putShort(4, (short) (p.capacity() - 40));
    p.put(6, (byte) (extensions.length > 0 ? gen.pick(0, 43, 60) : protocol));
    p.put(7, (byte) gen.range(1, 255));
    p.putLong(8, 0x2000_0000_0000_0000L | gen.anyLong() >>> 4).putLong(16, gen.anyLong());
    p.putLong(24, 0x2000_0000_0000_0000L | gen.anyLong() >>> 4).putLong(32, gen.anyLong());
    p.put(40, extensions).put(40 + extensions.length, transport);
    int at = 40;
    while (at < 40 + extensions.length) {
      int bytes = (p.get(at + 1) & 0xff) * 8 + 8;
      if (p.get(at) == -1) {
        p.put(at, (byte) protocol);
      }
      at += bytes;
    }
    return p.array();
  }
}
