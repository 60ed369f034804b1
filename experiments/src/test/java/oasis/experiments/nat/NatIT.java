// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.nat;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import oasis.emulator.Launcher;
import oasis.lab.Daemons;
import oasis.lab.Lab;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Connections are opened and counted through whoever translates. */
@Timeout(600)
class NatIT {
  @TempDir Path directory;

  @BeforeEach
  void onlyWherePossible() {
    Lab.assumePossible();
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void connectionsBeginAndNoneFails(Way way) throws Exception {
    Launcher launcher = new Launcher(Daemons.script());
    try (NatNetwork network = NatNetwork.start(way, directory, launcher)) {
      Connector.Outcome outcome = network.connect(2);
      assertThat(outcome.done()).isGreaterThan(20);
      assertThat(outcome.failed()).isZero();
      assertThat(network.translated()).isTrue();
    }
  }
}
