// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import oasis.client.engine.Decision.Match;
import oasis.client.engine.Decision.Verdict;
import oasis.packet.FlowKey;
import oasis.rules.ProgramFacts;
import oasis.rules.Rule;
import oasis.rules.RuleSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which rule decides, what is counted for it, and how that is explained. */
class DecisionTest {
  private static FlowKey web(Family f) {
    return f.tcp(f.host, 40_000, f.server, 80);
  }

  @ParameterizedTest
  @EnumSource
  void theExplanationIsWhatHappens(Family f) throws Exception {
    EngineRig rig =
        new EngineRig(f, "tcp dport 80 detour else next", "tcp dport 22 ron", "tcp ron");
    rig.engine.onRefused(rig.detour, rig.nowNs);

    Explanation told = rig.engine.explain(web(f), ProgramFacts.NONE, rig.nowNs);
    assertThat(told.flow()).isNull();
    assertThat(told.decision().carrier()).isEqualTo("ron");
    assertThat(told.decision().matches())
        .containsExactly(
            new Match(
                Rule.parse("tcp dport 80 detour else next"),
                CarrierState.DEAD,
                true,
                false,
                Verdict.NEXT),
            new Match(Rule.parse("tcp ron"), CarrierState.ALIVE, true, false, Verdict.CARRIED));

    rig.send(EngineRig.syn(web(f)));
    rig.out.only("carrier " + rig.ron);
    FlowInfo flow = rig.engine.explain(web(f), ProgramFacts.NONE, rig.nowNs).flow();
    assertThat(flow).isNotNull();
    assertThat(flow.carrier()).isEqualTo("ron");
    assertThat(flow.rule())
        .as("the rule that decided, not the one that passed")
        .isEqualTo("tcp ron");
  }

  @Test
  void aNameIsExplainedForBothFamilies() {
    EngineRig rig = new EngineRig("name:*.example.org narrow else block");

    assertThat(rig.engine.explain("www.example.org", ProgramFacts.NONE, true).carrier())
        .isEqualTo("narrow");
    Decision ipv6 = rig.engine.explain("www.example.org", ProgramFacts.NONE, false);
    assertThat(ipv6.carrier()).as("blocked").isNull();
    assertThat(ipv6.matches().get(0).fits()).isFalse();
    Decision other = rig.engine.explain("www.example.com", ProgramFacts.NONE, true);
    assertThat(other.rule()).isNull();
    assertThat(other.matches()).isEmpty();
    assertThat(other.carrier()).isEqualTo("underlay");
  }

  @ParameterizedTest
  @EnumSource
  void aFakeDestinationIsExplainedByItsName(Family f) {
    EngineRig rig = new EngineRig(f, "name:*.example.org ron");
    String fake = rig.fakeOf("www.example.org", f.server);

    Explanation known =
        rig.engine.explain(f.tcp(f.tun, 40_000, fake, 80), ProgramFacts.NONE, rig.nowNs);
    assertThat(known.name()).isEqualTo("www.example.org");
    assertThat(known.decision().carrier()).isEqualTo("ron");
    String unknown = f.v4() ? "198.18.99.99" : "fdc6:1200:4710::9999";
    assertThat(
            rig.engine
                .explain(f.tcp(f.tun, 40_000, unknown, 80), ProgramFacts.NONE, rig.nowNs)
                .unknownFake())
        .isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void aRuleCountsItsNamesFlowsAndBytes(Family f) throws Exception {
    EngineRig rig = new EngineRig(f);
    Rule name = Rule.parse("name:*.example.org ron");
    Rule header = Rule.parse("tcp dport 80 ron");
    RuleHits nameHits = new RuleHits(name);
    RuleHits headerHits = new RuleHits(header);
    int[] carriers = {rig.ron, rig.ron};
    rig.engine.setRules(
        RuleSet.compile(List.of(name, header)), carriers, List.of(nameHits, headerHits), rig.nowNs);

    rig.fakeOf("www.example.org", f.server);
    rig.send(EngineRig.syn(web(f)));
    rig.send(EngineRig.data(web(f), 101, 1, 10));
    rig.receive(rig.ron, EngineRig.data(f.tcp(f.server, 80, f.host, 40_000), 1, 101, 10));

    int header4 = f.v4() ? 40 : 60;
    assertThat(nameHits.counts()).isEqualTo(new RuleHits.Counts(name, 1, 0, 0));
    assertThat(headerHits.counts())
        .isEqualTo(new RuleHits.Counts(header, 0, 1, 3 * header4 + 4 + 20));

    // In another order, with the same counters; the flow stays and goes on counting.
    rig.engine.setRules(
        RuleSet.compile(List.of(header, name)), carriers, List.of(headerHits, nameHits), rig.nowNs);
    rig.send(EngineRig.data(web(f), 111, 11, 10));
    assertThat(headerHits.counts().flows()).isEqualTo(1);
    assertThat(headerHits.counts().bytes()).isEqualTo(4 * header4 + 4 + 30);
    // Disabled: it decides nothing new, but its flow is still its own.
    rig.engine.setRules(RuleSet.EMPTY, new int[0], List.of(), rig.nowNs);
    rig.send(EngineRig.data(web(f), 121, 11, 10));
    assertThat(headerHits.counts().bytes()).isEqualTo(5 * header4 + 4 + 40);
    assertThat(headerHits.counts().flows()).isEqualTo(1);
  }
}
