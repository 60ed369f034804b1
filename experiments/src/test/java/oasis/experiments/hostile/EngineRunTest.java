// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import oasis.exit.engine.BackendKind;
import oasis.packet.Prefix;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EngineRunTest {
  private static final int SOME = 60_000;

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void theEngineForwardsNothingThatPolicyForbids(BackendKind kind) {
    IntoEngine result = new EngineRun(kind, 11).run(SOME, number -> {});
    assertThat(result.violations()).isEmpty();
    assertThat(result.thrown()).isEmpty();
    assertThat(result.forbidden()).isZero();
    assertThat(result.exceptions()).isZero();
    assertThat(result.explained()).isGreaterThan(SOME / 20);
    assertThat(result.delivered()).isPositive();
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void theOracleNoticesAnEngineThatForwardsTooMuch(BackendKind kind) {
    IntoEngine result =
        new EngineRun(kind, List.of(Prefix.parse("10.0.0.0/8")), 12).run(SOME, number -> {});
    assertThat(result.forbidden()).isPositive();
    assertThat(result.violations()).anyMatch(each -> each.contains("10.1.2.3"));
  }
}
