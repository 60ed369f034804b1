// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import oasis.lab.Daemons;
import oasis.lab.Lab;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;
import oasis.os.linux.Netns;

/** {@code oasis experiment} as a user starts it. */
public final class ExperimentProcess {
  private static final int SLOWER = 10;

  private ExperimentProcess() {}

  /** How it ended. */
  public record Outcome(long pid, int status, String out, String err) {}

  /** Starts it; its output goes to files in a folder. */
  public static Process start(Path directory, List<String> args) throws IOException {
    List<String> argv = new ArrayList<>(List.of(Daemons.script().toString(), "experiment"));
    argv.addAll(args);
    return new ProcessBuilder(argv)
        .redirectOutput(directory.resolve("out").toFile())
        .redirectError(directory.resolve("err").toFile())
        .start();
  }

  /** Runs it to its end. */
  public static Outcome run(Path directory, List<String> args, String... more)
      throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(args);
    all.addAll(List.of(more));
    Process process = start(directory, all);
    try {
      assertThat(process.waitFor(9, TimeUnit.MINUTES)).as("it ends").isTrue();
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    return new Outcome(
        process.pid(),
        process.exitValue(),
        Files.readString(directory.resolve("out")),
        Files.readString(directory.resolve("err")));
  }

  /**
   * Sees that all goals are met; but those of times are for a machine that does nothing else, and a
   * busy one may take {@value #SLOWER} times as long.
   *
   * @param run what printed the result
   * @return whether all are met
   */
  public static boolean assertGoals(Outcome run) throws IOException {
    boolean all = true;
    for (JsonNode goal : Lab.json(run.out()).path("goals")) {
      boolean met = goal.path("met").asBoolean();
      all &= met;
      if (!met && goal.path("name").asText().matches(".*_m?s")) {
        double limit = Double.parseDouble(goal.path("goal").asText().replaceAll("[^0-9.]", ""));
        assertThat(goal.path("value").asDouble(Double.POSITIVE_INFINITY))
            .as("%s%n%s", goal, run.err())
            .isLessThan(SLOWER * limit);
      } else {
        assertThat(met).as("%s%n%s", goal, run.err()).isTrue();
      }
    }
    return all;
  }

  /** Sees that nothing of an emulation is left. */
  public static void assertNoNamespaces(long pid) throws OsException {
    assertThat(Netns.list(new LinuxCommandRunner()))
        .noneMatch(name -> name.startsWith("oas-" + pid));
  }
}
