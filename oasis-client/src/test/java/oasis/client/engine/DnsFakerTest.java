// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.List;
import oasis.flow.FakePool;
import oasis.packet.Address;
import oasis.packet.FlowKey;
import oasis.packet.Prefix;
import oasis.rules.NeverFaked;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.MXRecord;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.ReverseMap;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** The family is that of the addresses and of the resolver. */
class DnsFakerTest {
  private static final String NAME = "www.example.org";
  private static final String RULE = "name:*.example.org ron";

  private static String[] servers(Family f) {
    return f.v4()
        ? new String[] {"203.0.113.1", "203.0.113.2"}
        : new String[] {"2001:db8::1", "2001:db8:0:1::2"};
  }

  private static List<String> data(Message message) {
    return message.getSection(Section.ANSWER).stream().map(EngineRig::addressOf).toList();
  }

  @ParameterizedTest
  @EnumSource
  void anAnswerThatNoRuleMatchesPassesByteForByte(Family f) {
    EngineRig rig = new EngineRig(f, RULE);
    byte[] answer = EngineRig.answer("www.example.net", f.type(), 0, servers(f));
    byte[] got = rig.exchange("www.example.net", f.type(), answer);
    assertThat(EngineRig.payload(got)).isEqualTo(answer);
  }

  @ParameterizedTest
  @EnumSource
  void portalChecksAndTimeServersKeepTheirAddressUnderARuleForEveryName(Family f) throws Exception {
    EngineRig rig = new EngineRig(f, "name:* ron");
    rig.neverFaked = NeverFaked.of(true, List.of());
    rig.rules("name:* ron", "name:time.google.com ron");
    for (String name : List.of("detectportal.firefox.com", "0.pool.ntp.org", "printer.lan")) {
      byte[] answer = EngineRig.answer(name, f.type(), 0, servers(f));
      byte[] got = rig.exchange(name, f.type(), answer);
      assertThat(EngineRig.payload(got)).as(name).isEqualTo(answer);
    }
    for (String name : List.of(NAME, "time.google.com")) {
      List<String> faked = data(rig.resolve(name, f.type(), servers(f)));
      assertThat(faked).as(name).hasSize(2).doesNotContain(servers(f));
    }
  }

  @ParameterizedTest
  @EnumSource
  void eachRealAddressHasAFakeOfItsOwnAndKeepsIt(Family f) {
    EngineRig rig = new EngineRig(f, RULE);
    Message first = rig.resolve(NAME, f.type(), servers(f));
    Message again = rig.resolve(NAME, f.type(), servers(f));
    Message other = rig.resolve("ftp.example.org", f.type(), servers(f)[0]);
    assertThat(data(first)).hasSize(2);
    assertThat(data(again)).isEqualTo(data(first));
    assertThat(data(other)).hasSize(1).doesNotContainAnyElementsOf(data(first));
    assertThat(first.getHeader().getID()).isEqualTo(4_711);
    Prefix range = Prefix.parse(f.v4() ? "198.18.0.0/16" : "fdc6:1200:4710::/112");
    assertThat(data(first))
        .allMatch(a -> range.contains(Address.parse(a).hi(), Address.parse(a).lo()));
  }

  @ParameterizedTest
  @EnumSource
  void addressesOfOneFamilyAreFakedInAnswersByTheOther(Family f) {
    EngineRig rig = new EngineRig(f, RULE);
    Family other = f.v4() ? Family.V6 : Family.V4;
    assertThat(rig.fakeOf(NAME, other.server)).startsWith(other.v4() ? "198.18." : "fdc6:");
  }

  @ParameterizedTest
  @ValueSource(ints = {Type.HTTPS, Type.SVCB})
  void serviceHintsOfAMatchingNameExistButAreEmpty(int type) {
    Message got = new EngineRig(RULE).resolve(NAME, type);
    assertThat(got.getSection(Section.ANSWER)).isEmpty();
    assertThat(got.getRcode()).isEqualTo(Rcode.NOERROR);
  }

  @Test
  void withoutAnythingThatCarriesIpv6NamesHaveNoIpv6Address() {
    EngineRig rig = new EngineRig("name:*.example.org narrow");
    assertThat(data(rig.resolve(NAME, Type.AAAA, servers(Family.V6))))
        .as("the underlay would carry it")
        .hasSize(2);
    rig.external6(false);
    Message none = rig.resolve(NAME, Type.AAAA, servers(Family.V6));
    assertThat(none.getSection(Section.ANSWER)).isEmpty();
    assertThat(none.getSection(Section.AUTHORITY)).hasSize(1);
    assertThat(none.getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(data(rig.resolve(NAME, Type.A, servers(Family.V4)))).hasSize(2);
    rig.rules(RULE);
    assertThat(data(rig.resolve(NAME, Type.AAAA, servers(Family.V6))))
        .as("the overlay carries it")
        .hasSize(2);
  }

  @Test
  void whenFakesRunOutIpv4IsReachedGenuinelyAndIpv6NotAtAll() {
    EngineRig rig = new EngineRig(RULE);
    fill(rig.fakes, rig.nowNs);
    fill(rig.fakes6, rig.nowNs);
    Message genuine = rig.resolve(NAME, Type.A, servers(Family.V4));
    assertThat(genuine.getSection(Section.ANSWER))
        .as("the alias and both addresses, to be asked for again soon")
        .hasSize(3)
        .allMatch(record -> record.getTTL() == DnsAnswers.FAKE_TTL);
    assertThat(EngineRig.addressOf(genuine.getSection(Section.ANSWER).get(1)))
        .isEqualTo(servers(Family.V4)[0]);
    assertThat(data(rig.resolve(NAME, Type.AAAA, servers(Family.V6)))).isEmpty();
  }

  static void fill(FakePool pool, long nowNs) {
    for (int i = 0; i < pool.capacity(); i++) {
      assertThat(pool.assign("n" + i, 0, 1, 0, nowNs)).isNotZero();
    }
  }

  @Test
  void anAnswerToAnyHasFakesOfBothFamiliesAndNothingElse() throws Exception {
    EngineRig rig = new EngineRig(RULE);
    Message all = any();
    add(all, new ARecord(name(), DClass.IN, 300, InetAddress.getByName("203.0.113.1")));
    add(all, new AAAARecord(name(), DClass.IN, 300, InetAddress.getByName("2001:db8::1")));
    add(all, new MXRecord(name(), DClass.IN, 300, 10, Name.fromString("mx.example.org.")));
    assertThat(
            data(EngineRig.message(EngineRig.payload(rig.exchange(NAME, Type.ANY, all.toWire())))))
        .hasSize(2)
        .anyMatch(a -> a.startsWith("198.18."))
        .anyMatch(a -> a.startsWith("fdc6:"));
    Message mail = any();
    add(mail, new MXRecord(name(), DClass.IN, 300, 10, Name.fromString("mx.example.org.")));
    assertThat(EngineRig.payload(rig.exchange(NAME, Type.ANY, mail.toWire())))
        .as("without an address")
        .isEqualTo(mail.toWire());
  }

  private static Name name() throws IOException {
    return Name.fromString(NAME + ".");
  }

  private static Message any() throws IOException {
    Message message = new Message(1);
    message.getHeader().setFlag(Flags.QR);
    message.addRecord(Record.newRecord(name(), Type.ANY, DClass.IN), Section.QUESTION);
    return message;
  }

  private static void add(Message message, Record record) {
    message.addRecord(record, Section.ANSWER);
  }

  @ParameterizedTest
  @EnumSource
  void addressesOfNoUseToACarrierPass(Family f) {
    EngineRig rig = new EngineRig(f, RULE);
    for (String blocked : List.of(f.v4() ? "127.0.0.1" : "::1", f.v4() ? "0.0.0.0" : "::")) {
      byte[] answer = EngineRig.answer(NAME, f.type(), 0, blocked);
      assertThat(EngineRig.payload(rig.exchange(NAME, f.type(), answer))).isEqualTo(answer);
    }
    assertThat(data(rig.resolve(NAME, f.type(), f.v4() ? "127.0.0.1" : "::1", f.server)))
        .hasSize(1);
  }

  @ParameterizedTest
  @EnumSource
  void aRealAddressInTheFakeRangeIsNeverGivenOut(Family f) {
    EngineRig rig = new EngineRig(f, RULE);
    assertThat(rig.resolve(NAME, f.type(), f.unknownFake()).getSection(Section.ANSWER)).isEmpty();
    assertThat(data(rig.resolve(NAME, f.type(), f.unknownFake(), f.server))).hasSize(1);
    assertThat(rig.fakes.size() + rig.fakes6.size()).isEqualTo(1);
  }

  @Test
  void anIpv4AddressInAnIpv6OneIsNotUsed() throws Exception {
    EngineRig rig = new EngineRig(RULE);
    byte[] answer = EngineRig.answer(NAME, Type.AAAA, 0, "2001:db8::1");
    byte[] real = InetAddress.getByName("2001:db8::1").getAddress();
    int at = answer.length - 16;
    assertThat(ByteBuffer.wrap(answer).getLong(at)).isEqualTo(ByteBuffer.wrap(real).getLong(0));
    ByteBuffer.wrap(answer).putLong(at, 0).putLong(at + 8, 0xffff_cb00_7101L);
    byte[] got = EngineRig.payload(rig.exchange(NAME, Type.AAAA, answer));
    assertThat(EngineRig.message(got).getSection(Section.ANSWER)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void aNameThatDoesNotExistOrHasNoAddressStaysSo(Family f) {
    EngineRig rig = new EngineRig(f, RULE);
    for (int rcode : new int[] {Rcode.NXDOMAIN, Rcode.NOERROR}) {
      byte[] answer = EngineRig.answer("no.example.org", f.type(), rcode);
      assertThat(EngineRig.payload(rig.exchange("no.example.org", f.type(), answer)))
          .isEqualTo(answer);
    }
  }

  @ParameterizedTest
  @EnumSource
  void whereTheRuleSaysUnderlayTheGenuineAnswerPasses(Family f) {
    EngineRig rig = new EngineRig(f, "name:*.example.com underlay", "name:* ron");
    byte[] answer = EngineRig.answer("www.example.com", f.type(), 0, f.server);
    assertThat(EngineRig.payload(rig.exchange("www.example.com", f.type(), answer)))
        .isEqualTo(answer);
  }

  @ParameterizedTest
  @EnumSource
  void whileTheOverlayIsDeadTheGenuineAnswerIsNotKeptForLong(Family f) {
    EngineRig rig = new EngineRig(f, RULE, "name:*.example.com ron else next");
    rig.engine.onRefused(rig.ron, rig.nowNs);
    for (String name : new String[] {NAME, "www.example.com"}) {
      List<Record> told = rig.resolve(name, f.type(), f.server).getSection(Section.ANSWER);
      assertThat(told).hasSize(2).allMatch(record -> record.getTTL() == DnsAnswers.FAKE_TTL);
      assertThat(EngineRig.addressOf(told.get(1))).isEqualTo(f.server);
    }
    rig.engine.setMediate(true);
    byte[] answer = EngineRig.answer(NAME, f.type(), 0, f.server);
    assertThat(EngineRig.payload(rig.exchange(NAME, f.type(), answer)))
        .as("no overlay will ever carry it")
        .isEqualTo(answer);
  }

  @ParameterizedTest
  @EnumSource
  void theReverseNameOfAFakeIsItsName(Family f) throws Exception {
    EngineRig rig = new EngineRig(f, RULE);
    String fake = rig.fakeOf(NAME, f.server);
    Name reverse = ReverseMap.fromAddress(fake);
    FlowKey query = f.udp(f.host, 40_002, f.resolver, 53);
    Message asked = Message.newQuery(Record.newRecord(reverse, Type.PTR, DClass.IN));
    rig.send(Packets.udp(query, asked.toWire()));
    byte[] packet = rig.out.only("tun");
    assertThat(EngineRig.keyOf(packet)).usingRecursiveComparison().isEqualTo(query.reverse());
    Message got = EngineRig.message(EngineRig.payload(packet));
    assertThat(((PTRRecord) got.getSection(Section.ANSWER).get(0)).getTarget())
        .hasToString(NAME + ".");
    assertThat(got.getHeader().getID()).isEqualTo(asked.getHeader().getID());
  }

  @ParameterizedTest
  @EnumSource
  void reverseNamesAreThoseOfTheLibrary(Family f) {
    Gen.cases(
        500,
        gen -> {
          byte[] bytes = gen.bytes(f.v4() ? 4 : 16);
          InetAddress address = InetAddress.getByAddress(bytes);
          String name = ReverseMap.fromAddress(address).toString(true);
          assertThat(ReverseNames.address(name)).isEqualTo(Address.parse(address.getHostAddress()));
          StringBuilder broken = new StringBuilder(name);
          broken.setCharAt(gen.below(name.length()), (char) gen.below(300));
          ReverseNames.address(broken.toString());
          assertThat(ReverseNames.address("1." + name)).isNull();
        });
  }

  @ParameterizedTest
  @EnumSource
  void anyBytesFromAResolverPassOrAreFakedButNeverThrow(Family f) {
    Gen.cases(
        300,
        gen -> {
          EngineRig rig = new EngineRig(f, RULE);
          byte[] answer = EngineRig.answer(NAME, f.type(), 0, f.server);
          for (int i = gen.range(1, 8); i > 0; i--) {
            answer[gen.below(answer.length)] = (byte) gen.below(256);
          }
          rig.exchange(NAME, f.type(), answer);
        });
  }
}
