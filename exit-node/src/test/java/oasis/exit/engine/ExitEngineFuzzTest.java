// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Prefix;
import oasis.packet.Tcp;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

/**
 * Whatever passes the check of a burst, the engine takes without an exception and within limits.
 */
class ExitEngineFuzzTest {
  private World world = World.KERNEL4;

  @Test
  void noPacketBreaksTheEngine() {
    Gen.cases(
        60,
        gen -> {
          world = gen.pick(List.of(World.values()));
          run(gen);
        });
  }

  private void run(Gen gen) {
    RecordingEffects out = new RecordingEffects();
    ExitEngine engine =
        world.engine(new ExitLimits(5, 2, 12, 6, 1000), List.of(), gen.anyLong(), out);
    out.pathMtu = gen.pick(0, 60);
    Peer peer = peer();
    engine.setPeers(gen.flip() ? List.of(peer) : List.of(), 0);
    List<byte[]> relayed = new ArrayList<>();
    Burst burst = new Burst();
    long now = 0;
    for (int i = 0; i < 2_000; i++) {
      now += gen.range(0L, 3_000_000_000L);
      ByteBuffer packet = packet(gen, out);
      if (!relayed.isEmpty() && gen.chance(0.3)) {
        packet = answer(gen, relayed.remove(gen.below(relayed.size())));
        if (burst.check(packet, 0, 0, packet.capacity()) == null) {
          engine.onClient(burst, 0, peer.hi(), peer.lo(), peer.port(), now);
        }
      } else if (burst.check(packet, 0, 0, packet.capacity()) == null) {
        if (gen.flip()) {
          int key = gen.pick(0, 0, 0, 7, 8);
          engine.onClient(burst, key, 0, Addresses.v4(gen.range(1, 9)), gen.range(1, 2), now);
        } else {
          engine.onUnderlay(burst, now);
        }
      }
      engine.onDue(now);
      assertThat(engine.view().info().flows()).isLessThanOrEqualTo(12);
      assertThat(engine.view().clients(99)).allMatch(c -> c.flows() >= 0 && c.flows() <= 6);
      out.toClient.stream()
          .filter(each -> each.endpoint().equals(peer.endpoint()))
          .forEach(each -> relayed.add(each.packet()));
      out.toClient.clear();
      out.replies.clear();
      if (gen.chance(0.001)) {
        engine.setPeers(gen.flip() ? List.of(peer) : List.of(), 0);
      }
      if (gen.chance(0.001)) {
        List<Address> addresses = new ArrayList<>(List.of(World.EXTERNAL4, World.EXTERNAL6));
        addresses.removeIf(each -> gen.flip());
        engine.external(addresses, now);
      }
    }
    engine.stop(now);
    engine.onDue(now + (1L << 50));
    assertThat(engine.view().info().flows()).isZero();
    assertThat(engine.view().info().sources()).isZero();
    assertThat(engine.view().info().clients()).isZero();
  }

  /** One of the endpoints that clients have, which takes packets to two destinations. */
  private Peer peer() {
    List<Prefix> prefixes =
        List.of(
            Prefix.parse(world.server(2) + (world.v4 ? "/32" : "/128")),
            Prefix.parse(world.server(3) + (world.v4 ? "/32" : "/128")));
    return new Peer("peer", 0, Addresses.v4(9), 1, 0, false, prefixes);
  }

  private ByteBuffer answer(Gen gen, byte[] sent) {
    Burst burst = Packets.burst(Packets.direct(sent));
    if (burst.laterFragment()) {
      return damage(gen, Packets.direct(sent));
    }
    FlowKey back = new FlowKey().of(burst).reverse();
    return damage(gen, gen.chance(0.3) ? error(back, sent) : fresh(gen, back));
  }

  /** A plausible packet, perhaps damaged; or an answer to one that the engine has let out. */
  private ByteBuffer packet(Gen gen, RecordingEffects out) {
    if (!out.toUnderlay.isEmpty() && gen.chance(0.5)) {
      byte[] sent = out.toUnderlay.remove(gen.below(out.toUnderlay.size()));
      return answer(gen, sent);
    }
    String pool = world.v4 ? "100.64.7." : "fd6f:6173:6973::";
    FlowKey key =
        Packets.key(
            gen.pick(Ip.TCP, Ip.UDP, world.icmp(), 47),
            world.inner(gen.range(1, 3)),
            gen.range(1, 3),
            gen.chance(0.8) ? world.server(gen.range(1, 3)) : pool + gen.below(256),
            gen.pick(53, 80));
    return damage(gen, fresh(gen, key));
  }

  private ByteBuffer fresh(Gen gen, FlowKey key) {
    byte[] payload = gen.bytes(gen.below(20));
    return switch (key.protocol()) {
      case Ip.TCP ->
          Packets.tcp(
              key, gen.flip() ? Tcp.SYN : gen.below(64), gen.anyInt(), gen.anyInt(), payload);
      case Ip.UDP -> Packets.udp(key, payload);
      case Ip.ICMP, Ip.ICMP6 ->
          gen.flip()
              ? Packets.echo(key, gen.flip(), 1)
              : Packets.icmp(key, gen.below(20), 0, payload);
      default -> Packets.udp(key, payload).put(world.v4 ? 9 : 6, (byte) key.protocol());
    };
  }

  private ByteBuffer error(FlowKey back, byte[] sent) {
    FlowKey router =
        new FlowKey().set(back.srcHi, back.srcLo, back.dstHi, back.dstLo, world.icmp(), 0, 0);
    byte[] quote = new byte[4 + sent.length];
    System.arraycopy(sent, 0, quote, 4, sent.length);
    return Packets.icmp(router, world.v4 ? 3 : 1, 1, quote);
  }

  private ByteBuffer damage(Gen gen, ByteBuffer packet) {
    for (int flips = gen.chance(0.3) ? gen.range(1, 3) : 0; flips > 0; flips--) {
      packet.put(gen.below(packet.capacity()), (byte) gen.anyInt());
    }
    if (gen.chance(0.1)) {
      packet.putShort(6, (short) gen.anyInt());
    }
    if (world.v4 && gen.chance(0.7)) {
      // So that what is damaged is seen, not only that it is.
      int header = Math.min(packet.capacity(), (packet.get(0) & 15) * 4) & ~1;
      packet.putShort(10, (short) 0);
      packet.putShort(10, (short) Checksum.finish(Checksum.sum(packet, 0, header, 0)));
    }
    return packet;
  }
}
