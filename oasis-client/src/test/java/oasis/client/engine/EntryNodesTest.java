// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.util.ArrayList;
import java.util.List;
import oasis.packet.FlowKey;
import oasis.rules.Rule;
import oasis.rules.RuleException;
import oasis.rules.RuleSet;
import org.junit.jupiter.api.Test;

/** Several entry nodes of one overlay: which one gets a new flow. */
class EntryNodesTest {
  private static final long MS = 1_000_000;

  private final EngineRig rig = new EngineRig();
  private final int first = rig.engine.addCarrier("pair", 1_400, rig.nowNs);
  private final int second = rig.engine.addCarrier("pair", 1_400, rig.nowNs);
  private int port = 40_000;

  EntryNodesTest() throws RuleException {
    sendBy(first);
  }

  private void sendBy(int carrier) throws RuleException {
    Rule rule = Rule.parse("tcp dport 80 pair");
    rig.engine.setRules(RuleSet.compile(List.of(rule)), new int[] {carrier}, rig.nowNs);
  }

  /** One round of probes, a second long; a negative time is no answer. */
  private void round(long firstMs, long secondMs) {
    long endNs = rig.nowNs + EngineRig.SECOND_NS;
    rig.engine.onTimer(rig.nowNs);
    long beganNs = rig.nowNs;
    for (long ms = 0; ms < 1_000; ms++) {
      rig.nowNs = beganNs + ms * MS;
      if (ms == firstMs) {
        rig.hear(first);
      }
      if (ms == secondMs) {
        rig.hear(second);
      }
      if (rig.engine.nextDeadlineNs() <= rig.nowNs) {
        rig.engine.onTimer(rig.nowNs);
      }
    }
    rig.nowNs = endNs;
    rig.out.probes.clear();
  }

  /** The carrier that a new connection gets. */
  private int carrierOfNewFlow() {
    ways();
    FlowKey web = Family.V4.tcp(Family.V4.host, port++, Family.V4.server, 80);
    rig.send(EngineRig.syn(web));
    List<String> ways = ways();
    assertThat(ways).hasSize(1);
    return Integer.parseInt(ways.get(0).replace("carrier ", ""));
  }

  /** Where packets went since this was asked before. */
  private List<String> ways() {
    List<String> ways = new ArrayList<>();
    rig.out.take((to, packet) -> ways.add(to));
    return ways;
  }

  @Test
  void aNewFlowGetsTheEntryNodeWithTheShortestRoundTripTime() {
    round(40, 10);

    assertThat(carrierOfNewFlow()).isEqualTo(second);
    assertThat(rig.engine.info(rig.nowNs).carriers())
        .filteredOn(one -> one.name().equals("pair"))
        .extracting(CarrierInfo::rttUs, CarrierInfo::chosen)
        .containsExactly(tuple(40_000L, false), tuple(10_000L, true));
  }

  @Test
  void aSlightlyFasterEntryNodeDoesNotTakeOver() {
    round(10, 40);
    assertThat(carrierOfNewFlow()).isEqualTo(first);

    for (int i = 0; i < 60; i++) {
      round(11, 10);
    }

    assertThat(carrierOfNewFlow()).as("11 ms against 10 ms").isEqualTo(first);
    for (int i = 0; i < 60; i++) {
      round(30, 10);
    }
    assertThat(carrierOfNewFlow()).as("30 ms against 10 ms").isEqualTo(second);
  }

  @Test
  void whenTheChosenEntryNodeDiesTheNextOneServesAtOnce() {
    round(40, 10);
    assertThat(carrierOfNewFlow()).isEqualTo(second);

    rig.engine.onRefused(second, rig.nowNs);

    assertThat(ways()).as("what nobody has answered").containsExactly("carrier " + first);
    assertThat(carrierOfNewFlow()).isEqualTo(first);
  }

  @Test
  void anOverlayOutlivesTheEntryNodeThatWasAddedFirst() throws RuleException {
    round(10, 40);
    rig.engine.removeCarrier(first);
    int other = rig.engine.addCarrier("other", 1_400, rig.nowNs);

    sendBy(second);

    assertThat(other).as("the number is used again").isEqualTo(first);
    assertThat(carrierOfNewFlow()).isEqualTo(second);
  }
}
