// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.result;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.junit.jupiter.api.Test;

class GoalsTest {
  private static final String HEAD = "experiment,value,comparison,goal,stretch,unit,source\n";

  private static Judged judge(String comparison, Double... rounds) {
    Goals goals = Goals.parse(HEAD + "x,a.speed," + comparison + ",100,150,Mbit/s,here\n");
    return goals.judge("x", series(rounds), name -> true).get(0);
  }

  private static Series series(Double... rounds) {
    Series series = new Series();
    for (int i = 0; i < rounds.length; i++) {
      series.put("a", "speed", i + 1, rounds[i]);
    }
    return series;
  }

  @Test
  void aGoalIsMetWhenTheWholeIntervalLiesBeyondIt() {
    assertThat(judge(">=", 120.0, 121.0, 119.0).met()).isEqualTo(Goal.Met.TRUE);
    assertThat(judge("<=", 80.0, 81.0, 79.0).met()).isEqualTo(Goal.Met.TRUE);
  }

  @Test
  void aGoalIsNotMetWhenTheWholeIntervalFallsShort() {
    assertThat(judge(">=", 80.0, 81.0, 79.0).met()).isEqualTo(Goal.Met.FALSE);
    assertThat(judge("<=", 120.0, 121.0, 119.0).met()).isEqualTo(Goal.Met.FALSE);
  }

  @Test
  void aGoalInsideTheIntervalIsUnclear() {
    assertThat(judge(">=", 90.0, 100.0, 115.0).met()).isEqualTo(Goal.Met.UNCLEAR);
  }

  @Test
  void aSingleRoundIsTakenAtItsWord() {
    assertThat(judge(">=", 100.0).met()).isEqualTo(Goal.Met.TRUE);
    assertThat(judge(">=", 99.9).met()).isEqualTo(Goal.Met.FALSE);
    assertThat(judge(">=", 100.0).halfWidth95()).isNull();
  }

  @Test
  void aValueThatWasNotMeasuredIsNotMet() {
    assertThat(judge(">=").met()).isEqualTo(Goal.Met.FALSE);
    assertThat(judge(">=").stretchMet()).isEqualTo(Goal.Met.FALSE);
  }

  @Test
  void aStretchGoalIsReportedAndDoesNotDecide() {
    Judged judged = judge(">=", 120.0, 121.0, 119.0);
    assertThat(judged.stretch()).isEqualTo(">= 150");
    assertThat(judged.stretchMet()).isEqualTo(Goal.Met.FALSE);
    assertThat(Goals.allMet(List.of(judged))).isTrue();
    assertThat(Goals.text(List.of(judge(">=", 160.0)))).contains("stretch >= 150");
  }

  @Test
  void theIntervalIsStudents() {
    // t(0.975, 2) = 4.3027, s = 1, n = 3
    assertThat(judge(">=", 119.0, 120.0, 121.0).halfWidth95()).isCloseTo(2.484, offset(0.001));
  }

  @Test
  void goalsForWhatWasNotAskedAreLeftOut() {
    Goals goals =
        Goals.parse(HEAD + "x,a.speed,>=,1,,s,\nx,b.speed,>=,1,,s,\ny,a.speed,>=,1,,s,\n");
    assertThat(goals.judge("x", series(1.0), name -> name.startsWith("b")))
        .extracting(Judged::name)
        .containsExactly("b.speed");
  }

  @Test
  void noGoalAtAllIsNotSuccess() {
    assertThat(Goals.allMet(List.of())).isFalse();
  }

  @Test
  void theTableOfTheProjectReads() throws Exception {
    List<Judged> judged = Goals.load().judge("throughput", new Series(), name -> true);
    assertThat(judged).isNotEmpty();
    assertThat(new ObjectMapper().writeValueAsString(judged)).contains("\"met\":false");
  }

  @Test
  void aLineThatIsNoGoalIsRefusedWithItsText() {
    assertThatThrownBy(() -> Goals.parse(HEAD + "x,speed,about,100,,Mbit/s,here"))
        .hasMessageContaining("x,speed,about");
  }
}
