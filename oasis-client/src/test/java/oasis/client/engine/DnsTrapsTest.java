// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import oasis.packet.FlowKey;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.CookieOption;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.HTTPSRecord;
import org.xbill.DNS.MXRecord;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SRVRecord;
import org.xbill.DNS.SVCBBase;
import org.xbill.DNS.Section;
import org.xbill.DNS.TSIG;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/** What other programs of this kind got wrong about DNS, by its symptom. */
class DnsTrapsTest {
  private static final String NAME = "www.example.org";
  private static final String RULE = "name:*.example.org ron";

  private final EngineRig rig = new EngineRig(RULE);

  private static Name name(String text) throws Exception {
    return Name.fromString(text + ".");
  }

  private static Message message(String name, int type, Record... answers) throws Exception {
    Message m = new Message(4_711);
    m.getHeader().setFlag(Flags.QR);
    m.getHeader().setFlag(Flags.RA);
    m.addRecord(Record.newRecord(name(name), type, DClass.IN), Section.QUESTION);
    for (Record record : answers) {
      m.addRecord(record, Section.ANSWER);
    }
    return m;
  }

  private static ARecord a(String name, String address) throws Exception {
    return new ARecord(name(name), DClass.IN, 300, InetAddress.getByName(address));
  }

  private Message told(Message genuine) throws Exception {
    return EngineRig.message(bytesTold(genuine.toWire(65_535)));
  }

  private byte[] bytesTold(byte[] genuine) {
    return EngineRig.payload(rig.exchange(NAME, Type.A, genuine));
  }

  /** A query by a program's port, and what its server gets. */
  private FlowKey ask(int port, byte[] query) {
    rig.send(Packets.udp(query(port), query));
    byte[] packet = rig.out.only("underlay");
    assertThat(EngineRig.payload(packet)).isEqualTo(query);
    return EngineRig.keyOf(packet).reverse();
  }

  private FlowKey query(int port) {
    return rig.family.udp(rig.family.host, port, rig.family.resolver, 53);
  }

  /** What a program gets for an answer. */
  private byte[] answer(FlowKey onWire, byte[] answer, int port) {
    rig.receive(Carriers.UNDERLAY, Packets.udp(onWire, answer));
    byte[] packet = rig.out.only("tun");
    assertThat(EngineRig.keyOf(packet)).usingRecursiveComparison().isEqualTo(query(port).reverse());
    return EngineRig.payload(packet);
  }

  @Test
  void twoProgramsWithTheSameIdEachGetTheirOwnAnswer() throws Exception {
    byte[] query = Message.newQuery(Record.newRecord(name(NAME), Type.A, DClass.IN)).toWire();
    FlowKey first = ask(40_001, query);
    FlowKey second = ask(40_002, query);
    byte[] plain = EngineRig.answer("www.example.net", Type.A, 0, "203.0.113.9");
    assertThat(answer(second, plain, 40_002)).isEqualTo(plain);
    Message faked =
        EngineRig.message(answer(first, EngineRig.answer(NAME, Type.A, 0, "203.0.113.1"), 40_001));
    assertThat(EngineRig.addressOf(faked.getSection(Section.ANSWER).get(0))).startsWith("198.18.");
  }

  @Test
  void aQueryThatIsSentAgainIsAskedAgainAndBothAnswersSayTheSame() throws Exception {
    byte[] query = Message.newQuery(Record.newRecord(name(NAME), Type.A, DClass.IN)).toWire();
    FlowKey onWire = ask(40_001, query);
    assertThat(ask(40_001, query)).usingRecursiveComparison().isEqualTo(onWire);
    byte[] genuine = EngineRig.answer(NAME, Type.A, 0, "203.0.113.1");
    byte[] first = answer(onWire, genuine, 40_001);
    assertThat(first).isNotEqualTo(genuine);
    assertThat(answer(onWire, genuine, 40_001)).isEqualTo(first);
  }

  @Test
  void unknownTypesClassesAndOpcodesPassByteForByteBothWays() {
    Gen.cases(
        200,
        gen -> {
          int opcode = gen.pick(1, Opcode.STATUS, Opcode.NOTIFY, Opcode.UPDATE, 6, 15);
          int type = gen.pick(Type.CAA, Type.DNSKEY, Type.AXFR, 65_280, 65_535);
          boolean odd = gen.flip();
          Message m = new Message(gen.below(65_536));
          m.getHeader().setOpcode(odd ? opcode : Opcode.QUERY);
          int dclass = gen.pick(DClass.IN, DClass.CH, DClass.ANY);
          m.addRecord(Record.newRecord(name(NAME), odd ? Type.A : type, dclass), Section.QUESTION);
          FlowKey onWire = ask(40_001, m.toWire());
          m.getHeader().setFlag(Flags.QR);
          m.addRecord(new TXTRecord(name(NAME), dclass, 300, "text"), Section.ANSWER);
          m.addRecord(a(NAME, "203.0.113.1"), Section.ANSWER);
          assertThat(answer(onWire, m.toWire(), 40_001)).isEqualTo(m.toWire());
        });
  }

  @Test
  void whatIsNoDnsAtAllPassesByteForByteBothWays() {
    Gen.cases(
        200,
        gen -> {
          byte[] noise = gen.bytes(gen.range(1, 1_300));
          FlowKey onWire = ask(40_001, noise);
          assertThat(answer(onWire, noise, 40_001)).isEqualTo(noise);
        });
  }

  @Test
  void anAnswerOfMoreThan512BytesIsGivenWhole() throws Exception {
    List<Record> records = new ArrayList<>();
    for (int i = 1; i <= 80; i++) {
      records.add(a(NAME, "203.0.113." + i));
    }
    Message genuine = message(NAME, Type.A, records.toArray(Record[]::new));
    genuine.addRecord(new OPTRecord(4_096, 0, 0), Section.ADDITIONAL);
    Message told = told(genuine);
    assertThat(told.getSection(Section.ANSWER)).hasSize(80);
    assertThat(told.getHeader().getFlag(Flags.TC)).isFalse();
  }

  @Test
  void theServersCookieComesAlong() throws Exception {
    Message genuine = message(NAME, Type.A, a(NAME, "203.0.113.1"));
    CookieOption cookie = new CookieOption(new byte[] {1, 2, 3, 4, 5, 6, 7, 8}, new byte[16]);
    genuine.addRecord(new OPTRecord(1_232, 0, 0, 0, List.of(cookie)), Section.ADDITIONAL);
    assertThat(told(genuine).getOPT().getOptions()).containsExactly(cookie);
  }

  @Test
  void anExtendedErrorCodeIsNoSuccess() throws Exception {
    Message genuine = message(NAME, Type.HTTPS);
    genuine.addRecord(new OPTRecord(1_232, 1, 0), Section.ADDITIONAL); // 16: bad version
    assertThat(bytesTold(genuine.toWire())).isEqualTo(genuine.toWire());
  }

  @Test
  void noCodeOfAnErrorIsChanged() throws Exception {
    for (int rcode : new int[] {Rcode.SERVFAIL, Rcode.NXDOMAIN, Rcode.REFUSED, Rcode.NOTIMP}) {
      Message genuine = message(NAME, Type.HTTPS);
      genuine.getHeader().setRcode(rcode);
      assertThat(bytesTold(genuine.toWire())).isEqualTo(genuine.toWire());
    }
  }

  @Test
  void aliasesCollapseSoThatNoGenuineNameIsAskedNext() throws Exception {
    Message told =
        told(
            message(
                NAME,
                Type.A,
                new CNAMERecord(name(NAME), DClass.IN, 300, name("a.cdn.example")),
                new CNAMERecord(name("a.cdn.example"), DClass.IN, 300, name("b.cdn.example")),
                a("b.cdn.example", "203.0.113.1")));
    assertThat(told.getSection(Section.ANSWER)).hasSize(1);
    assertThat(told.getSection(Section.ANSWER).get(0).getName()).isEqualTo(name(NAME));
    assertThat(told.getSection(Section.ANSWER).get(0).getTTL()).isLessThanOrEqualTo(5);
  }

  @Test
  void serviceBindingsLoseTheirAddressesAndNothingElse() throws Exception {
    HTTPSRecord genuine =
        new HTTPSRecord(
            name(NAME),
            DClass.IN,
            300,
            1,
            Name.root,
            List.of(
                mandatory("alpn", "ipv4hint"),
                alpn(),
                new SVCBBase.ParameterPort(8_443),
                hint4(),
                new SVCBBase.ParameterEch(new byte[] {1, 2, 3})));
    HTTPSRecord told =
        (HTTPSRecord) told(message(NAME, Type.HTTPS, genuine)).getSection(Section.ANSWER).get(0);
    assertThat(told.rdataToString()).isEqualTo("1 . mandatory=alpn alpn=h3,h2 port=8443 ech=AQID");
    assertThat(told.getTTL()).isLessThanOrEqualTo(5);
  }

  private static SVCBBase.ParameterMandatory mandatory(String... keys) throws Exception {
    SVCBBase.ParameterMandatory mandatory = new SVCBBase.ParameterMandatory();
    mandatory.fromString(String.join(",", keys));
    return mandatory;
  }

  private static SVCBBase.ParameterAlpn alpn() throws Exception {
    SVCBBase.ParameterAlpn alpn = new SVCBBase.ParameterAlpn();
    alpn.fromString("h3,h2");
    return alpn;
  }

  private static SVCBBase.ParameterIpv4Hint hint4() throws Exception {
    SVCBBase.ParameterIpv4Hint hint = new SVCBBase.ParameterIpv4Hint();
    hint.fromString("203.0.113.1");
    return hint;
  }

  @Test
  void serviceBindingsThatLeadToAnotherNameAreLeftOut() throws Exception {
    Name elsewhere = name("pool.example.net");
    for (int priority : new int[] {0, 1}) {
      Record record = new HTTPSRecord(name(NAME), DClass.IN, 300, priority, elsewhere, List.of());
      Message told = told(message(NAME, Type.HTTPS, record));
      assertThat(told.getSection(Section.ANSWER)).isEmpty();
      assertThat(told.getRcode()).isEqualTo(Rcode.NOERROR);
    }
  }

  @Test
  void damagedServiceBindingsNeverThrow() throws Exception {
    HTTPSRecord record =
        new HTTPSRecord(
            name(NAME), DClass.IN, 300, 1, Name.root, List.of(mandatory("ipv4hint"), hint4()));
    byte[] wire = message(NAME, Type.HTTPS, record).toWire();
    Gen.cases(
        2_000,
        gen -> {
          byte[] damaged = wire.clone();
          for (int i = gen.range(1, 4); i > 0; i--) {
            damaged[gen.range(12, wire.length - 1)] = (byte) gen.below(256);
          }
          bytesTold(damaged);
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {Type.SRV, Type.MX, Type.TXT})
  void recordsOfServicesMailAndTextPass(int type) throws Exception {
    Record record =
        switch (type) {
          case Type.SRV -> new SRVRecord(name(NAME), DClass.IN, 300, 1, 2, 443, name(NAME));
          case Type.MX -> new MXRecord(name(NAME), DClass.IN, 300, 10, name("mx.example.org"));
          default -> new TXTRecord(name(NAME), DClass.IN, 300, "text");
        };
    Message genuine = message(NAME, type, record);
    genuine.addRecord(new OPTRecord(1_232, 0, 0), Section.ADDITIONAL);
    assertThat(bytesTold(genuine.toWire())).isEqualTo(genuine.toWire());
    genuine.addRecord(a("mx.example.org", "203.0.113.1"), Section.ADDITIONAL);
    Message told = told(genuine);
    assertThat(told.getSection(Section.ANSWER)).containsExactly(record);
    assertThat(told.getSection(Section.ADDITIONAL))
        .as("no genuine address by the back door")
        .containsExactly(told.getOPT());
  }

  @Test
  void anAnswerCutShortGivesNoGenuineAddressAndIsAskedAgainByTcp() throws Exception {
    Message empty = message(NAME, Type.A);
    empty.getHeader().setFlag(Flags.TC);
    assertThat(bytesTold(empty.toWire())).isEqualTo(empty.toWire());
    Message some = message(NAME, Type.A, a(NAME, "203.0.113.1"));
    some.getHeader().setFlag(Flags.TC);
    assertThat(EngineRig.addressOf(told(some).getSection(Section.ANSWER).get(0)))
        .startsWith("198.18.");
    Message useless = message(NAME, Type.A, a(NAME, "198.18.77.77"));
    useless.getHeader().setFlag(Flags.TC);
    assertThat(told(useless).getSection(Section.ANSWER)).isEmpty();
    assertThat(told(useless).getHeader().getFlag(Flags.TC)).isTrue();
  }

  @Test
  void ofAnAnswerCutShortNoGenuineIpv6AddressRemains() throws Exception {
    rig.rules("name:*.example.org narrow");
    rig.external6(false);
    InetAddress six = InetAddress.getByName("2001:db8::1");
    Message cut = message(NAME, Type.AAAA, new AAAARecord(name(NAME), DClass.IN, 300, six));
    cut.getHeader().setFlag(Flags.TC);
    assertThat(told(cut).getSection(Section.ANSWER)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void browsersKeepAskingUsOnlyWhileThereAreNameRules(Family f) throws Exception {
    EngineRig browser = new EngineRig(f, RULE);
    byte[] query =
        Message.newQuery(Record.newRecord(name("Use-Application-DNS.net"), f.type(), DClass.IN))
            .toWire();
    FlowKey key = f.udp(f.host, 40_001, f.resolver, 53);
    browser.send(Packets.udp(key, query));
    Message told = EngineRig.message(EngineRig.payload(browser.out.only("tun")));
    assertThat(told.getRcode()).isEqualTo(Rcode.NXDOMAIN);
    for (String[] none : new String[][] {{}, {"tcp dport 80 ron"}}) {
      browser.rules(none);
      browser.send(Packets.udp(key, query));
      assertThat(EngineRig.payload(browser.out.only("underlay"))).isEqualTo(query);
    }
  }

  @ParameterizedTest
  @EnumSource
  void nobodyLearnsOfAnEncryptedWayPastUsWhileThereAreNameRules(Family f) throws Exception {
    EngineRig system = new EngineRig(f, RULE);
    Name designated = name("_dns.Resolver.arpa");
    byte[] query = Message.newQuery(Record.newRecord(designated, Type.SVCB, DClass.IN)).toWire();
    FlowKey key = f.udp(f.host, 40_001, f.resolver, 53);
    system.send(Packets.udp(key, query));
    Message told = EngineRig.message(EngineRig.payload(system.out.only("tun")));
    assertThat(told.getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(told.getSection(Section.ANSWER)).isEmpty();
    system.rules("tcp dport 80 ron");
    system.send(Packets.udp(key, query));
    assertThat(EngineRig.payload(system.out.only("underlay"))).isEqualTo(query);
  }

  @Test
  void signedMessagesPassByteForByteBothWays() throws Exception {
    TSIG key = new TSIG(TSIG.HMAC_SHA256, name("key"), new byte[32]);
    Message asked = Message.newQuery(Record.newRecord(name(NAME), Type.A, DClass.IN));
    key.apply(asked, null);
    byte[] query = asked.toWire();
    FlowKey onWire = ask(40_001, query);
    Message genuine = message(NAME, Type.A, a(NAME, "203.0.113.1"));
    key.apply(genuine, asked.getTSIG());
    byte[] answer = genuine.toWire();
    assertThat(EngineRig.message(answer).getTSIG()).isNotNull();
    assertThat(answer(onWire, answer, 40_001)).isEqualTo(answer);

    Message canary = Message.newQuery(Record.newRecord(name(DnsAnswers.CANARY), 1, DClass.IN));
    key.apply(canary, null);
    ask(40_002, canary.toWire());
  }

  @Test
  void aNameServerAtALinkLocalAddressIsStillAsked() throws Exception {
    byte[] query = Message.newQuery(Record.newRecord(name(NAME), Type.A, DClass.IN)).toWire();
    rig.rules(RULE, "udp dport 53 ron");
    Family f = Family.V4;
    rig.send(Packets.udp(f.udp(f.host, 40_001, "169.254.169.254", 53), query));
    FlowKey onWire = EngineRig.keyOf(rig.out.only("underlay")).reverse();
    byte[] genuine = EngineRig.answer(NAME, Type.A, 0, "203.0.113.1");
    rig.receive(Carriers.UNDERLAY, Packets.udp(onWire, genuine));
    assertThat(EngineRig.payload(rig.out.only("tun"))).isNotEqualTo(genuine);
  }

  @Test
  void everyByteThatIsDamagedInAnyAnswerIsSurvived() throws Exception {
    Message genuine = message(NAME, Type.SRV, a(NAME, "203.0.113.1"));
    genuine.addRecord(new OPTRecord(1_232, 0, 0), Section.ADDITIONAL);
    genuine.addRecord(a("mx.example.org", "203.0.113.1"), Section.ADDITIONAL);
    byte[] wire = genuine.toWire();
    for (int at = 0; at < wire.length; at++) {
      for (int value = 0; value < 256; value++) {
        byte[] damaged = ByteBuffer.allocate(wire.length).put(0, wire).array();
        damaged[at] = (byte) value;
        bytesTold(damaged);
      }
    }
  }
}
