// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import oasis.emulator.hub.HubReport;
import org.junit.jupiter.api.Test;

class RunResultTest {
  @Test
  void aGoodRunHasNoFaults() {
    assertThat(result(List.of(program(0, false), program(143, true)), List.of()).faults())
        .isEmpty();
  }

  @Test
  void eachReasonOfABadRunHasALine() {
    RunResult result =
        result(List.of(program(0, false), program(7, false)), List.of("packets were late"));

    assertThat(result.faults())
        .containsExactly("host: true: exit status 7, see host.err", "INVALID: packets were late");
  }

  private static RunResult.ProgramResult program(int status, boolean stopped) {
    return new RunResult.ProgramResult("host", "true", status, stopped, "host.out", "host.err");
  }

  private static RunResult result(List<RunResult.ProgramResult> programs, List<String> doubts) {
    return new RunResult("pair", 1, programs, HubReport.EMPTY, doubts, Map.of());
  }
}
