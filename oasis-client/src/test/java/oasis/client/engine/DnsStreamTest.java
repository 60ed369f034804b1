// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Tcp;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/** DNS by TCP, segment by segment. */
class DnsStreamTest {
  private static final String NAME = "www.example.org";
  private static final String RULE = "name:*.example.org ron";
  private static final int SERVER_SEQ = 5_000;
  private static final byte[] OPTIONS = {2, 4, 5, (byte) 0xb4, 4, 2, 1, 1};

  /** One connection by hand. */
  private static final class Line {
    final EngineRig rig;
    final FlowKey program;
    final String carrier;
    final int from;
    FlowKey onWire = new FlowKey();

    Line(EngineRig rig, int port, int from) {
      this.rig = rig;
      this.from = from;
      carrier = from == Carriers.UNDERLAY ? "underlay" : "carrier " + from;
      program = rig.family.tcp(rig.family.host, port, rig.family.resolver, 53);
    }

    Line open() {
      rig.send(Packets.tcp(program, Tcp.SYN, 100, 0, OPTIONS, new byte[0]));
      onWire = EngineRig.keyOf(rig.out.only(carrier)).reverse();
      receive(Packets.tcp(onWire, Tcp.SYN | Tcp.ACK, SERVER_SEQ, 101, OPTIONS, new byte[0]));
      rig.out.only("tun");
      send(101, SERVER_SEQ + 1, new byte[0]);
      rig.out.only(carrier);
      return this;
    }

    void send(int seq, int ack, byte[] payload) {
      rig.send(Packets.tcp(program, Tcp.ACK, seq, ack, payload));
    }

    void receive(ByteBuffer packet) {
      rig.receive(from, packet);
    }

    void answer(int seq, byte[] payload) {
      receive(Packets.tcp(onWire, Tcp.ACK | Tcp.PSH, seq, 101, payload));
    }

    Line ask() throws Exception {
      byte[] query = framed(query(NAME));
      send(101, SERVER_SEQ + 1, query);
      assertThat(payload(rig.out.only(carrier))).isEqualTo(query);
      return this;
    }
  }

  private static byte[] query(String name) throws Exception {
    return Message.newQuery(Record.newRecord(Name.fromString(name + "."), Type.A, DClass.IN))
        .toWire();
  }

  private static byte[] framed(byte[] message) {
    ByteBuffer all = ByteBuffer.allocate(2 + message.length);
    return all.putShort((short) message.length).put(message).array();
  }

  private static Burst burst(byte[] packet) {
    return Packets.burst(Packets.direct(packet));
  }

  private static byte[] payload(byte[] packet) {
    return EngineRig.payload(packet);
  }

  private static int ack(byte[] packet) {
    Burst b = burst(packet);
    return Tcp.ack(b.buffer(), b.transport());
  }

  private static int seq(byte[] packet) {
    Burst b = burst(packet);
    return Tcp.seq(b.buffer(), b.transport());
  }

  private static Message told(byte[] packet) {
    byte[] payload = payload(packet);
    return EngineRig.message(Arrays.copyOfRange(payload, 2, payload.length));
  }

  private final EngineRig rig = new EngineRig(RULE);

  @ParameterizedTest
  @EnumSource
  void anAnswerInPiecesIsFakedWhenItIsWhole(Family f) throws Exception {
    EngineRig both = new EngineRig(f, RULE);
    Line line = new Line(both, 40_001, Carriers.UNDERLAY).open().ask();
    byte[] answer = framed(EngineRig.answer(NAME, f.type(), 0, f.server));
    for (int i = 0; i < answer.length - 1; i++) {
      line.answer(SERVER_SEQ + 1 + i, new byte[] {answer[i]});
      assertThat(ack(both.out.only("underlay"))).isEqualTo(SERVER_SEQ + 2 + i);
    }
    line.answer(SERVER_SEQ + answer.length, new byte[] {answer[answer.length - 1]});
    List<byte[]> sent = both.out.split("tun");
    assertThat(sent).hasSize(1);
    assertThat(seq(sent.get(0))).isEqualTo(SERVER_SEQ + 1);
    assertThat(EngineRig.addressOf(told(sent.get(0)).getSection(Section.ANSWER).get(0)))
        .startsWith(f.v4() ? "198.18." : "fdc6:");
  }

  @Test
  void aProgramThatDoesNotReadForMinutesButAnswersProbesKeepsItsConnection() throws Exception {
    Line line = new Line(rig, 40_001, Carriers.UNDERLAY).open().ask();
    line.answer(SERVER_SEQ + 1, framed(EngineRig.answer(NAME, Type.A, 0, "203.0.113.1")));
    rig.out.clear();
    for (int i = 0; i < 5 * 60; i++) {
      rig.pass(1000);
      ByteBuffer full = Packets.tcp(line.program, Tcp.ACK, 101, SERVER_SEQ + 1, new byte[0]);
      full.putShort(20 + 14, (short) 0); // its window
      rig.send(full);
      assertThat(rig.engine.info(rig.nowNs).dnsConnections()).as("after %d s", i).isEqualTo(1);
    }
    rig.out.clear();
    rig.pass(10_000);
    assertThat(rig.out.split("tun")).as("asked again and again").isNotEmpty();
  }

  @Test
  void queriesByAnOverlayAreJudgedToo() throws Exception {
    rig.rules(RULE, "tcp dport 53 detour");
    Line line = new Line(rig, 40_001, rig.detour).open().ask();
    line.answer(SERVER_SEQ + 1, framed(EngineRig.answer(NAME, Type.A, 0, "203.0.113.1")));
    assertThat(told(rig.out.split("tun").get(0)).getSection(Section.ANSWER)).hasSize(1);
  }

  @Test
  void whenItsCarrierDiesTheProgramGetsTheNumberThatItExpects() throws Exception {
    rig.rules(RULE, "tcp dport 53 detour");
    Line line = new Line(rig, 40_001, rig.detour).open().ask();
    line.answer(SERVER_SEQ + 1, framed(EngineRig.answer(NAME, Type.A, 0, "203.0.113.1")));
    byte[] told = rig.out.split("tun").get(0);
    int expected = seq(told) + payload(told).length;
    line.send(130, expected, new byte[0]);
    rig.out.nothing();
    rig.engine.onRefused(rig.detour, rig.nowNs);
    assertThat(seq(rig.out.only("tun"))).isEqualTo(expected);
  }

  @Test
  void aResetOfTheServerHasTheNumberThatTheProgramExpects() throws Exception {
    Line line = new Line(rig, 40_001, Carriers.UNDERLAY).open().ask();
    byte[] answer = framed(EngineRig.answer(NAME, Type.A, 0, "203.0.113.1"));
    line.answer(SERVER_SEQ + 1, answer);
    byte[] told = rig.out.split("tun").get(0);
    int next = SERVER_SEQ + 1 + answer.length;
    line.receive(Packets.tcp(line.onWire, Tcp.RST, next, 0, new byte[0]));
    assertThat(seq(rig.out.only("tun"))).isEqualTo(seq(told) + payload(told).length);
  }

  @Test
  void whatIsNoDnsOnThisPortIsLeftAlone() {
    Line speaks = new Line(rig, 40_001, Carriers.UNDERLAY).open();
    byte[] banner = "SSH-2.0-OpenSSH_9.2\r\n".getBytes(US_ASCII);
    speaks.answer(SERVER_SEQ + 1, banner);
    assertThat(payload(rig.out.only("tun"))).isEqualTo(banner);
    assertThat(rig.engine.info(rig.nowNs).dnsConnections()).isZero();

    Line listens = new Line(rig, 40_002, Carriers.UNDERLAY).open();
    listens.send(101, SERVER_SEQ + 1, banner);
    assertThat(payload(rig.out.only("underlay"))).isEqualTo(banner);
    assertThat(rig.engine.info(rig.nowNs).dnsConnections()).isZero();
  }

  @Test
  void withoutNameRulesNothingIsTouched() {
    rig.rules("tcp dport 80 ron");
    FlowKey key = rig.family.tcp(rig.family.host, 40_001, rig.family.resolver, 53);
    rig.send(Packets.tcp(key, Tcp.SYN, 100, 0, OPTIONS, new byte[0]));
    byte[] syn = rig.out.only("underlay");
    assertThat(Arrays.copyOfRange(syn, syn.length - 4, syn.length))
        .as("selective acknowledgments are still offered")
        .isEqualTo(new byte[] {4, 2, 1, 1});
    assertThat(rig.engine.info(rig.nowNs).dnsConnections()).isZero();
  }

  @Test
  void halfAnAnswerAboutANameOfOursIsNotGivenAway() throws Exception {
    Line line = new Line(rig, 40_001, Carriers.UNDERLAY).open().ask();
    byte[] answer = framed(EngineRig.answer(NAME, Type.A, 0, "203.0.113.1"));
    byte[] half = Arrays.copyOf(answer, answer.length - 1);
    line.receive(Packets.tcp(line.onWire, Tcp.ACK | Tcp.FIN, SERVER_SEQ + 1, 101, half));
    List<byte[]> sent = rig.out.split("tun");
    assertThat(sent).hasSize(1);
    assertThat(payload(sent.get(0))).isEmpty();
    assertThat(Tcp.flags(burst(sent.get(0))) & Tcp.FIN).isNotZero();
  }

  @Test
  void aMalformedAnswerAboutANameOfOursIsAFailure() throws Exception {
    Line line = new Line(rig, 40_001, Carriers.UNDERLAY).open().ask();
    byte[] genuine = EngineRig.answer(NAME, Type.A, 0, "203.0.113.1");
    line.answer(SERVER_SEQ + 1, framed(Arrays.copyOf(genuine, genuine.length + 1)));
    Message told = told(rig.out.split("tun").get(0));
    assertThat(told.getRcode()).isEqualTo(Rcode.SERVFAIL);
    assertThat(told.getHeader().getID()).isEqualTo(4_711);
    assertThat(told.getSection(Section.ANSWER)).isEmpty();

    line = new Line(rig, 40_002, Carriers.UNDERLAY).open().ask();
    rig.out.clear();
    byte[] other = EngineRig.answer("www.example.net", Type.A, 0, "203.0.113.1");
    byte[] passes = framed(Arrays.copyOf(other, other.length + 1));
    line.answer(SERVER_SEQ + 1, passes);
    assertThat(payload(rig.out.split("tun").get(0))).isEqualTo(passes);
  }

  /** The beginning of what a program gets of a long answer. */
  private ByteBuffer beginning(int port, byte[] answer) throws Exception {
    Line line = new Line(rig, port, Carriers.UNDERLAY).open().ask();
    rig.out.clear();
    for (int at = 0; at < answer.length; at += 1_200) {
      byte[] part = Arrays.copyOfRange(answer, at, Math.min(at + 1_200, answer.length));
      line.answer(SERVER_SEQ + 1 + at, part);
    }
    ByteBuffer beginning = ByteBuffer.wrap(payload(rig.out.split("tun").get(0)));
    rig.out.clear();
    return beginning;
  }

  @Test
  void longAnswersAreChangedAsShortOnesAre() throws Exception {
    Name name = Name.fromString(NAME + ".");
    Record address = new ARecord(name, DClass.IN, 300, InetAddress.getByName("203.0.113.1"));
    for (int count : new int[] {10, 300}) {
      Message m = new Message(EngineRig.answer(NAME, Type.TXT, 0));
      for (int i = 0; i < count; i++) {
        m.addRecord(new TXTRecord(name, DClass.IN, 9, i + "x".repeat(180)), Section.ANSWER);
      }
      int before = m.toWire(65_535).length;
      m.addRecord(address, Section.ADDITIONAL);
      ByteBuffer told = beginning(40_000 + count, framed(m.toWire(65_535)));
      assertThat(told.getShort(0) & 0xffff).isEqualTo(before);
      assertThat(told.getShort(2 + 10)).as("additional records").isZero();
    }
    rig.engine.onRefused(rig.ron, rig.nowNs);
    for (int count : new int[] {10, 300}) {
      Message m = new Message(EngineRig.answer(NAME, Type.A, 0));
      m.addRecord(address, Section.ANSWER);
      for (int i = 0; i < count; i++) {
        m.addRecord(new TXTRecord(name, DClass.IN, 9, i + "x".repeat(180)), Section.ANSWER);
      }
      byte[] genuine = framed(m.toWire(65_535));
      ByteBuffer told = beginning(41_000 + count, genuine);
      assertThat(told.getShort(0) & 0xffff).isEqualTo(genuine.length - 2);
      int record = 2 + 12 + NAME.length() + 2 + 4;
      assertThat(told.getInt(record + 6)).as("seconds").isEqualTo(DnsAnswers.FAKE_TTL);
    }
  }

  @Test
  void aProgramThatNoLongerAnswersIsGivenUp() throws Exception {
    Line line = new Line(rig, 40_001, Carriers.UNDERLAY).open().ask();
    line.answer(SERVER_SEQ + 1, framed(EngineRig.answer(NAME, Type.A, 0, "203.0.113.1")));
    rig.out.clear();
    rig.pass(60_000, rig.ron);
    List<byte[]> sent = rig.out.split("tun");
    assertThat(sent).hasSizeBetween(5, 12);
    assertThat(Tcp.flags(burst(sent.get(sent.size() - 1))) & Tcp.RST).isNotZero();
    assertThat(rig.engine.info(rig.nowNs).dnsConnections()).isZero();
    assertThat(rig.engine.info(rig.nowNs).dnsHeldBytes()).isZero();
  }

  @Test
  void thereAreOnlySoManyConnectionsAndClosedOnesMakeRoom() {
    for (int i = 0; i < DnsStreams.MAX_STREAMS; i++) {
      new Line(rig, 10_000 + i, Carriers.UNDERLAY).open();
    }
    FlowKey more = rig.family.tcp(rig.family.host, 9_999, rig.family.resolver, 53);
    rig.send(EngineRig.syn(more));
    assertThat(Tcp.flags(burst(rig.out.only("tun"))) & Tcp.RST).isNotZero();
    assertThat(rig.engine.info(rig.nowNs).drops()).containsEntry("FLOW_LIMIT", 1L);
    FlowKey first = rig.family.tcp(rig.family.host, 10_000, rig.family.resolver, 53);
    rig.send(Packets.tcp(first, Tcp.RST, 101, 0, new byte[0]));
    rig.out.only("underlay");
    rig.send(EngineRig.syn(more));
    rig.out.only("underlay");
  }

  @Test
  void memoryIsBoundedAndGivenBack() throws Exception {
    byte[] answer = framed(EngineRig.answer(NAME, Type.A, 0, "203.0.113.1"));
    byte[] part = Arrays.copyOf(answer, 30_000);
    part[0] = (byte) 0xff; // more is to come
    int connections = 1_000;
    for (int i = 0; i < connections; i++) {
      new Line(rig, 10_000 + i, Carriers.UNDERLAY).open().ask().answer(SERVER_SEQ + 1, part);
      rig.out.clear();
    }
    EngineInfo info = rig.engine.info(rig.nowNs);
    assertThat(info.dnsHeldBytes())
        .isGreaterThan(DnsStreams.MAX_BYTES / 2)
        .isLessThanOrEqualTo(DnsStreams.MAX_BYTES);
    assertThat(info.dnsConnections()).as("the others have been reset").isLessThan(connections);
    rig.pass(140_000, rig.ron);
    assertThat(rig.engine.info(rig.nowNs).flows()).isZero();
    assertThat(rig.engine.info(rig.nowNs).dnsHeldBytes()).isZero();
  }

  @Test
  void anySegmentsFromAServerAreSurvived() {
    Gen.cases(
        200,
        gen -> {
          EngineRig other = new EngineRig(RULE);
          Line line = new Line(other, 40_001, Carriers.UNDERLAY).open().ask();
          byte[] answer = framed(EngineRig.answer(NAME, Type.A, 0, "203.0.113.1"));
          for (int i = 0; i < 60; i++) {
            byte[] payload = gen.flip() ? answer.clone() : gen.bytes(gen.below(1_300));
            if (payload.length > 0 && gen.flip()) {
              payload[gen.below(payload.length)] = (byte) gen.below(256);
            }
            int seq = SERVER_SEQ + gen.below(3_000) - 20;
            line.receive(
                Packets.tcp(line.onWire, gen.below(256) & ~Tcp.RST, seq, gen.anyInt(), payload));
            FlowKey key = line.program;
            if (gen.flip()) {
              int flags = gen.below(256) & ~Tcp.RST & ~Tcp.SYN;
              other.send(
                  Packets.tcp(key, flags, gen.anyInt(), SERVER_SEQ + gen.below(200), payload));
            }
            other.out.take((to, packet) -> Packets.assertChecksums(packet));
            other.pass(gen.below(300), other.ron);
          }
        });
  }
}
