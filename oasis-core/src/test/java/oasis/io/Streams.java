// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import oasis.os.Memory;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.Coalescer;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.Gen;
import oasis.testkit.Packets;

/** Random bursts and runs of packets of one flow, for comparing with the kernel. */
final class Streams {
  private static final int MTU = 1500;

  private Streams() {}

  /** A burst of any size and headers, as an application or a device with offload makes it. */
  static Burst burst(Gen gen, int version, int protocol) {
    int flags = Tcp.ACK | gen.pick(0, 0, Tcp.PSH, Tcp.FIN, Tcp.PSH | Tcp.FIN);
    flags |= gen.pick(0, 0, Tcp.CWR, Tcp.ECE);
    ByteBuffer packet = headers(gen, version, protocol, flags, gen.range(1, 55_000));
    int header = (version == 4 ? 20 : 40) + (protocol == Ip.TCP ? tcpHeader(packet, version) : 8);
    int payload = packet.capacity() - header;
    // The kernel makes at most 64 (UDP, older ones) or 128 segments of one burst of datagrams.
    int least = Math.max(1, (payload + 63) / 64);
    int size = gen.range(least, MTU - header);
    return Bursts.burst(packet, Math.max(size, least));
  }

  private static int tcpHeader(ByteBuffer packet, int version) {
    return (packet.get((version == 4 ? 20 : 40) + 12) >> 4 & 15) * 4;
  }

  private static ByteBuffer headers(
      Gen gen, int version, int protocol, int flags, int payloadBytes) {
    FlowKey key =
        version == 4
            ? Packets.key(protocol, "10.9.0.2", gen.range(1024, 65_535), "10.8.0.2", 7000)
            : Packets.key(protocol, "fd09::2", gen.range(1024, 65_535), "fd08::2", 7000);
    byte[] payload = gen.bytes(payloadBytes);
    ByteBuffer p =
        protocol == Ip.TCP
            ? Packets.tcp(key, flags, gen.anyInt(), gen.anyInt(), options(gen), payload)
            : Packets.udp(key, payload);
    if (version == 4) {
      p.put(1, (byte) gen.anyInt()).putShort(4, (short) gen.anyInt());
      p.putShort(6, (short) (gen.flip() ? 0x4000 : 0)).put(8, (byte) gen.range(2, 255));
      Packets.fixHeader(p);
    } else {
      p.putInt(0, 0x6000_0000 | gen.below(1 << 28)).put(7, (byte) gen.range(2, 255));
    }
    return p;
  }

  /** No options, timestamps, or any bytes. */
  private static byte[] options(Gen gen) {
    return switch (gen.below(3)) {
      case 0 -> new byte[0];
      case 1 -> ByteBuffer.allocate(12).putInt(0x0101_080a).putLong(gen.anyLong()).array();
      default -> gen.bytes(4 * gen.range(1, 10));
    };
  }

  /**
   * The packets of a stream as they may come from the network: most of them would merge, but some
   * have other flags, acknowledge more, have other options, are short, broken, lost or late.
   *
   * @param broken whether some may have a wrong checksum
   */
  static List<byte[]> packets(Gen gen, int version, int protocol, boolean broken) {
    int header = (version == 4 ? 20 : 40) + (protocol == Ip.TCP ? 20 : 8);
    int size = gen.range(20, 1380);
    int count = gen.range(2, 40);
    ByteBuffer whole =
        headers(gen, version, protocol, Tcp.ACK, Math.min(55_000, size * count - gen.below(size)));
    List<byte[]> packets = Bursts.packets(Bursts.burst(whole, size));
    int transport = version == 4 ? 20 : 40;
    for (int i = gen.below(4); i > 0; i--) {
      int at = gen.below(packets.size());
      if (protocol == Ip.TCP) {
        spoilTcp(gen, packets, at, transport);
      }
      spoil(gen, packets, at, header, broken);
    }
    return packets;
  }

  /** The packets of a stream that all merge. */
  static List<byte[]> plain(Gen gen, int version, int protocol, int count, int size) {
    ByteBuffer whole = headers(gen, version, protocol, Tcp.ACK, count * size);
    return Bursts.packets(Bursts.burst(whole, size));
  }

  private static void spoilTcp(Gen gen, List<byte[]> packets, int at, int transport) {
    byte[] p = packets.get(at);
    switch (gen.below(5)) {
      case 0 -> p[transport + 13] |= (byte) gen.pick(Tcp.PSH, Tcp.FIN, Tcp.ECE, Tcp.CWR);
      case 1 -> p[transport + 11] ^= 1; // acknowledgment
      case 2 -> p[transport + 15] ^= 1; // window
      case 3 -> {
        int header = (p[transport + 12] >> 4 & 15) * 4;
        // Not the urgent pointer, which the kernel's GRO loses where it means nothing (no URG);
        // ours
        // keeps such segments apart.
        p[transport + header - 1] ^= (byte) (header > Tcp.BYTES ? 1 : 0);
      }
      default -> {}
    }
    fixTransport(p, transport);
  }

  private static void spoil(Gen gen, List<byte[]> packets, int at, int header, boolean broken) {
    byte[] p = packets.get(at);
    int version = p[0] >> 4;
    switch (gen.range(broken ? 0 : 1, 5)) {
      case 0 -> p[p.length - 1] ^= 1; // the checksum is wrong now
      case 1 -> packets.remove(at);
      case 2 -> Collections.swap(packets, at, gen.below(packets.size()));
      case 3 -> {
        p[version == 4 ? 8 : 7] ^= 1;
        fixHeader(p);
      }
      case 4 -> {
        byte[] shorter = Arrays.copyOf(p, Math.max(header + 40, p.length - gen.range(1, 20)));
        if (shorter.length < p.length) {
          packets.set(at, shorten(shorter, version));
        }
      }
      default -> {}
    }
    if (packets.isEmpty()) {
      packets.add(p);
    }
  }

  private static byte[] shorten(byte[] p, int version) {
    ByteBuffer b = ByteBuffer.wrap(p);
    int transport = version == 4 ? 20 : 40;
    b.putShort(version == 4 ? 2 : 4, (short) (version == 4 ? p.length : p.length - 40));
    if (b.get(version == 4 ? 9 : 6) == Ip.UDP) {
      b.putShort(transport + 4, (short) (p.length - transport));
    }
    fixHeader(p);
    fixTransport(p, transport);
    return p;
  }

  private static void fixHeader(byte[] p) {
    if (p[0] >> 4 == 4) {
      Packets.fixHeader(ByteBuffer.wrap(p));
    }
  }

  private static void fixTransport(byte[] p, int transport) {
    ByteBuffer b = ByteBuffer.wrap(p);
    int protocol = p[transport == 20 ? 9 : 6];
    int bytes = p.length - transport;
    int field = transport + (protocol == Ip.TCP ? 16 : 6);
    b.putShort(field, (short) 0);
    long sum = Checksum.sum(b, transport, bytes, Checksum.pseudo(b, 0, protocol, bytes));
    b.putShort(field, (short) Checksum.finish(sum));
  }

  /** The packets as UDP_GRO hands them over: equal in size but for the last of a run. */
  static List<List<byte[]>> runs(List<byte[]> packets) {
    List<List<byte[]>> runs = new ArrayList<>();
    for (int first = 0; first < packets.size(); ) {
      int size = packets.get(first).length;
      int end = first + 1;
      while (end < packets.size()
          && packets.get(end - 1).length == size
          && packets.get(end).length <= size) {
        end++;
      }
      runs.add(packets.subList(first, end));
      first = end;
    }
    return runs;
  }

  /** What the coalescer makes of a run. */
  static List<Burst> coalesce(List<byte[]> run) {
    int size = run.get(0).length;
    List<Burst> bursts = new ArrayList<>();
    Memory memory = Memory.allocate(run.size() * size);
    int bytes = 0;
    for (byte[] packet : run) {
      memory.buffer().put(bytes, packet);
      bytes += packet.length;
    }
    Coalescer coalescer = new Coalescer(true);
    coalescer.begin(memory.buffer(), memory.address(), 0, bytes, size);
    while (true) {
      Burst burst = new Burst();
      int result = coalescer.next(burst);
      if (result == Coalescer.END) {
        return bursts;
      }
      assertThat(result).isEqualTo(Coalescer.BURST);
      bursts.add(burst);
    }
  }

  /** Headers and payload of a burst, as one packet; single packets with finished checksums. */
  static byte[] bytes(Burst burst) {
    return burst.segments() == 1 ? Bursts.packets(burst).get(0) : Packets.bytes(burst);
  }

  /** The packet one router farther. */
  static byte[] hop(byte[] packet) {
    byte[] p = packet.clone();
    p[p[0] >> 4 == 4 ? 8 : 7]--;
    fixHeader(p);
    return p;
  }

  static boolean same(List<byte[]> some, List<byte[]> others) {
    boolean same = some.size() == others.size();
    for (int i = 0; same && i < some.size(); i++) {
      same = Arrays.equals(some.get(i), others.get(i));
    }
    return same;
  }

  static void assertSame(List<byte[]> actual, List<byte[]> expected) {
    assertThat(actual).extracting(p -> p.length).isEqualTo(lengths(expected));
    for (int i = 0; i < expected.size(); i++) {
      assertThat(actual.get(i))
          .as("packet %d of %d", i, expected.size())
          .isEqualTo(expected.get(i));
    }
  }

  private static List<Integer> lengths(List<byte[]> packets) {
    return packets.stream().map(p -> p.length).toList();
  }
}
