// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlanTest {
  private static final Plan PLAN =
      new Plan(false, 3, List.of("a", "b", "c"), List.of(Mode.DEFAULT), 5, "17", null);

  @Test
  void eachRoundBeginsWithAnotherPath() {
    assertThat(PLAN.order(1)).containsExactly("a", "b", "c");
    assertThat(PLAN.order(2)).containsExactly("b", "c", "a");
    assertThat(PLAN.order(4)).containsExactly("a", "b", "c");
  }

  @Test
  void onlyValuesOfItsPathsAndModesAreAskedFor() {
    assertThat(PLAN.asks("a.tcp_up.default")).isTrue();
    assertThat(PLAN.asks("a.rss_client")).isTrue();
    assertThat(PLAN.asks("a.tcp_up.wire")).isFalse();
    assertThat(PLAN.asks("d.tcp_up.default")).isFalse();
  }

  @Test
  void aQuickRunMeasuresWhatItsGoalsNeed() {
    Plan quick = new Plan(true, 1, Paths.QUICK, List.of(Mode.values()), 2, "17", Suite.THROUGHPUT);
    assertThat(quick.tests(Paths.OURS, Mode.DEFAULT)).containsExactly(Kind.values());
    assertThat(quick.tests(Paths.QUICKTUN, Mode.DEFAULT))
        .contains(Kind.TCP_UP, Kind.TCP_DOWN, Kind.UDP_UP, Kind.RTT, Kind.CPU);
    for (String path : Paths.QUICK) {
      assertThat(quick.tests(path, Mode.WIRE)).containsExactly(Kind.TCP_UP, Kind.TCP_DOWN);
    }
  }

  @Test
  void aFullRunMeasuresEverythingOnEveryPath() {
    assertThat(PLAN.tests("a", Mode.DEFAULT)).containsExactly(Kind.values());
    assertThat(PLAN.tests("a", Mode.WIRE)).contains(Kind.UDP_UP).doesNotContain(Kind.RTT);
  }

  @Test
  void aQuickRunEndsItsRepetitionsInTime() {
    Plan quick = new Plan(true, 1, Paths.QUICK, List.of(Mode.values()), 2, "17", Suite.THROUGHPUT);
    assertThat(quick.effort(0).tries()).isGreaterThan(1);
    assertThat(quick.effort(300_000).tries()).isEqualTo(1);
  }

  @Test
  void itReadsBackFromJson() throws Exception {
    ObjectMapper json = new ObjectMapper();
    assertThat(json.readValue(json.writeValueAsString(PLAN), Plan.class)).isEqualTo(PLAN);
  }
}
