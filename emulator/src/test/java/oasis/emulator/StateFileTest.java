// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateFileTest {
  @TempDir Path directory;

  @Test
  void whatIsWrittenIsRead() throws Exception {
    StateFile state = StateFile.ofThisProcess(List.of("oas-1-a", "oas-1-_hub"));
    Path file = state.write(directory.resolve("deep"), "1");
    assertThat(StateFile.list(directory.resolve("deep"))).containsExactly(file);
    assertThat(StateFile.read(file)).isEqualTo(state);
    assertThat(state.ownerLives()).isTrue();
  }

  @Test
  void aProcessThatStartedAtAnotherTimeIsNotTheOwner() {
    StateFile state = StateFile.ofThisProcess(List.of());
    assertThat(new StateFile(state.owner(), state.ownerStart() + 1, List.of()).ownerLives())
        .isFalse();
  }

  @Test
  void namesThatAreNotOursAreNeverDeleted() throws Exception {
    Path file = directory.resolve("x.state");
    Files.writeString(
        file, "owner 1 1\nnamespace web\nnamespace oas-1-../../x\nnamespace oas-1-a\nnamespace\n");
    assertThat(StateFile.read(file).namespaces()).containsExactly("oas-1-a");
  }

  @Test
  void aMissingDirectoryHoldsNothing() throws Exception {
    assertThat(StateFile.list(directory.resolve("none"))).isEmpty();
  }
}
