// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import oasis.flow.NatBehaviour;
import oasis.packet.Address;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Prefix;
import oasis.testkit.Packets;

/** Each backend with each IP version inside: whatever holds for one, holds for all. */
enum World {
  KERNEL4(BackendKind.KERNEL, true),
  KERNEL6(BackendKind.KERNEL, false),
  RAW4(BackendKind.RAW, true),
  RAW6(BackendKind.RAW, false);

  static final Prefix POOL4 = Prefix.parse("100.64.0.0/10");
  static final Prefix POOL6 = Prefix.parse("fd6f:6173:6973::/64");
  static final Address EXTERNAL4 = Address.parse("198.51.100.200");
  static final Address EXTERNAL6 = Address.parse("2600:5::200");
  static final int FIRST_PORT = 61_000;
  static final int LAST_PORT = 64_999;

  final BackendKind kind;
  final boolean v4;

  World(BackendKind kind, boolean v4) {
    this.kind = kind;
    this.v4 = v4;
  }

  boolean raw() {
    return kind == BackendKind.RAW;
  }

  /** A client's inner address. */
  String inner(int host) {
    return (v4 ? "192.168.1." : "fdc6:1200::") + host;
  }

  /** A destination that is open. */
  String server(int host) {
    return (v4 ? "203.0.113." : "2600:9::") + host;
  }

  /** A router between node and destinations. */
  String router() {
    return v4 ? "198.51.100.77" : "2600:7::77";
  }

  /** A destination that is closed. */
  String closed() {
    return v4 ? "10.1.2.3" : "fd00:1::3";
  }

  /** The node's own address, under which the raw backend's flows leave. */
  Address external() {
    return v4 ? EXTERNAL4 : EXTERNAL6;
  }

  /** Range of the addresses that the destination, or the kernel, sees. */
  Prefix outside() {
    Address external = external();
    return raw() ? new Prefix(external.hi(), external.lo(), v4 ? 32 : 128) : pool();
  }

  Prefix pool() {
    return v4 ? POOL4 : POOL6;
  }

  int icmp() {
    return v4 ? Ip.ICMP : Ip.ICMP6;
  }

  /** Bytes of the IP header. */
  int ipBytes() {
    return v4 ? Ip.V4_BYTES : Ip.V6_BYTES;
  }

  FlowKey key(int protocol, int sport, int dport) {
    return Packets.key(protocol, inner(7), sport, server(9), dport);
  }

  /** An engine for clients of 192.0.2.0/24 and 2600:1::/32. */
  ExitEngine engine(ExitLimits limits, List<Prefix> opened, long seed, ExitEffects out) {
    return engine(limits, NatBehaviour.GATEWAY, opened, seed, out);
  }

  /** The same with another behaviour of the translator. */
  ExitEngine engine(
      ExitLimits limits, NatBehaviour nat, List<Prefix> opened, long seed, ExitEffects out) {
    List<Prefix> allowed =
        new ArrayList<>(List.of(Prefix.parse("192.0.2.0/24"), Prefix.parse("2600:1::/32")));
    EngineConfig config =
        new EngineConfig(
            allowed,
            opened,
            EngineConfig.CLOSED_PORTS,
            POOL4,
            POOL6,
            true,
            FIRST_PORT,
            LAST_PORT,
            nat,
            1400,
            limits,
            seed);
    ExitEngine engine =
        new ExitEngine(config, kind, ByteBuffer.allocateDirect(ExitEngine.MEMORY_BYTES), 0, out);
    engine.external(List.of(EXTERNAL4, EXTERNAL6), 0);
    return engine;
  }
}
