// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Icmp;
import oasis.packet.IcmpInner;
import oasis.packet.Ip;
import oasis.packet.Prefix;
import oasis.packet.Tcp;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.xbill.DNS.Message;
import org.xbill.DNS.Section;

/** One run of {@link EnginePropertyTest}: a client to which anything may happen, and its judges. */
final class EngineWorld {
  private static final Prefix[] RANGES = {
    Prefix.parse("198.18.0.0/16"), Prefix.parse("fdc6:1200:4710::/112")
  };
  private static final String[] RULES = {
    "name:*.example.org ron",
    "name:a.example.org narrow else next",
    "name:*.org detour else block",
    "name:*.example.net unknown",
    "tcp dport 80 detour",
    "udp dport 9000-9100 ron else block",
    "icmp narrow",
    "udp dport 9100-9200 unknown else next",
  };

  final Gen gen;
  final EngineRig rig;

  /** Fake addresses that programs were given. */
  final List<String> fakes = new ArrayList<>();

  /** The fakes that a program's port was used with, by protocol, family and port. */
  final Map<String, Set<String>> usedBy = new HashMap<>();

  /** What went out lately, with the carrier, to be answered. */
  final List<byte[]> sent = new ArrayList<>();

  final List<String> sentTo = new ArrayList<>();

  /** What programs got lately. */
  final List<byte[]> got = new ArrayList<>();

  final Reassembly datagrams = new Reassembly();
  int wholes;

  /**
   * Damaged packets went in: a fragment of one may leave with a good one, and its SYN is sent again
   * by another carrier. Their checksums are wrong and stay so.
   */
  boolean damaged;

  EngineWorld(Gen gen) {
    this.gen = gen;
    rig = new EngineRig(gen.flip() ? Family.V4 : Family.V6, rules(gen));
  }

  private static String[] rules(Gen gen) {
    List<String> rules = new ArrayList<>();
    for (int i = gen.range(1, 5); i > 0; i--) {
      rules.add(RULES[gen.below(RULES.length)]);
    }
    return rules.toArray(String[]::new);
  }

  void step() {
    rig.nowNs += gen.pick(1, 1_000, 1_000_000, 300_000_000);
    switch (gen.below(16)) {
      case 0 -> resolve();
      case 1, 2, 3, 4, 5, 6 -> send();
      case 7, 8, 9, 10 -> answer();
      case 11 -> complain();
      case 12 -> programComplains();
      case 13 -> rig.engine.onTimer(rig.nowNs);
      default -> change();
    }
    rig.out.take(this::look);
    rig.out.probes.clear();
  }

  private void change() {
    switch (gen.below(7)) {
      case 0 -> rig.engine.onRefused(gen.pick(rig.ron, rig.detour, rig.narrow), rig.nowNs);
      case 1, 2 -> {
        rig.nowNs += 1_100_000_000L;
        rig.hear(rig.ron);
        rig.hear(rig.detour);
        rig.hear(rig.narrow);
      }
      case 3 -> rig.rules(rules(gen));
      case 4 -> rig.engine.setMediate(gen.chance(0.3));
      case 5 -> rig.external6(gen.chance(0.8));
      default -> rig.out.pathMtu = gen.pick(1_290, 1_400, 65_535);
    }
  }

  private void resolve() {
    String name = gen.pick(List.of("a", "b", "c")) + ".example." + (gen.flip() ? "org" : "net");
    Family f = family();
    FlowKey query = rig.family.udp(rig.family.host, 53_000, rig.family.resolver, 53);
    byte[] answer = EngineRig.answer(name, f.type(), 0, real(f), real(f));
    rig.send(Packets.udp(query, answer));
    List<byte[]> out = new ArrayList<>();
    List<String> to = new ArrayList<>();
    rig.out.take(
        (where, packet) -> {
          out.add(packet);
          to.add(where);
        });
    if (out.size() != 1 || to.get(0).equals("tun")) {
      return;
    }
    FlowKey back = EngineRig.keyOf(out.get(0)).reverse();
    rig.receive(carrier(to.get(0)), Packets.udp(back, answer));
    rig.out.take(
        (where, packet) -> {
          assertThat(where).isEqualTo("tun");
          Message message = EngineRig.message(EngineRig.payload(packet));
          message.getSection(Section.ANSWER).stream()
              .filter(r -> r.getType() == f.type())
              .map(EngineRig::addressOf)
              .filter(EngineWorld::inFakeRange)
              .forEach(fakes::add);
        });
  }

  private void send() {
    Family f = family();
    List<String> known = fakes.stream().filter(a -> (a.indexOf(':') < 0) == f.v4()).toList();
    boolean toFake = gen.flip();
    String to =
        !toFake ? real(f) : known.isEmpty() || gen.chance(0.05) ? f.unknownFake() : gen.pick(known);
    // Programs reach fakes from the TUN device's address, others from the host's.
    String from = toFake ? f.tun : f.host;
    int sport = 10_000 + gen.below(40);
    int dport = gen.pick(80, 443, 9_000, 9_100, 9_150);
    int protocol = gen.pick(Ip.TCP, Ip.TCP, Ip.UDP, Ip.UDP, f.icmp());
    if (protocol == f.icmp()) {
      dport = sport;
    }
    FlowKey key = Packets.key(protocol, from, sport, to, dport);
    usedBy.computeIfAbsent(program(key, true), k -> new HashSet<>()).add(to);
    transmit(f, key, bytes -> rig.send(bytes), true);
  }

  private interface Way {
    void take(ByteBuffer packet);
  }

  /** Makes some packet of a flow, a burst or fragments, and sends it that way. */
  private void transmit(Family f, FlowKey key, Way way, boolean outbound) {
    int bytes = gen.pick(0, 10, 1_000, 1_180, 1_260, 1_320, 1_352);
    if (key.protocol() == Ip.TCP) {
      int flags = gen.pick(Tcp.SYN, Tcp.SYN, Tcp.ACK, Tcp.ACK, Tcp.ACK | Tcp.FIN, Tcp.RST);
      if (!outbound && flags == Tcp.SYN) {
        flags |= Tcp.ACK;
      }
      if (outbound && flags == Tcp.ACK && gen.chance(0.3)) {
        ByteBuffer whole = Packets.tcp(key, flags, 7, 9, gen.bytes(6_000));
        rig.engine.onTun(f.offloaded(whole, gen.pick(1_100, 1_220, 1_300)), rig.nowNs);
        return;
      }
      byte[] mss = (flags & Tcp.SYN) != 0 ? new byte[] {2, 4, 0x23, 0} : new byte[0];
      way.take(Packets.tcp(key, flags, 7, 9, mss, gen.bytes(mss.length > 0 ? 0 : bytes)));
    } else if (key.protocol() == Ip.UDP) {
      if (outbound && gen.chance(0.2)) {
        ByteBuffer whole = Packets.udp(key, gen.bytes(4_000));
        rig.engine.onTun(f.offloaded(whole, gen.pick(1_100, 1_220, 1_300)), rig.nowNs);
      } else if (gen.chance(0.3)) {
        ByteBuffer whole = Packets.udp(key, gen.bytes(gen.range(1_400, 3_000)));
        ByteBuffer[] cut = f.cut(whole, gen.pick(800, 1_208, 1_344), gen.anyInt());
        way.take(cut[0]);
        if (cut[1].capacity() <= 1_400) {
          way.take(cut[1]);
        }
      } else {
        ByteBuffer packet = Packets.udp(key, gen.bytes(bytes));
        way.take(f.v4() && gen.flip() ? Family.mayFragment(packet) : packet);
      }
    } else {
      way.take(Packets.echo(key, outbound, gen.below(100)));
    }
  }

  /** The network answers something that went out, sometimes by a carrier that did not ask. */
  private void answer() {
    if (sent.isEmpty()) {
      return;
    }
    int i = gen.below(sent.size());
    byte[] packet = sent.get(i);
    Burst burst = Packets.burst(Packets.direct(packet));
    if (burst.laterFragment() || Icmp.isError(burst)) {
      return;
    }
    FlowKey key = new FlowKey().of(burst).reverse();
    int carrier = gen.chance(0.9) ? carrier(sentTo.get(i)) : rig.detour;
    Family f = burst.version() == 4 ? Family.V4 : Family.V6;
    transmit(f, key, p -> rig.receive(carrier, p), false);
  }

  /** A router or the destination complains about something that went out. */
  private void complain() {
    if (sent.isEmpty()) {
      return;
    }
    int i = gen.below(sent.size());
    byte[] packet = sent.get(i);
    ByteBuffer b = ByteBuffer.wrap(packet);
    Family f = Ip.version(b, 0) == 4 ? Family.V4 : Family.V6;
    String to = EngineRig.text(Ip.srcHi(b, 0), Ip.srcLo(b, 0));
    String from = gen.flip() ? f.router : EngineRig.text(Ip.dstHi(b, 0), Ip.dstLo(b, 0));
    Family.Fault fault = Family.Fault.values()[gen.below(3)];
    byte[] quoted = Arrays.copyOf(packet, Math.min(packet.length, gen.pick(128, 1_000)));
    rig.receive(carrier(sentTo.get(i)), f.error(from, to, fault, quoted));
  }

  /** The host complains about something that a program got. */
  private void programComplains() {
    if (got.isEmpty()) {
      return;
    }
    byte[] packet = gen.pick(got);
    ByteBuffer b = ByteBuffer.wrap(packet);
    Family f = Ip.version(b, 0) == 4 ? Family.V4 : Family.V6;
    String from = EngineRig.text(Ip.dstHi(b, 0), Ip.dstLo(b, 0));
    String to = EngineRig.text(Ip.srcHi(b, 0), Ip.srcLo(b, 0));
    byte[] quoted = Arrays.copyOf(packet, Math.min(packet.length, 500));
    rig.send(f.error(from, to, Family.Fault.values()[gen.below(3)], quoted));
  }

  private void look(String to, byte[] packet) {
    if (!damaged) {
      Packets.assertChecksums(packet);
    }
    Burst b = Packets.burst(Packets.direct(packet));
    byte[] whole = b.fragment() ? datagrams.add(packet, b) : null;
    if (whole != null) {
      wholes++;
      if (!damaged) {
        Packets.assertChecksums(whole);
      }
    }
    if (to.equals("tun")) {
      seenByProgram(b);
      if (!b.laterFragment() && !Icmp.isError(b)) {
        keep(got, packet);
      }
    } else {
      seenByNetwork(to, b);
      keep(sent, packet);
      keep(sentTo, to);
    }
  }

  private <T> void keep(List<T> list, T one) {
    list.add(one);
    if (list.size() > 30) {
      list.remove(0);
    }
  }

  private void seenByNetwork(String to, Burst b) {
    assertThat(inFakeRange(text(b, false))).as("fake destination to " + to).isFalse();
    String source = text(b, true);
    Family f = b.version() == 4 ? Family.V4 : Family.V6;
    if (to.equals("underlay")) {
      assertThat(source).isEqualTo(f.host);
      assertThat(b.length()).isLessThanOrEqualTo(rig.out.pathMtu);
    } else {
      assertThat(source).isIn(f.host, f.tun);
      int c = carrier(to);
      assertThat(b.length())
          .isLessThanOrEqualTo(c == rig.ron ? 1_400 : c == rig.detour ? 1_300 : 1_200);
      assertThat(b.version() == 6 && c == rig.narrow).as("IPv6 to the narrow one").isFalse();
    }
    FlowKey quoted = new FlowKey();
    if (Icmp.isError(b) && IcmpInner.read(b, quoted)) {
      assertThat(inFakeRange(EngineRig.text(quoted.srcHi, quoted.srcLo)))
          .as("fake inside an error to " + to)
          .isFalse();
    }
  }

  private void seenByProgram(Burst b) {
    Family f = b.version() == 4 ? Family.V4 : Family.V6;
    String source = text(b, true);
    if (text(b, false).equals(f.host)) {
      assertThat(inFakeRange(source)).as("fake for a real destination").isFalse();
      return;
    }
    assertThat(text(b, false)).isEqualTo(f.tun);
    FlowKey key = new FlowKey();
    if (Icmp.isError(b)) {
      assertThat(IcmpInner.read(b, key)).isTrue();
      String about = EngineRig.text(key.dstHi, key.dstLo);
      assertThat(usedBy.get(program(key, true))).as("quoted destination").contains(about);
      if (!source.equals(f.router)) {
        assertThat(source).isEqualTo(about);
      }
    } else if (b.laterFragment()) {
      assertThat(inFakeRange(source)).isTrue();
    } else {
      key.of(b);
      assertThat(usedBy.get(program(key, false))).as("source").contains(source);
    }
  }

  /** Names a program's end of a flow. */
  private static String program(FlowKey key, boolean outbound) {
    String own =
        outbound ? EngineRig.text(key.srcHi, key.srcLo) : EngineRig.text(key.dstHi, key.dstLo);
    return key.protocol() + " " + own + " " + (outbound ? key.sport() : key.dport());
  }

  private static int carrier(String to) {
    return to.equals("underlay") ? 0 : Integer.parseInt(to.substring(to.indexOf(' ') + 1));
  }

  private Family family() {
    return gen.flip() ? Family.V4 : Family.V6;
  }

  private String real(Family f) {
    return (f.v4() ? "203.0.113." : "2001:db8:1::") + gen.range(70, 79);
  }

  private static String text(Burst b, boolean source) {
    return source
        ? EngineRig.text(Ip.srcHi(b.buffer(), b.start()), Ip.srcLo(b.buffer(), b.start()))
        : EngineRig.text(Ip.dstHi(b.buffer(), b.start()), Ip.dstLo(b.buffer(), b.start()));
  }

  static boolean inFakeRange(String text) {
    Address a = Address.parse(text);
    boolean in = RANGES[0].contains(a.hi(), a.lo()) || RANGES[1].contains(a.hi(), a.lo());
    return in && !text.equals(Family.V4.tun) && !text.equals(Family.V6.tun);
  }
}
