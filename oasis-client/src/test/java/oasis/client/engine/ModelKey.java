// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.testkit.Packets;

/** A 5-tuple in plain text, for the reference model; of an echo both ports are the identifier. */
record ModelKey(int protocol, String src, int sport, String dst, int dport) {
  static ModelKey of(FlowKey k) {
    String src = EngineRig.text(k.srcHi, k.srcLo);
    return new ModelKey(k.protocol(), src, k.sport(), EngineRig.text(k.dstHi, k.dstLo), k.dport());
  }

  FlowKey packet() {
    return Packets.key(protocol, src, sport, dst, dport);
  }

  ModelKey reverse() {
    return new ModelKey(protocol, dst, dport, src, sport);
  }

  /** The same with another destination. */
  ModelKey to(String address) {
    return new ModelKey(protocol, src, sport, address, dport);
  }

  boolean tcp() {
    return protocol == Ip.TCP;
  }

  boolean echo() {
    return protocol == Ip.ICMP || protocol == Ip.ICMP6;
  }

  Family family() {
    return src.indexOf(':') < 0 ? Family.V4 : Family.V6;
  }

  /** As {@link FlowInfo} writes protocol, program and destination. */
  String listed() {
    String name = tcp() ? "tcp" : protocol == Ip.UDP ? "udp" : "icmp";
    return name + " " + endpoint(src, sport) + " " + endpoint(dst, dport);
  }

  /** An address and a port as {@link FlowInfo} writes them. */
  static String endpoint(String address, int port) {
    return (address.indexOf(':') < 0 ? address : "[" + address + "]") + ":" + port;
  }
}
