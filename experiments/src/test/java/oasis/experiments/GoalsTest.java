// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GoalsTest {
  private static final String HEAD = "experiment,value,comparison,goal,unit,source\n";

  private static Judged judge(String comparison, Double... rounds) {
    Goals goals = Goals.parse(HEAD + "x,speed," + comparison + ",100,Mbit/s,here\n");
    return goals.judge("x", Map.of("speed", List.of(rounds))).get(0);
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
  void aValueThatWasNotMeasuredIsNotMet() {
    assertThat(judge(">=").met()).isEqualTo(Goal.Met.FALSE);
  }

  @Test
  void theIntervalIsStudents() {
    // t(0.975, 2) = 4.3027, s = 1, n = 3
    assertThat(judge(">=", 119.0, 120.0, 121.0).halfWidth95()).isCloseTo(2.484, offset(0.001));
  }

  @Test
  void theTableOfTheProjectReads() throws Exception {
    List<Judged> judged = Goals.load().judge(Throughput.NAME, Map.of());
    assertThat(judged).isNotEmpty();
    assertThat(new ObjectMapper().writeValueAsString(judged)).contains("\"met\":false");
  }

  @Test
  void aLineThatIsNoGoalIsRefusedWithItsText() {
    assertThatThrownBy(() -> Goals.parse(HEAD + "x,speed,about,100,Mbit/s,here"))
        .hasMessageContaining("x,speed,about");
  }
}
