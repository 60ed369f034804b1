// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static oasis.testkit.Packets.burst;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntUnaryOperator;
import java.util.zip.CRC32C;
import oasis.flow.NatBehaviour.Filtering;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A translator's state in another process: everything goes on, and nothing damaged gets in. */
class NatTransferTest extends NatRig {
  private static final int CLIENTS = 5;
  private static final String SECOND_EXTERNAL = "203.0.113.2";
  private static final NatLimits SMALL = new NatLimits(61_000, 61_199, 20, 8, CLIENTS);
  private static final List<Integer> FLAGS =
      List.of(Tcp.SYN, Tcp.SYN, Tcp.SYN | Tcp.ACK, Tcp.ACK, Tcp.ACK, Tcp.ACK | Tcp.FIN, Tcp.RST, 0);

  private NatBehaviour behaviour = NatBehaviour.GATEWAY;

  private byte[] state(NatEngine of) {
    StateWriter out = new StateWriter(now);
    of.write(out);
    return out.finish();
  }

  private NatEngine fresh() {
    return engine(SMALL, behaviour, EXTERNAL, SECOND_EXTERNAL, EXTERNAL6);
  }

  /** Another engine that goes on with the state, its clock somewhere else. */
  private NatEngine restored(byte[] state, long at, IntUnaryOperator clients)
      throws StateException {
    NatEngine twin = fresh();
    StateReader in = new StateReader(state, at);
    twin.restore(in, clients);
    in.end();
    return twin;
  }

  @Test
  void afterARestoreEveryPacketMeetsTheFateThatItWouldHaveMet() {
    Map<String, Integer> fates = new TreeMap<>();
    Gen.cases(40, gen -> new NatTransferTest().goesOn(gen, fates));
    assertThat(fates.keySet())
        .contains("out null", "in -1", "in 0", "out HELD", "out CLIENT_FLOW_LIMIT", "hairpin");
    assertThat(fates.get("out CLIENT_FLOW_RATE")).as("rates go on").isGreaterThan(20);
  }

  private void goesOn(Gen gen, Map<String, Integer> fates) throws StateException {
    behaviour =
        new NatBehaviour(
            gen.pick(List.of(Filtering.values())),
            true,
            true,
            gen.flip() ? FlowRates.UNLIMITED : new FlowRates(20, 3, 9, 4),
            NatTimeouts.DEFAULT);
    nat = fresh();
    for (int op = gen.range(0, 300); op > 0; op--) {
      step(gen, List.of(nat), fates);
    }
    byte[] state = state(nat);
    NatEngine twin = restored(state, now, client -> client);
    assertThat(state(twin)).as("what was restored is written the same").isEqualTo(state);
    for (int op = 0; op < 200; op++) {
      step(gen, List.of(nat, twin), fates);
      assertThat(sessions(twin)).isEqualTo(sessions(nat));
      assertThat(twin.mappings()).isEqualTo(nat.mappings());
      assertThat(twin.handshakes()).isEqualTo(nat.handshakes());
    }
  }

  /** All sessions. */
  private static List<String> sessions(NatEngine of) {
    List<String> all = new ArrayList<>();
    NatRecord one = new NatRecord();
    for (int s = of.nextSession(0); s >= 0; s = of.nextSession(s + 1)) {
      of.read(s, one);
      all.add(
          "%d %d %x:%d %x:%d %x:%d %s %d %d %d"
              .formatted(
                  one.client,
                  one.protocol,
                  one.innerLo,
                  one.innerPort,
                  one.externalLo,
                  one.externalPort,
                  one.remoteLo,
                  one.remotePort,
                  one.state,
                  one.beganNs,
                  one.outPkts,
                  one.inPkts));
    }
    all.sort(null);
    return all;
  }

  private void step(Gen gen, List<NatEngine> both, Map<String, Integer> fates) {
    now += gen.chance(0.9) ? gen.below(50_000_000) : gen.pick(1, 10, 70, 240, 300) * SECOND;
    boolean outbound = gen.chance(0.6);
    int client = gen.below(CLIENTS);
    long seed = gen.anyLong();
    String first = null;
    for (NatEngine each : both) {
      while (each.nextDeadlineNs() <= now) {
        each.expire(now);
      }
      Gen mine = new Gen(seed);
      String fate = outbound ? send(mine, each, client) : receive(mine, each);
      assertThat(first == null ? fate : first).isEqualTo(fate);
      first = fate;
    }
    String word = String.valueOf(first).replaceAll("[,;].*", "");
    fates.merge(word, 1, Integer::sum);
  }

  private String send(Gen gen, NatEngine to, int client) {
    int host = gen.range(1, 2);
    int protocol = gen.pick(Ip.TCP, Ip.TCP, Ip.UDP, Ip.UDP, Ip.ICMP);
    // Ports that are kept, since two translators would draw others by lot.
    int sport = SMALL.firstPort() + 20 * client + 10 * host + gen.below(3);
    FlowKey key = Packets.key(protocol, "10.0.0." + host, sport, remote(gen), gen.pick(80, 53));
    int hairpin = gen.below(1000);
    if (gen.chance(0.2) && protocol != Ip.ICMP) {
      NatRecord mapped = session(to, hairpin);
      if (mapped != null && mapped.protocol == protocol) {
        key =
            new FlowKey()
                .set(
                    key.srcHi,
                    key.srcLo,
                    mapped.externalHi,
                    mapped.externalLo,
                    protocol,
                    sport,
                    mapped.externalPort);
      }
    }
    Burst b = burst(packet(gen, key, gen.pick(FLAGS)));
    DropReason why = to.outbound(b, client, now);
    String fate = to.hairpin() >= 0 ? "hairpin" : "out " + why;
    return fate + "; " + (why == null ? outcome(b) + released(to) : "");
  }

  private static ByteBuffer packet(Gen gen, FlowKey key, int flags) {
    if (key.protocol() == Ip.ICMP) {
      key.ports = key.ports & ~0xffffL;
      return Packets.echo(key, true, gen.below(100));
    }
    if (key.protocol() == Ip.UDP && gen.chance(0.3)) {
      ByteBuffer whole = Packets.udp(key, new byte[100]);
      return gen.pick(Packets.fragments(whole, gen.range(1, 3), 48));
    }
    return NatRig.packet(key, flags);
  }

  private String receive(Gen gen, NatEngine to) {
    NatRecord mapped = session(to, gen.below(1000));
    if (mapped == null) {
      return "in none";
    }
    boolean known = gen.chance(0.7);
    FlowKey key =
        new FlowKey()
            .set(
                mapped.remoteHi,
                known ? mapped.remoteLo : Address.parse(remote(gen)).lo(),
                mapped.externalHi,
                mapped.externalLo,
                mapped.protocol,
                mapped.remotePort,
                mapped.externalPort);
    if (gen.chance(0.1)) {
      key.ports ^= 1L << 16; // another port of the remote host
    }
    ByteBuffer packet;
    if (mapped.protocol == Ip.ICMP) {
      key.set(key.srcHi, key.srcLo, key.dstHi, key.dstLo, Ip.ICMP, mapped.externalPort, 0);
      packet = Packets.echo(key, false, 1);
    } else {
      packet = packet(gen, key, gen.pick(FLAGS));
    }
    Burst b = burst(packet);
    int client = to.inbound(b, now);
    return "in " + client + "; " + (client < 0 ? to.lastDrop() : outcome(b) + released(to));
  }

  private String released(NatEngine from) {
    StringBuilder all = new StringBuilder();
    for (Burst b = from.released(now); b != null; b = from.released(now)) {
      all.append(" and ").append(b.fragmentOffset()).append(outcome(b));
    }
    return all.toString();
  }

  /** Where a translated packet comes from and goes. */
  private static String outcome(Burst b) {
    if (b.laterFragment()) {
      return "later " + Long.toHexString(Ip.dstLo(b.buffer(), b.start())) + " " + b.fragmentId();
    }
    FlowKey key = key(b);
    return "%x:%d > %x:%d %d"
        .formatted(key.srcLo, key.sport(), key.dstLo, key.dport(), b.fragmentId());
  }

  private static String remote(Gen gen) {
    return "192.0.2." + gen.range(1, 2);
  }

  /** One of the sessions, the same one in both translators. */
  private static @Nullable NatRecord session(NatEngine of, int number) {
    List<NatRecord> all = new ArrayList<>();
    for (int s = of.nextSession(0); s >= 0; s = of.nextSession(s + 1)) {
      NatRecord one = new NatRecord();
      of.read(s, one);
      all.add(one);
    }
    all.sort(
        (a, b) ->
            Long.compare(a.client, b.client) != 0
                ? Long.compare(a.client, b.client)
                : order(a).compareTo(order(b)));
    // Of a damaged state some have addresses that no packet can have.
    all.removeIf(one -> !isPlain(one.remoteLo) || !isPlain(one.externalLo) || one.remoteHi != 0);
    return all.isEmpty() ? null : all.get(number % all.size());
  }

  private static boolean isPlain(long lo) {
    return lo >>> 24 == 0xffffc0L || lo >>> 24 == 0xffffcbL;
  }

  private static String order(NatRecord one) {
    return "%d %x %d %x %d"
        .formatted(one.protocol, one.innerLo, one.innerPort, one.remoteLo, one.remotePort);
  }

  @Test
  void anotherClockAndOtherClientNumbersDoNotMatter() throws Exception {
    nat = fresh();
    int port = connect(5);
    byte[] state = state(nat);
    now = -77 * SECOND;
    NatEngine twin = restored(state, now, client -> client + 2);
    nat = twin;
    assertThat(in(answer(Ip.TCP, REMOTE, 80, port), Tcp.ACK)).isEqualTo(3);
    FlowKey same = tcp(port, REMOTE, 81);
    assertThat(port(same, 2, Tcp.SYN)).as("on the other address").isEqualTo(port);
    assertThat(port(same, 4, Tcp.SYN)).as("its port is taken").isNotEqualTo(port);
    now += NatState.ESTABLISHED.idleNs() - 1;
    twin.expire(now);
    assertThat(twin.sessions()).isEqualTo(1);
    now += 1;
    expireAll();
    assertThat(twin.sessions()).isZero();
  }

  @Test
  void aDamagedStateIsRefusedInOneLineOrDoesNoHarm() {
    int[] fates = new int[2];
    Gen.cases(
        400,
        gen -> {
          NatTransferTest rig = new NatTransferTest();
          rig.nat = rig.fresh();
          for (int op = 0; op < 30; op++) {
            rig.step(gen, List.of(rig.nat), new TreeMap<>());
          }
          fates[rig.survives(gen, damaged(gen, rig.state(rig.nat))) ? 1 : 0]++;
        });
    assertThat(fates[0]).as("refused").isGreaterThan(50);
    assertThat(fates[1]).as("harmless").isGreaterThan(30);
  }

  /** Damaged as no accident would: the checksum is right again. */
  static byte[] damaged(Gen gen, byte[] state) {
    int length = gen.chance(0.1) ? gen.range(0, state.length) : state.length;
    byte[] bytes = Arrays.copyOf(state, length);
    for (int i = gen.range(1, 4); i > 0 && length > 0; i--) {
      // The counters of identifications are most of it, and take anything.
      int at = gen.below(Math.min(length, Math.max(1, length - 16_500)));
      bytes[at] = (byte) (gen.flip() ? gen.anyInt() : bytes[at] + gen.pick(-1, 1));
    }
    if (length >= 12) {
      CRC32C crc = new CRC32C();
      crc.update(bytes, 0, length - 4);
      ByteBuffer.wrap(bytes).putInt(length - 4, (int) crc.getValue());
    }
    return bytes;
  }

  private boolean survives(Gen gen, byte[] state) {
    NatEngine twin;
    try {
      twin = restored(state, now, client -> client < CLIENTS ? client : -1);
    } catch (StateException e) {
      assertThat(e).hasMessageMatching("the former node's state does not fit: [ -~]+");
      return false;
    }
    for (int op = 0; op < 50; op++) {
      step(gen, List.of(twin), new TreeMap<>());
    }
    twin.endAll();
    assertThat(twin.sessions() + twin.mappings() + twin.handshakes()).isZero();
    return true;
  }

  @Test
  void whatDoesNotFitIsNamed() {
    nat = fresh();
    connect(5);
    byte[] state = state(nat);
    assertThatThrownBy(() -> new StateReader(new byte[50], now)).hasMessageContaining("no state");
    byte[] torn = state.clone();
    torn[40]++;
    assertThatThrownBy(() -> new StateReader(torn, now)).hasMessageContaining("checksum");
    byte[] newer = state.clone();
    newer[7]++;
    assertThatThrownBy(() -> new StateReader(newer, now))
        .hasMessageContaining("version 2, and this program reads version 1");
    NatEngine other = engine(new NatLimits(50_000, 50_010, 20, 8, CLIENTS), NatBehaviour.GATEWAY);
    assertThatThrownBy(() -> other.restore(new StateReader(state, now), client -> client))
        .isInstanceOf(StateException.class)
        .hasMessageContaining("sessions: external port is")
        .hasMessageContaining("not 50000 to 50010");
  }
}
