// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import oasis.packet.FlowKey;
import oasis.testkit.Packets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;

/** Queries of a program that asks for each name from a port of its own. */
class ResolveByNameTest {
  private static EngineRig rig(Family f) {
    EngineRig rig = new EngineRig(f, "name:*.example.com ron", "udp dport 53 detour");
    rig.engine.resolveByName();
    return rig;
  }

  private static void ask(EngineRig rig, Family f, int port, String name) throws Exception {
    FlowKey query = f.udp(f.host, port, f.resolver, 53);
    Record question = Record.newRecord(Name.fromString(name + "."), f.type(), DClass.IN);
    rig.send(Packets.udp(query, Message.newQuery(question).toWire()));
  }

  @ParameterizedTest
  @EnumSource
  void aQueryGoesByTheCarrierOfItsName(Family f) throws Exception {
    EngineRig rig = rig(f);
    ask(rig, f, 40_001, "www.example.com");
    assertThat(rig.out.only("carrier " + rig.ron)).isNotEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void whereNoRuleIsAboutTheNameThePacketDecides(Family f) throws Exception {
    EngineRig rig = rig(f);
    ask(rig, f, 40_002, "www.example.org");
    assertThat(rig.out.only("carrier " + rig.detour)).isNotEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void withoutBeingToldTheClientAsksNoQuery(Family f) throws Exception {
    EngineRig rig = new EngineRig(f, "name:*.example.com ron", "udp dport 53 detour");
    ask(rig, f, 40_003, "www.example.com");
    assertThat(rig.out.only("carrier " + rig.detour)).isNotEmpty();
  }
}
