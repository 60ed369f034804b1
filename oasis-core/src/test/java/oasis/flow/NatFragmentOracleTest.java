// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static oasis.testkit.Packets.burst;
import static oasis.testkit.Packets.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

/**
 * Fragments of many datagrams, mixed in any order, against the plainest of references: what the
 * other side puts together is the datagram that would have come whole.
 */
class NatFragmentOracleTest extends NatRig {
  private static final int CLIENTS = 4;

  /** A datagram on its way, and what has arrived of it. */
  private static final class Datagram {
    final int client;
    final boolean outbound;
    final ByteBuffer expected;
    final List<ByteBuffer> parts;
    final List<byte[]> arrived = new ArrayList<>();

    Datagram(int client, boolean outbound, ByteBuffer expected, List<ByteBuffer> parts) {
      this.client = client;
      this.outbound = outbound;
      this.expected = expected;
      this.parts = parts;
    }
  }

  private final FlowKey[] inside = new FlowKey[CLIENTS];
  private final FlowKey[] outside = new FlowKey[CLIENTS];
  private final Map<String, Datagram> byWire = new HashMap<>();

  @Test
  void whatIsPutTogetherIsTheDatagramThatWouldHaveComeWhole() {
    Gen.cases(
        200,
        gen -> {
          NatFragmentOracleTest run = new NatFragmentOracleTest();
          run.check(gen);
        });
  }

  private void check(Gen gen) {
    boolean v4 = gen.flip();
    for (int client = 0; client < CLIENTS; client++) {
      String host = v4 ? HOST : "fd00::5";
      int sport = gen.range(1, 0xffff);
      inside[client] = Packets.key(Ip.UDP, host, sport, v4 ? REMOTE : "2001:db8:9::9", 9);
      outside[client] = outside(inside[client], client, 0);
    }
    List<Datagram> datagrams = new ArrayList<>();
    List<Datagram> turns = new ArrayList<>();
    int parts = 0;
    // Each direction has room for half of the fragments that wait.
    while (datagrams.size() < 6 && parts < NatFragments.WAITING / 2 - 8) {
      Datagram one = datagram(gen, gen.below(CLIENTS), gen.flip(), datagrams.size());
      datagrams.add(one);
      parts += one.parts.size();
      one.parts.forEach(part -> turns.add(one));
    }
    while (!turns.isEmpty()) {
      Datagram next = turns.remove(gen.below(turns.size()));
      ByteBuffer part = next.parts.remove(gen.below(next.parts.size()));
      now += 1000;
      pass(next, part);
    }
    for (Datagram each : datagrams) {
      ByteBuffer whole = Packets.whole(each.arrived);
      assertThat(array(whole)).isEqualTo(array(each.expected));
    }
    assertThat(lost).isEmpty();
  }

  private Datagram datagram(Gen gen, int client, boolean outbound, int number) {
    byte[] data = gen.bytes(gen.range(50, 300));
    FlowKey from = outbound ? inside[client] : new FlowKey().set(outside[client]).reverse();
    FlowKey to = outbound ? outside[client] : new FlowKey().set(inside[client]).reverse();
    // Clients use the same numbers; the remote end numbers its own.
    int id = outbound ? number % 2 + (client << 2) % 8 : 100 + number;
    ByteBuffer expected = Packets.udp(to, data);
    if (Ip.version(expected, 0) == 4) {
      Packets.fixHeader(expected.putInt(4, 0));
    }
    List<ByteBuffer> parts =
        Packets.fragments(Packets.udp(from, data), id + number * 16, 8 * gen.range(4, 12));
    return new Datagram(client, outbound, expected, new ArrayList<>(parts));
  }

  private void pass(Datagram of, ByteBuffer part) {
    Burst b = burst(part);
    boolean first = !b.laterFragment();
    if (of.outbound) {
      DropReason why = nat.outbound(b, of.client, now);
      assertThat(why).isIn(null, DropReason.HELD);
      if (why != null) {
        return;
      }
    } else {
      int client = nat.inbound(b, now);
      if (client < 0) {
        assertThat(nat.lastDrop()).isEqualTo(DropReason.HELD);
        return;
      }
      assertThat(client).isEqualTo(of.client);
    }
    arrive(of, b);
    if (first) {
      for (Burst more = nat.released(now); more != null; more = nat.released(now)) {
        arrive(of, more);
      }
    } else {
      assertThat(nat.released(now)).isNull();
    }
  }

  private void arrive(Datagram of, Burst b) {
    Packets.assertChecksums(bytes(b));
    of.arrived.add(bytes(b));
    // No two datagrams of one pair of hosts may have one number.
    String wire = of.outbound + " " + Ip.srcLo(b.buffer(), b.start()) + " " + b.fragmentId();
    if (of.outbound) {
      assertThat(byWire.computeIfAbsent(wire, w -> of)).isSameAs(of);
    }
  }
}
