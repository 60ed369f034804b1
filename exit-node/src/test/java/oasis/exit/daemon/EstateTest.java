// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import oasis.exit.engine.BackendKind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a node and its successor must have in common. */
class EstateTest {
  private static Map<String, String> fit(BackendKind kind) {
    ExitConfig config =
        Configs.of(Path.of("x"), ExitConfig.Backend.AUTO, ExitConfig.Silence.SOCKETS);
    return Estate.fit(config, new Choice(kind, ExitConfig.Silence.SOCKETS), true);
  }

  private static Estate estate(Map<String, String> node) {
    return Estate.of(node, "oasis_exit", 42, false, -1, new int[0]);
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void aNodeOfTheSameOptionsMayFollow(BackendKind kind) throws Exception {
    try (Estate estate = estate(fit(kind))) {
      estate.requireFit(fit(kind));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--listen", "--pool", "--pool6", "--ports", "--silence", "--backend"})
  void whatDiffersWithTheRawBackendIsNamed(String option) {
    Map<String, String> running = new LinkedHashMap<>(fit(BackendKind.RAW));
    running.put(option, "other");
    try (Estate estate = estate(running)) {
      assertThatThrownBy(() -> estate.requireFit(fit(BackendKind.RAW)))
          .isInstanceOf(NotReplaceableException.class)
          .hasMessageContaining("whose " + option + " is other and not ");
    }
  }

  @Test
  void poolsAreComparedAsTheyAreGiven() {
    assertThat(fit(BackendKind.RAW))
        .containsEntry("--pool", "100.64.0.0/10")
        .containsEntry("--pool6", ExitConfig.DEFAULT_POOL6);
  }
}
