// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.nio.ByteBuffer;
import java.util.List;
import oasis.packet.Address;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Prefix;
import oasis.packet.Tcp;
import oasis.testkit.Packets;

/** An engine, what it asks for, and how to talk to it. */
class EngineRig {
  static final long SECOND = 1_000_000_000L;
  static final byte[] DATA = {1, 2, 3};
  static final Client ALICE = new Client("192.0.2.1", 40001);
  static final Client BOB = new Client("2600:1::b", 40001);

  /** A client endpoint. */
  record Client(String address, int port) {
    @Override
    public String toString() {
      Address parsed = Address.parse(address);
      return Snapshots.endpoint(parsed.hi(), parsed.lo(), port);
    }
  }

  final World world;
  final RecordingEffects out = new RecordingEffects();
  ExitEngine engine;
  long now = -5 * SECOND; // System.nanoTime may be negative

  EngineRig(World world) {
    this.world = world;
    engine = engine(ExitLimits.DEFAULT, List.of());
  }

  final ExitEngine engine(ExitLimits limits, List<Prefix> opened) {
    return world.engine(limits, opened, 7, out);
  }

  final FlowKey udp(int sport, int dport) {
    return world.key(Ip.UDP, sport, dport);
  }

  final FlowKey tcp(int sport) {
    return world.key(Ip.TCP, sport, 80);
  }

  /** Lets a client open a TCP connection; returns the direction back, as it arrives. */
  final FlowKey connect(FlowKey key) {
    send(ALICE, syn(key));
    FlowKey back = key(out.onlySent()).reverse();
    receive(Packets.tcp(back, Tcp.SYN | Tcp.ACK, 1, 2, new byte[0]));
    out.onlyClient();
    send(ALICE, Packets.tcp(key, Tcp.ACK, 2, 2, new byte[0]));
    out.onlySent();
    return back;
  }

  final int flowsAfter(int seconds) {
    now += seconds * SECOND;
    engine.onDue(now);
    return engine.view().info().flows();
  }

  final void send(Client from, ByteBuffer packet) {
    Address address = Address.parse(from.address());
    engine.onClient(Packets.burst(packet), address.hi(), address.lo(), from.port(), now);
  }

  final void receive(ByteBuffer packet) {
    engine.onUnderlay(Packets.burst(packet), now);
  }

  static ByteBuffer syn(FlowKey key) {
    return Packets.tcp(key, Tcp.SYN, 1, 0, new byte[0]);
  }

  static FlowKey key(byte[] packet) {
    return new FlowKey().of(Packets.burst(Packets.direct(packet)));
  }

  static byte[] bytes(ByteBuffer packet) {
    byte[] bytes = new byte[packet.capacity()];
    packet.get(0, bytes);
    return bytes;
  }

  /** What follows type, code and checksum of an ICMP error: four bytes, then the packet. */
  static byte[] quote(byte[] packet) {
    byte[] quote = new byte[4 + packet.length];
    System.arraycopy(packet, 0, quote, 4, packet.length);
    return quote;
  }

  /** An ICMP error of the world's family. */
  final ByteBuffer error(String from, Address to, int type4, int type6, byte[] about) {
    FlowKey key = Packets.key(world.icmp(), from, 0, to.toString(), 0);
    return Packets.icmp(key, world.v4 ? type4 : type6, 3, quote(about));
  }
}
