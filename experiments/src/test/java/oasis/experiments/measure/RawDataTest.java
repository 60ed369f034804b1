// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import oasis.os.OsException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RawDataTest {
  private static final Probe FIRST = new Probe(10, 9.9, 0);
  private static final Probe SECOND = new Probe(20, 12, 3);

  @TempDir private Path directory;
  private RawData<Effort, Probe> raw;

  private record Effort(int rounds) {}

  @BeforeEach
  void open() {
    raw = new RawData<>(directory, Effort.class, Probe.class);
  }

  @Test
  void whatWasAddedIsReadBack() throws Exception {
    raw.begin(new Effort(3), List.of(FIRST));
    raw.add(SECOND);
    assertThat(raw.recordedPlan()).isEqualTo(new Effort(3));
    assertThat(raw.entries()).containsExactly(FIRST, SECOND);
  }

  @Test
  void aBrokenLineIsForgivenAtTheEndOnly() throws Exception {
    raw.begin(new Effort(3), List.of(FIRST));
    Path lines = directory.resolve("raw.jsonl");
    Files.writeString(lines, "{\"offeredMb", StandardOpenOption.APPEND);
    assertThat(raw.entries()).containsExactly(FIRST);
    Files.writeString(lines, "\n{}\n", StandardOpenOption.APPEND);
    assertThatThrownBy(() -> raw.entries()).isInstanceOf(IOException.class);
  }

  @Test
  void anEmptyFolderHasNothingToGoOnFrom() {
    assertThatThrownBy(() -> raw.recordedPlan())
        .isInstanceOf(OsException.class)
        .hasMessageContaining("nothing to resume");
  }
}
