// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import oasis.flow.FakePool;
import oasis.flow.NatEngine;
import oasis.flow.NatLimits;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Prefix;
import oasis.packet.Tcp;
import oasis.rules.NeverFaked;
import oasis.rules.Rule;
import oasis.rules.RuleException;
import oasis.rules.RuleSet;
import oasis.testkit.Packets;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;

/** A client engine with a virtual clock, two carriers and a resolver, driven packet by packet. */
final class EngineRig {
  static final long SECOND_NS = 1_000_000_000L;
  final Recorder out = new Recorder();
  final FakePool fakes =
      new FakePool(Prefix.parse("198.18.0.0/16"), 1, record -> true, () -> 1_000_000);
  final FakePool fakes6 =
      new FakePool(Prefix.parse("fdc6:1200:4710::/112"), 1, record -> true, () -> 1_000_000);
  final NatEngine nat = new NatEngine(new NatLimits(61_000, 64_999, 4_096, 4_096, 1), 1);
  final ClientEngine engine;
  final Family family;
  final int ron;
  final int detour;

  /** Too narrow for IPv6. */
  final int narrow;

  long nowNs = 1_000 * SECOND_NS;

  EngineRig(String... rules) {
    this(Family.V4, rules);
  }

  /** A rig whose resolver and names are of one family; the engine always carries both. */
  EngineRig(Family family, String... rules) {
    this.family = family;
    nat.setExternal4(Address.parse(Family.V4.host).lo());
    external6(true);
    engine =
        new ClientEngine(
            EngineConfig.defaults(1_400, 1),
            fakes,
            fakes6,
            nat,
            new Scratch(ByteBuffer.allocateDirect(Scratch.BYTES), 0),
            out);
    ron = engine.addCarrier("ron", 1_400, nowNs);
    detour = engine.addCarrier("detour", 1_300, nowNs);
    narrow = engine.addCarrier("narrow", 1_200, nowNs);
    rules(rules);
    hear(ron);
    hear(detour);
    hear(narrow);
    out.probes.clear();
  }

  /** Whether the underlay carries IPv6. */
  void external6(boolean carries) {
    Address host = Address.parse(Family.V6.host);
    nat.setExternal6(carries ? host.hi() : 0, carries ? host.lo() : 0);
  }

  /** Names that count from the next {@link #rules} on. */
  NeverFaked neverFaked = NeverFaked.NOTHING;

  /** Loads rules; overlays are ron, detour, narrow, underlay or unknown. */
  void rules(String... texts) {
    List<Rule> rules = new ArrayList<>();
    try {
      for (String text : texts) {
        rules.add(Rule.parse(text));
      }
    } catch (RuleException e) {
      throw new AssertionError(e);
    }
    int[] carriers =
        rules.stream()
            .mapToInt(
                rule ->
                    switch (rule.overlay()) {
                      case "ron" -> ron;
                      case "detour" -> detour;
                      case "narrow" -> narrow;
                      case "underlay" -> Carriers.UNDERLAY;
                      default -> Policy.MISSING;
                    })
            .toArray();
    engine.setRules(RuleSet.compile(rules, RuleSet.EMPTY, neverFaked), carriers, nowNs);
  }

  void hear(int carrier) {
    engine.onProbeAnswer(carrier, nowNs);
  }

  /** Lets time pass in steps of 10 ms, with the carriers in {@code answering} answering probes. */
  void pass(long millis, Integer... answering) {
    for (long i = 0; i < millis; i += 10) {
      nowNs += 10_000_000;
      if (engine.nextDeadlineNs() <= nowNs) {
        engine.onTimer(nowNs);
      }
      for (int c : out.probes) {
        if (List.of(answering).contains(c)) {
          hear(c);
        }
      }
      out.probes.clear();
    }
  }

  void send(ByteBuffer packet) {
    engine.onTun(Packets.burst(packet), nowNs);
  }

  void receive(int carrier, ByteBuffer packet) {
    Burst burst = Packets.burst(packet);
    if (carrier == Carriers.UNDERLAY) {
      engine.onUnderlay(burst, nowNs);
    } else {
      engine.onCarrier(carrier, burst, nowNs);
    }
  }

  static ByteBuffer syn(FlowKey key) {
    return Packets.tcp(key, Tcp.SYN, 100, 0, new byte[] {2, 4, 0x05, (byte) 0xb4}, new byte[0]);
  }

  static ByteBuffer data(FlowKey key, int seq, int ack, int bytes) {
    return Packets.tcp(key, Tcp.ACK | Tcp.PSH, seq, ack, new byte[bytes]);
  }

  /** The 5-tuple of a packet's bytes. */
  static FlowKey keyOf(byte[] packet) {
    Packets.assertChecksums(packet);
    return new FlowKey().of(Packets.burst(Packets.direct(packet)));
  }

  static String text(long hi, long lo) {
    return Addresses.text(hi, lo);
  }

  // ----------------------------------------------------------------------- DNS

  /** Sends a query by the TUN, answers it from the underlay, and returns what the program got. */
  Message resolve(String name, int type, String... addresses) {
    byte[] answer = answer(name, type, 0, addresses);
    return message(payload(exchange(name, type, answer)));
  }

  /** The bytes of the packet that the program got in return for a query. */
  byte[] exchange(String name, int type, byte[] answer) {
    FlowKey query = family.udp(family.host, 40_001, family.resolver, 53);
    send(Packets.udp(query, query(name, type)));
    FlowKey onWire = keyOf(out.only("underlay"));
    receive(Carriers.UNDERLAY, Packets.udp(onWire.reverse(), answer));
    return out.only("tun");
  }

  /** A query as programs send it. */
  static byte[] query(String name, int type) {
    return Message.newQuery(record(name, type)).toWire();
  }

  /** An answer with a CNAME in front of the addresses. */
  static byte[] answer(String name, int type, int rcode, String... addresses) {
    Message message = new Message(4_711);
    message.getHeader().setFlag(Flags.QR);
    message.getHeader().setFlag(Flags.RA);
    message.getHeader().setRcode(rcode);
    message.addRecord(record(name, type), Section.QUESTION);
    try {
      Name alias = Name.fromString("edge.cdn.example.");
      if (addresses.length > 0) {
        message.addRecord(
            new CNAMERecord(Name.fromString(name + "."), DClass.IN, 300, alias), Section.ANSWER);
      }
      for (String address : addresses) {
        InetAddress parsed = InetAddress.getByName(address);
        message.addRecord(
            address.indexOf(':') >= 0
                ? new AAAARecord(alias, DClass.IN, 300, parsed)
                : new ARecord(alias, DClass.IN, 300, parsed),
            Section.ANSWER);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return message.toWire();
  }

  private static Record record(String name, int type) {
    try {
      return Record.newRecord(Name.fromString(name + "."), type, DClass.IN);
    } catch (TextParseException e) {
      throw new AssertionError(e);
    }
  }

  /** What follows the UDP header. */
  static byte[] payload(byte[] packet) {
    Packets.assertChecksums(packet);
    Burst b = Packets.burst(Packets.direct(packet));
    return Arrays.copyOfRange(packet, b.headerBytes(), packet.length);
  }

  static Message message(byte[] wire) {
    try {
      return new Message(wire);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** The fake address that the program gets for a name with one real address. */
  String fakeOf(String name, String real) {
    Message answer = resolve(name, real.indexOf(':') < 0 ? Type.A : Type.AAAA, real);
    List<Record> records = answer.getSection(Section.ANSWER);
    assertThat(records).hasSize(1);
    assertThat(records.get(0).getTTL()).isLessThanOrEqualTo(5);
    assertThat(records.get(0).getName()).hasToString(name + ".");
    return addressOf(records.get(0));
  }

  /** The address in an A or AAAA record, as the project writes it. */
  static String addressOf(Record record) {
    InetAddress address =
        record instanceof ARecord a ? a.getAddress() : ((AAAARecord) record).getAddress();
    return Address.parse(address.getHostAddress()).toString();
  }
}
