// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import oasis.packet.Addresses;
import oasis.packet.FlowKey;
import oasis.rules.ProgramFacts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** Rules for certain programs: first match by what the kernel has noted at a connection. */
class ProgramRulesTest {
  private static final long LOOKED = 1L << 63;
  private static final long FIRST_TERM = LOOKED | 1;

  private int port = 40_000;

  private FlowKey web(Family f, String server) {
    return f.tcp(server.equals(f.server) ? f.host : f.tun, ++port, server, 80);
  }

  @ParameterizedTest
  @EnumSource
  void theFirstRuleThatHoldsForTheProgramDecides(Family f) {
    EngineRig rig = new EngineRig(f, "uid 1000 tcp ron", "not uid 1000 dport 80 detour", "tcp ron");
    rig.out.notes = FIRST_TERM;
    rig.send(EngineRig.syn(web(f, f.server)));
    rig.out.only("carrier " + rig.ron);
    rig.out.notes = LOOKED;
    FlowKey flow = web(f, f.server);
    rig.send(EngineRig.syn(flow));
    rig.out.only("carrier " + rig.detour);
    rig.out.notes = FIRST_TERM;
    rig.send(EngineRig.data(flow, 101, 1, 10));
    rig.out.only("carrier " + rig.detour);
    rig.out.notes = 0;
    rig.send(EngineRig.syn(web(f, f.server)));
    rig.out.only("carrier " + rig.ron);
    assertThat(rig.engine.flows(9, rig.nowNs).get(2).rule())
        .as("of an unknown program only a rule for all decides")
        .isEqualTo("tcp ron");
  }

  @Test
  void theKernelIsAskedOnceForAFlowAndOnlyWhenItMatters() {
    EngineRig rig = new EngineRig("udp ron", "uid 1 uid 1-2 tcp ron", "uid 3 tcp ron", "tcp ron");
    rig.out.asked = 0;
    rig.send(EngineRig.syn(web(Family.V4, Family.V4.server)));
    assertThat(rig.out.asked).isEqualTo(1);
    rig.rules("dport 80 ron", "uid 3 ron");
    rig.send(EngineRig.syn(web(Family.V4, Family.V4.server)));
    assertThat(rig.out.asked).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void aNameRuleForCertainProgramsLeavesTheOthersTheUnderlay(Family f) {
    EngineRig rig = new EngineRig(f, "name:*.example.org uid 1000 ron");
    String fake = rig.fakeOf("www.example.org", f.server);
    rig.out.notes = FIRST_TERM;
    rig.send(EngineRig.syn(web(f, fake)));
    rig.out.only("carrier " + rig.ron);
    rig.out.notes = LOOKED;
    rig.send(EngineRig.syn(web(f, fake)));
    FlowKey sent = EngineRig.keyOf(rig.out.only("underlay"));
    assertThat(Addresses.text(sent.dstHi, sent.dstLo)).isEqualTo(f.server);
  }

  @ParameterizedTest
  @EnumSource
  void whatNoNameRuleDecidesIsAConnectionToTheRealAddress(Family f) {
    EngineRig rig =
        new EngineRig(
            f,
            "name:*.example.org uid 1000 ron",
            "dst " + f.server + " dport 80 detour",
            "name:www.example.org uid 2000 underlay");
    String fake = rig.fakeOf("www.example.org", f.server);
    rig.out.notes = LOOKED;
    rig.send(EngineRig.syn(web(f, fake)));
    rig.out.only("carrier " + rig.detour);
    rig.out.notes = LOOKED | 2;
    rig.send(EngineRig.syn(web(f, fake)));
    rig.out.only("underlay");

    Decision unknown = rig.engine.explain(web(f, fake), ProgramFacts.NONE, rig.nowNs).decision();
    assertThat(unknown.carrier()).isEqualTo("detour");
    assertThat(unknown.matches())
        .extracting(Decision.Match::depends)
        .containsExactly(true, true, false);
    Decision known =
        rig.engine.explain(web(f, fake), new ProgramFacts(1_000L, null), rig.nowNs).decision();
    assertThat(known.carrier()).isEqualTo("ron");
    assertThat(known.matches()).hasSize(1);
  }

  @Test
  void aNameThatNoProgramsRuleTakesFromTheUnderlayKeepsItsAddress() {
    EngineRig rig =
        new EngineRig("name:a.example.org underlay", "name:*.example.org uid 1 unknown");
    assertThat(genuine(rig, "a.example.org")).isTrue();
    assertThat(genuine(rig, "b.example.org")).as("its overlay cannot serve").isTrue();
    rig.rules("name:*.example.org uid 1 underlay", "name:b.* ron");
    assertThat(genuine(rig, "a.example.org")).isTrue();
    assertThat(genuine(rig, "b.example.org")).isFalse();
  }

  /** Whether the answer is the server's, which holds an alias as well. */
  private static boolean genuine(EngineRig rig, String name) {
    return rig.resolve(name, Type.A, Family.V4.server).getSection(Section.ANSWER).size() == 2;
  }
}
