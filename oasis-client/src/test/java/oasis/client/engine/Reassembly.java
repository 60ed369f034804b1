// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import oasis.packet.Burst;
import oasis.packet.Ip;
import org.jspecify.annotations.Nullable;

/** Puts datagrams together whose fragments come in any order, one behind the IPv6 header. */
final class Reassembly {
  private static final class Datagram {
    final TreeMap<Integer, byte[]> data = new TreeMap<>();
    int end = -1;
  }

  private final Map<String, Datagram> open = new HashMap<>();

  /** The whole packet when this fragment makes it complete. */
  byte @Nullable [] add(byte[] packet, Burst b) {
    ByteBuffer m = ByteBuffer.wrap(packet);
    boolean v4 = b.version() == 4;
    int word = m.getShort(v4 ? 6 : 42);
    int offset = v4 ? (word & 0x1fff) * 8 : word & 0xfff8;
    boolean more = v4 ? (word & 0x2000) != 0 : (word & 1) != 0;
    int header = v4 ? 20 : 48;
    String key =
        EngineRig.text(Ip.srcHi(m, 0), Ip.srcLo(m, 0))
            + EngineRig.text(Ip.dstHi(m, 0), Ip.dstLo(m, 0))
            + b.fragmentId();
    Datagram datagram = open.computeIfAbsent(key, k -> new Datagram());
    byte[] data = new byte[packet.length - header];
    m.get(header, data);
    datagram.data.put(offset, data);
    if (!more) {
      datagram.end = offset + data.length;
    }
    int have = 0;
    for (Map.Entry<Integer, byte[]> piece : datagram.data.entrySet()) {
      if (piece.getKey() != have) {
        return null;
      }
      have += piece.getValue().length;
    }
    if (have != datagram.end) {
      return null;
    }
    open.remove(key);
    int ip = v4 ? 20 : 40;
    ByteBuffer whole = ByteBuffer.allocateDirect(ip + have).put(0, packet, 0, ip);
    datagram.data.forEach((at, piece) -> whole.put(ip + at, piece));
    if (v4) {
      whole.putShort(2, (short) (ip + have));
      Family.mayFragment(whole);
    } else {
      whole.putShort(4, (short) have).put(6, m.get(40));
    }
    byte[] bytes = new byte[ip + have];
    whole.get(0, bytes);
    return bytes;
  }
}
