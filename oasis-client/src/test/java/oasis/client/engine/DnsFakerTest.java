// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.ReverseMap;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

class DnsFakerTest {
  @Test
  void anAnswerThatNoRuleMatchesPassesByteForByte() {
    EngineRig rig = new EngineRig("name:*.example.org ron");
    byte[] answer = EngineRig.answer("www.example.net", Type.A, 0, "203.0.113.1", "203.0.113.2");
    byte[] got = rig.exchange("www.example.net", Type.A, answer);
    assertThat(EngineRig.payload(got)).isEqualTo(answer);
  }

  @Test
  void eachRealAddressHasAFakeOfItsOwnAndKeepsIt() {
    EngineRig rig = new EngineRig("name:*.example.org ron");
    Message first = rig.resolve("www.example.org", Type.A, "203.0.113.1", "203.0.113.2");
    Message again = rig.resolve("www.example.org", Type.A, "203.0.113.1", "203.0.113.2");
    Message other = rig.resolve("ftp.example.org", Type.A, "203.0.113.1");
    assertThat(first.getSection(Section.ANSWER)).hasSize(2);
    assertThat(again.getSection(Section.ANSWER)).isEqualTo(first.getSection(Section.ANSWER));
    assertThat(data(other)).doesNotContainAnyElementsOf(data(first));
    assertThat(first.getHeader().getID()).isEqualTo(4_711);
  }

  private static List<String> data(Message message) {
    return message.getSection(Section.ANSWER).stream().map(Record::rdataToString).toList();
  }

  @Test
  void otherAddressRecordsOfAMatchingNameExistButAreEmpty() {
    EngineRig rig = new EngineRig("name:*.example.org ron");
    for (int type : new int[] {Type.AAAA, Type.HTTPS, Type.SVCB}) {
      String[] real = type == Type.AAAA ? new String[] {"2001:db8::1"} : new String[0];
      Message got = rig.resolve("www.example.org", type, real);
      assertThat(got.getSection(Section.ANSWER)).isEmpty();
      assertThat(got.getRcode()).isEqualTo(Rcode.NOERROR);
    }
  }

  @Test
  void aNameThatDoesNotExistStaysSo() {
    EngineRig rig = new EngineRig("name:*.example.org ron");
    byte[] answer = EngineRig.answer("no.example.org", Type.A, Rcode.NXDOMAIN);
    assertThat(EngineRig.payload(rig.exchange("no.example.org", Type.A, answer))).isEqualTo(answer);
  }

  @Test
  void whenTheUnderlayServesAtNameTimeTheGenuineAnswerPasses() {
    EngineRig rig = new EngineRig("name:*.example.org ron", "name:*.example.com underlay");
    rig.engine.onRefused(rig.ron, rig.nowNs);
    for (String name : new String[] {"www.example.org", "www.example.com"}) {
      byte[] answer = EngineRig.answer(name, Type.A, 0, "203.0.113.1");
      assertThat(EngineRig.payload(rig.exchange(name, Type.A, answer))).isEqualTo(answer);
    }
  }

  @Test
  void theReverseNameOfAFakeIsItsName() throws Exception {
    EngineRig rig = new EngineRig("name:*.example.org ron");
    String fake = rig.fakeOf("www.example.org", EngineRig.SERVER);
    Name reverse = ReverseMap.fromAddress(fake);
    FlowKey query = Packets.key(Ip.UDP, EngineRig.HOST, 40_002, EngineRig.RESOLVER, 53);
    Message asked = Message.newQuery(Record.newRecord(reverse, Type.PTR, DClass.IN));
    rig.send(Packets.udp(query, asked.toWire()));
    Message got = EngineRig.message(EngineRig.payload(rig.out.only("tun")));
    assertThat(((PTRRecord) got.getSection(Section.ANSWER).get(0)).getTarget())
        .hasToString("www.example.org.");
    assertThat(got.getHeader().getID()).isEqualTo(asked.getHeader().getID());
  }

  @Test
  void anyBytesFromAResolverPassOrAreFakedButNeverThrow() {
    Gen.cases(
        300,
        gen -> {
          EngineRig rig = new EngineRig("name:*.example.org ron");
          byte[] answer = EngineRig.answer("www.example.org", Type.A, 0, "203.0.113.1");
          for (int i = gen.range(1, 8); i > 0; i--) {
            answer[gen.below(answer.length)] = (byte) gen.below(256);
          }
          rig.exchange("www.example.org", Type.A, answer);
        });
  }
}
