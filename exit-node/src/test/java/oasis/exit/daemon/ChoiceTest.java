// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import oasis.exit.daemon.ExitConfig.Backend;
import oasis.exit.daemon.ExitConfig.Silence;
import oasis.exit.engine.BackendKind;
import oasis.os.OsException;
import oasis.testkit.FakeCommandRunner;
import org.junit.jupiter.api.Test;

class ChoiceTest {
  private static final Powers ALL = new Powers(true, true, true, true);
  private static final Powers SLICE = new Powers(false, true, true, false);
  private static final Powers NOTHING = new Powers(false, false, true, false);

  private static Choice choose(Backend backend, Silence silence, Powers powers) throws OsException {
    return Choice.of(Configs.of(Path.of("x"), backend, silence), powers);
  }

  @Test
  void theKernelIsChosenWhereTheHostIsOurs() throws Exception {
    assertThat(choose(Backend.AUTO, Silence.AUTO, ALL).backend()).isEqualTo(BackendKind.KERNEL);
    Choice raw = choose(Backend.RAW, Silence.AUTO, ALL);
    assertThat(raw).isEqualTo(new Choice(BackendKind.RAW, Silence.NFT));
    assertThat(choose(Backend.RAW, Silence.SOCKETS, ALL).silence()).isEqualTo(Silence.SOCKETS);
  }

  @Test
  void onASliceSocketsDoAll() throws Exception {
    assertThat(choose(Backend.AUTO, Silence.AUTO, SLICE))
        .isEqualTo(new Choice(BackendKind.RAW, Silence.SOCKETS));
    Powers withoutTun = new Powers(true, true, false, true);
    assertThat(choose(Backend.AUTO, Silence.AUTO, withoutTun))
        .isEqualTo(new Choice(BackendKind.RAW, Silence.NFT));
  }

  @Test
  void whatIsNotPossibleIsRefusedInOneLineThatSaysWhatToDo() {
    assertThatThrownBy(() -> choose(Backend.KERNEL, Silence.AUTO, SLICE))
        .hasMessageContainingAll("CAP_NET_ADMIN and nft", "--backend raw");
    assertThatThrownBy(() -> choose(Backend.RAW, Silence.NFT, SLICE))
        .hasMessageContaining("--silence sockets");
    assertThatThrownBy(() -> choose(Backend.AUTO, Silence.AUTO, NOTHING))
        .hasMessageContainingAll("CAP_NET_RAW", "run as root");
  }

  @Test
  void powersAreLookedAtAndNotTried() {
    FakeCommandRunner runner = new FakeCommandRunner().fail("nft list tables", 1, "no");
    Powers found = Powers.probe(runner);
    assertThat(found.nft()).isFalse();
    assertThat(runner.commands()).hasSize(found.netAdmin() ? 1 : 0);
  }
}
