// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.jmh;

import java.nio.ByteBuffer;
import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.Coalescer;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.packet.VirtioHeader;

/**
 * The packets of one operation in memory, as a port gives them. Engines rewrite headers in place,
 * so the first packet's headers, and only those, are written anew before each operation.
 */
final class Input {
  static final int SERVER_PORT = 8080;

  /** Linux, include/uapi/linux/virtio_net.h: checksum left to do, and kinds of bursts. */
  private static final int NEEDS_CSUM = 1;

  private static final int GSO_TCP4 = 1;
  private static final int GSO_TCP6 = 4;
  private static final int GSO_UDP_L4 = 5;

  /** RFC 768. */
  private static final int UDP_BYTES = 8;

  private static final int TCP_CHECKSUM = 16;
  private static final int UDP_CHECKSUM = 6;
  private static final int HOPS = 64;

  private final ByteBuffer memory;
  private final ByteBuffer headers;
  private final int packetBytes;

  private Input(ByteBuffer memory, int headerBytes, int packetBytes) {
    this.memory = memory;
    this.packetBytes = packetBytes;
    headers = ByteBuffer.allocateDirect(headerBytes);
    headers.put(0, memory, 0, headerBytes);
  }

  /** Equal packets one behind the other with complete checksums, as {@code UDP_GRO} gives them. */
  static Input run(FlowKey key, Shape shape) {
    int headerBytes = headerBytes(key);
    int each = headerBytes + shape.payloadBytes;
    ByteBuffer memory = ByteBuffer.allocateDirect(shape.packets * each);
    for (int i = 0; i < shape.packets; i++) {
      write(memory, i * each, key, i, Tcp.ACK, shape.payloadBytes);
      checksum(memory, i * each, key, shape.payloadBytes);
    }
    return new Input(memory, headerBytes, each);
  }

  /** One burst behind an offload header, as TUN devices and packet sockets give it. */
  static Input offloaded(FlowKey key, Shape shape) {
    int headerBytes = headerBytes(key);
    int payload = shape.packets * shape.payloadBytes;
    int ip = VirtioHeader.BYTES;
    ByteBuffer memory = ByteBuffer.allocateDirect(ip + headerBytes + payload);
    write(memory, ip, key, 0, Tcp.ACK, payload);
    int transport = headerBytes - transportBytes(key);
    int field = key.protocol() == Ip.UDP ? UDP_CHECKSUM : TCP_CHECKSUM;
    long pseudo = Checksum.pseudo(key, transportBytes(key) + payload);
    memory.putShort(ip + transport + field, (short) Checksum.fold(pseudo));
    memory.put(0, (byte) NEEDS_CSUM);
    little(memory, 6, transport);
    little(memory, 8, field);
    if (shape.packets > 1) {
      int gso = v4(key) ? GSO_TCP4 : GSO_TCP6;
      memory.put(1, (byte) (key.protocol() == Ip.UDP ? GSO_UDP_L4 : gso));
      little(memory, 2, headerBytes);
      little(memory, 4, shape.payloadBytes);
    }
    return new Input(memory, ip + headerBytes, memory.capacity());
  }

  /** One TCP segment without payload. */
  static Input segment(FlowKey key, int flags) {
    ByteBuffer memory = ByteBuffer.allocateDirect(headerBytes(key));
    write(memory, 0, key, 0, flags, 0);
    checksum(memory, 0, key, 0);
    return new Input(memory, memory.capacity(), memory.capacity());
  }

  /** One UDP datagram without payload. */
  static Input query(FlowKey key) {
    return segment(key, 0);
  }

  private static boolean v4(FlowKey key) {
    return Addresses.isV4(key.srcHi, key.srcLo);
  }

  private static int transportBytes(FlowKey key) {
    return key.protocol() == Ip.UDP ? UDP_BYTES : Tcp.BYTES;
  }

  private static int headerBytes(FlowKey key) {
    return (v4(key) ? Ip.V4_BYTES : Ip.V6_BYTES) + transportBytes(key);
  }

  private static void write(
      ByteBuffer b, int at, FlowKey key, int index, int flags, int payloadBytes) {
    int length = transportBytes(key) + payloadBytes;
    int transport = at + headerBytes(key) - transportBytes(key);
    if (v4(key)) {
      b.putShort(at, (short) 0x4500).putShort(at + 2, (short) (Ip.V4_BYTES + length));
      b.putShort(at + 4, (short) index).putShort(at + 6, (short) 0x4000);
      b.put(at + 8, (byte) HOPS).put(at + 9, (byte) key.protocol());
      b.putInt(at + 12, (int) key.srcLo).putInt(at + 16, (int) key.dstLo);
      b.putShort(at + 10, (short) Checksum.finish(Checksum.sum(b, at, Ip.V4_BYTES, 0)));
    } else {
      b.putInt(at, 6 << 28).putShort(at + 4, (short) length);
      b.put(at + 6, (byte) key.protocol()).put(at + 7, (byte) HOPS);
      b.putLong(at + 8, key.srcHi).putLong(at + 16, key.srcLo);
      b.putLong(at + 24, key.dstHi).putLong(at + 32, key.dstLo);
    }
    b.putShort(transport, (short) key.sport()).putShort(transport + 2, (short) key.dport());
    if (key.protocol() == Ip.UDP) {
      b.putShort(transport + 4, (short) length);
    } else {
      b.putInt(transport + 4, 1 + index * payloadBytes).putInt(transport + 8, 1);
      b.put(transport + 12, (byte) 0x50).put(transport + 13, (byte) flags);
      b.putShort(transport + 14, (short) 500);
    }
  }

  private static void checksum(ByteBuffer b, int at, FlowKey key, int payloadBytes) {
    int transport = at + headerBytes(key) - transportBytes(key);
    int bytes = transportBytes(key) + payloadBytes;
    int field = transport + (key.protocol() == Ip.UDP ? UDP_CHECKSUM : TCP_CHECKSUM);
    long sum = Checksum.sum(b, transport, bytes, Checksum.pseudo(key, bytes));
    b.putShort(field, (short) Checksum.finish(sum));
  }

  private static void little(ByteBuffer b, int at, int value) {
    b.put(at, (byte) value).put(at + 1, (byte) (value >>> 8));
  }

  /** Looks at the offloaded burst. */
  Burst offloadedInto(Burst burst) {
    memory.put(0, headers, 0, headers.capacity());
    require(burst.checkOffloaded(memory, 0, 0, memory.capacity(), 0) == null);
    return burst;
  }

  /** Looks at the only packet. */
  Burst into(Burst burst) {
    memory.put(0, headers, 0, headers.capacity());
    require(burst.check(memory, 0, 0, memory.capacity()) == null);
    return burst;
  }

  /** Begins to merge the packets. */
  void begin(Coalescer coalescer) {
    memory.put(0, headers, 0, headers.capacity());
    coalescer.begin(memory, 0, 0, memory.capacity(), packetBytes);
  }

  private static void require(boolean holds) {
    if (!holds) {
      throw new IllegalStateException("the benchmark's own packet is refused");
    }
  }
}
