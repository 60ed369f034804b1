// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.measure;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import oasis.os.OsException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RawDataTest {
  private static final Probe FIRST = new Probe(10, 9.9, 0);
  private static final Probe SECOND = new Probe(20, 12, 3);

  @TempDir private Path directory;
  private final List<String> said = new ArrayList<>();
  private RawData<Effort, Probe> raw;

  private record Effort(int rounds) {}

  @BeforeEach
  void open() {
    raw = new RawData<>(directory, Effort.class, Probe.class);
  }

  private List<Probe> resume(int rounds) throws Exception {
    return raw.resume(
        new Effort(rounds), before -> new Effort(rounds), one -> one.lostPercent() < 9, said::add);
  }

  @Test
  void whatWasAddedIsReadBack() throws Exception {
    raw.begin(new Effort(3), List.of(FIRST));
    raw.add(SECOND);
    raw.add(new Probe(30, 13, 9));
    assertThat(resume(4)).containsExactly(FIRST, SECOND);
    assertThat(said).containsExactly("resumed: 2 measurements are there");
  }

  @Test
  void aRunWithAnotherPlanIsNotGoneOnWith() throws Exception {
    raw.begin(new Effort(3), List.of(FIRST));
    assertThatThrownBy(
            () -> raw.resume(new Effort(4), UnaryOperator.identity(), one -> true, said::add))
        .isInstanceOf(OsException.class)
        .hasMessageContaining("had another plan");
  }

  @Test
  void aRunOfAnotherVersionIsNotGoneOnWith() throws Exception {
    Path build = directory.resolve("build");
    assertThatThrownBy(() -> Build.requireSame(build, "0badcafe"))
        .as("one that has not said which it was")
        .isInstanceOf(OsException.class);
    Files.writeString(build, "00000000\n");
    assertThatThrownBy(() -> Build.requireSame(build, "0badcafe"))
        .isInstanceOf(OsException.class)
        .hasMessageContaining("another version of this program");
    Build.requireSame(build, "00000000");
    Build.requireSame(build, Build.UNPACKAGED);
  }

  @Test
  void aBuildIsKnownByWhatItHoldsNotByWhereOrWhenItWasMade() throws Exception {
    String first = Build.of(archive("one.jar", "a") + ":" + directory.resolve("not-there.jar"));
    assertThat(Build.of(archive("two.jar", "a"))).isEqualTo(first);
    assertThat(Build.of(archive("two.jar", "b"))).isNotEqualTo(first);
  }

  private String archive(String name, String content) throws IOException {
    Path file = directory.resolve(name);
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(file))) {
      out.putNextEntry(new ZipEntry("oasis/A.class"));
      out.write(content.getBytes(UTF_8));
    }
    return file.toString();
  }

  @Test
  void aBrokenLineIsForgivenAtTheEndOnly() throws Exception {
    raw.begin(new Effort(3), List.of(FIRST));
    Path lines = directory.resolve("raw.jsonl");
    Files.writeString(lines, "{\"offeredMb", StandardOpenOption.APPEND);
    assertThat(resume(3)).containsExactly(FIRST);
    Files.writeString(lines, "\n{}\n", StandardOpenOption.APPEND);
    assertThatThrownBy(() -> resume(3)).isInstanceOf(IOException.class);
  }

  @Test
  void anEmptyFolderHasNothingToGoOnFrom() {
    assertThatThrownBy(() -> resume(3))
        .isInstanceOf(OsException.class)
        .hasMessageContaining("nothing to resume");
  }
}
