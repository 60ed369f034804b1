// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.HTTPSRecord;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SVCBBase;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** What of an answer about a matching name no program gets, by whatever it stands beside. */
class DnsWithheldTest {
  private static final String NAME = "www.example.org";
  private static final String PLAIN = "www.example.net";
  private static final String RULE = "name:*.example.org ron";

  private final EngineRig rig = new EngineRig(RULE);

  private static Message message(String name, int type, Object... data) throws Exception {
    Name owner = Name.fromString(name + ".");
    Message m = new Message(4_711);
    m.getHeader().setFlag(Flags.QR);
    m.addRecord(Record.newRecord(owner, type, DClass.IN), Section.QUESTION);
    for (Object each : data) {
      if (each instanceof Record record) {
        m.addRecord(record, Section.ANSWER);
      } else {
        InetAddress address = InetAddress.getByName(each.toString());
        boolean v4 = address.getAddress().length == 4;
        m.addRecord(
            v4
                ? new ARecord(owner, DClass.IN, 300, address)
                : new AAAARecord(owner, DClass.IN, 300, address),
            Section.ANSWER);
      }
    }
    return m;
  }

  private byte[] told(Message genuine) {
    return told(genuine.toWire(65_535));
  }

  private byte[] told(byte[] genuine) {
    return EngineRig.payload(rig.exchange(NAME, Type.A, genuine));
  }

  private void assertNothing(Message genuine) {
    Message told = EngineRig.message(told(genuine));
    assertThat(told.getSection(Section.ANSWER)).isEmpty();
    assertThat(told.getRcode()).isEqualTo(Rcode.NOERROR);
  }

  private static byte[] longer(byte[] message) {
    return Arrays.copyOf(message, message.length + 1);
  }

  private static List<byte[]> malformed(String name, Family f) throws Exception {
    Message edns = message(name, f.type(), f.server);
    edns.addRecord(new OPTRecord(1_232, 0, 0), Section.ADDITIONAL);
    byte[] one = edns.toWire();
    ByteBuffer two = ByteBuffer.allocate(one.length + 11).put(0, one);
    two.put(one.length, one, one.length - 11, 11).putShort(10, (short) 2);
    Message cut = message(name, f.type(), f.server, f.server);
    cut.getHeader().setFlag(Flags.TC);
    byte[] part = cut.toWire(65_535);
    return List.of(
        longer(message(name, f.type(), f.server).toWire()),
        two.array(),
        Arrays.copyOf(part, part.length - 3));
  }

  @ParameterizedTest
  @EnumSource
  void aMalformedAnswerAboutAMatchingNameIsToBeAskedForByTcp(Family f) throws Exception {
    for (byte[] genuine : malformed(NAME, f)) {
      Message told = EngineRig.message(told(genuine));
      assertThat(told.getHeader().getFlag(Flags.TC)).isTrue();
      assertThat(told.getHeader().getID()).isEqualTo(4_711);
      assertThat(told.getSection(Section.ANSWER)).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aMalformedAnswerAboutAnotherNameOrOfAnErrorPasses(Family f) throws Exception {
    for (byte[] genuine : malformed(PLAIN, f)) {
      assertThat(told(genuine)).isEqualTo(genuine);
    }
    byte[] error = longer(EngineRig.answer(NAME, f.type(), Rcode.NXDOMAIN));
    assertThat(told(error)).isEqualTo(error);
    rig.rules("name:*.example.org underlay");
    for (byte[] genuine : malformed(NAME, f)) {
      assertThat(told(genuine)).isEqualTo(genuine);
    }
  }

  @Test
  void aLoopbackAddressBringsNoIpv6AddressAlongWhereNothingCarriesIt() throws Exception {
    rig.rules("name:*.example.org narrow");
    rig.external6(false);
    assertNothing(message(NAME, Type.ANY, "127.0.0.1", "2001:db8::5"));
    Message blocked = message(NAME, Type.ANY, "0.0.0.0", "::");
    assertThat(told(blocked)).as("the answer of a block list").isEqualTo(blocked.toWire());
  }

  @Test
  void aLoopbackAddressBringsNoGenuineOneAlongWhenIpv6FakesRunOut() throws Exception {
    DnsFakerTest.fill(rig.fakes6, rig.nowNs);
    assertNothing(message(NAME, Type.AAAA, "::1", "2001:db8::5"));
  }

  @ParameterizedTest
  @EnumSource
  void aLoopbackAddressBringsNoFakeOfAnotherNameAlong(Family f) throws Exception {
    String other = rig.fakeOf("ftp.example.org", f.server);
    assertNothing(message(NAME, f.type(), f.v4() ? "127.0.0.1" : "::1", other));
  }

  @Test
  void aLoopbackAddressBringsNoServiceBindingAlong() throws Exception {
    assertNothing(message(NAME, Type.ANY, "127.0.0.1", binding(NAME)));
  }

  private static HTTPSRecord binding(String name) throws Exception {
    SVCBBase.ParameterIpv4Hint hint = new SVCBBase.ParameterIpv4Hint();
    hint.fromString("203.0.113.1");
    Name owner = Name.fromString(name + ".");
    return new HTTPSRecord(owner, DClass.IN, 300, 1, Name.root, List.of(hint));
  }

  @Test
  void serviceBindingsOfOtherPortsAreThoseOfTheirName() throws Exception {
    rig.rules("name:www.example.org ron");
    for (String before : List.of("_8443._https.", "_dns.")) {
      Message genuine = message(before + NAME, Type.HTTPS, binding(before + NAME));
      List<Record> told = EngineRig.message(told(genuine)).getSection(Section.ANSWER);
      assertThat(told).hasSize(1);
      assertThat(told.get(0).rdataToString().strip()).isEqualTo("1 .");
    }
    for (String other : List.of("_8443._https." + PLAIN, "x._https." + NAME)) {
      Message genuine = message(other, Type.HTTPS, binding(other));
      assertThat(told(genuine)).isEqualTo(genuine.toWire());
    }
  }
}
