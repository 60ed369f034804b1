// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import oasis.lab.Daemons;
import oasis.lab.Lab;
import oasis.os.linux.LinuxCommandRunner;
import oasis.os.linux.Netns;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The demo as a user starts it: what it shows is true, and nothing is left of it. */
@Timeout(600)
class DemoIT {
  private static final int MINUTES = 9;

  /** A variable that all processes of a demo inherit, so that left ones can be told from others. */
  private static final String MARK = "OASIS_DEMO_TEST";

  @TempDir Path directory;
  private final String mark = UUID.randomUUID().toString();

  private record Outcome(long pid, int status, String out, String err) {}

  @BeforeEach
  void onlyWherePossible() {
    Lab.assumePossible();
  }

  @Test
  void allStepsSucceed() throws Exception {
    Outcome demo = demo("");
    assertThat(demo.status()).as(demo.err() + demo.out()).isZero();
    JsonNode result = Lab.json(demo.out());
    assertThat(result.path("ok").asBoolean()).isTrue();
    assertThat(result.path("steps").findValuesAsText("name"))
        .containsExactly("direct", "name rule", "name rule, IPv6", "header rule", "overlay killed");
    assertThat(result.path("steps"))
        .allSatisfy(step -> assertThat(step.path("faults")).as("%s", step).isEmpty());
    assertThat(result.path("steps").findValuesAsText("carrier"))
        .containsExactly("none", "demo", "demo", "demo", "demo, then underlay");
    assertThat(result.path("steps").findValuesAsText("peer"))
        .containsExactly(
            Lab.CLIENT, Lab.EXIT, "2001:db8:2::2", Lab.EXIT, Lab.EXIT + ", then " + Lab.CLIENT);
    assertNothingLeft(demo);
  }

  @Test
  void anExitNodeThatDoesNotStartIsSaidInOneLine() throws Exception {
    Path broken = directory.resolve("broken");
    Files.writeString(broken, "#!/bin/sh\necho the disk is full >&2\nexit 3\n");
    assertThat(broken.toFile().setExecutable(true)).isTrue();
    Outcome demo = demo("-Doasis.launcher=" + broken);
    assertThat(demo.status()).isEqualTo(1);
    assertThat(demo.out()).isEmpty();
    assertThat(complaint(demo)).contains("exit", "the disk is full");
    assertNothingLeft(demo);
  }

  @Test
  void aMissingFolderForItsFilesIsSaidInOneLine() throws Exception {
    Path missing = directory.resolve("missing");
    Outcome demo = demo("-Djava.io.tmpdir=" + missing);
    assertThat(demo.status()).isEqualTo(1);
    assertThat(demo.out()).isEmpty();
    assertThat(complaint(demo)).contains(missing.toString(), "cannot make");
    assertNothingLeft(demo);
  }

  /** The only line that is neither progress nor about building. */
  private static String complaint(Outcome demo) {
    List<String> lines =
        demo.err()
            .lines()
            .filter(line -> !line.startsWith("demo: ") && !line.startsWith("oasis: "))
            .toList();
    assertThat(lines).as(demo.err()).hasSize(1);
    assertThat(lines.get(0)).startsWith("oasis demo: ");
    return lines.get(0);
  }

  private Outcome demo(String javaOptions) throws Exception {
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(Daemons.script().toString(), "demo", "--json")
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().put("OASIS_JAVA_OPTS", javaOptions);
    builder.environment().put(MARK, mark);
    Process process = builder.start();
    try {
      assertThat(process.waitFor(MINUTES, TimeUnit.MINUTES)).as("the demo ends").isTrue();
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    return new Outcome(
        process.pid(), process.exitValue(), Files.readString(out), Files.readString(err));
  }

  private void assertNothingLeft(Outcome demo) throws Exception {
    assertThat(Netns.list(new LinuxCommandRunner()))
        .noneMatch(name -> name.startsWith("oas-" + demo.pid() + "-"));
    Lab.await("no process of the demo is left", () -> marked().isEmpty());
  }

  private List<String> marked() {
    List<String> found = new ArrayList<>();
    for (ProcessHandle process : ProcessHandle.allProcesses().toList()) {
      Path environment = Path.of("/proc", Long.toString(process.pid()), "environ");
      if (text(environment).contains(MARK + "=" + mark)) {
        found.add(process.pid() + " " + process.info().commandLine().orElse(""));
      }
    }
    return found;
  }

  private static String text(Path file) {
    try {
      return Files.readString(file, ISO_8859_1);
    } catch (IOException e) {
      return ""; // the process has ended
    }
  }
}
