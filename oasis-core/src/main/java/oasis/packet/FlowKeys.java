// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/** Reads the 5-tuple of a checked burst, or of a packet quoted in an ICMP error. */
final class FlowKeys {
  private FlowKeys() {}

  static FlowKey read(Burst b, FlowKey into) {
    return read(b.buffer, b.start, b.protocol, b.transport, into);
  }

  /** Needs 8 readable bytes at {@code transport} when the protocol is TCP, UDP or ICMP. */
  static FlowKey read(ByteBuffer m, int ip, int protocol, int transport, FlowKey into) {
    if (Ip.version(m, ip) == 4) {
      into.srcHi = 0;
      into.srcLo = Addresses.v4(m.getInt(ip + 12));
      into.dstHi = 0;
      into.dstLo = Addresses.v4(m.getInt(ip + 16));
    } else {
      into.srcHi = m.getLong(ip + 8);
      into.srcLo = m.getLong(ip + 16);
      into.dstHi = m.getLong(ip + 24);
      into.dstLo = m.getLong(ip + 32);
    }
    into.ports = (long) protocol << 32 | ports(m, protocol, transport) & 0xffff_ffffL;
    return into;
  }

  private static int ports(ByteBuffer m, int protocol, int transport) {
    if (protocol == Ip.TCP || protocol == Ip.UDP) {
      return m.getInt(transport);
    }
    boolean icmp = protocol == Ip.ICMP || protocol == Ip.ICMP6;
    if (icmp && Icmp.isEcho(protocol, Icmp.type(m, transport))) {
      int id = Icmp.identifier(m, transport);
      return id << 16 | id;
    }
    return 0;
  }
}
