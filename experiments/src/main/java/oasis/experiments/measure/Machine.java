// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;
import org.jspecify.annotations.Nullable;

/** What has to be known about machine and software to repeat a run. */
public final class Machine {
  private Machine() {}

  /**
   * Collects it, at the end of a run.
   *
   * @param javaUnderTest of client and exit node, see {@link #java}
   */
  public static Map<String, Object> manifest(String javaUnderTest) throws OsException {
    Map<String, Object> manifest = new LinkedHashMap<>();
    manifest.put(
        "version",
        Objects.requireNonNullElse(
            Machine.class.getPackage().getImplementationVersion(), "not packaged"));
    manifest.put("endedAt", now());
    manifest.put("kernel", System.getProperty("os.version"));
    manifest.put("system", line("/etc/os-release", "PRETTY_NAME="));
    manifest.put("cpu", line("/proc/cpuinfo", "model name"));
    manifest.put("cores", Runtime.getRuntime().availableProcessors());
    manifest.put("memory", line("/proc/meminfo", "MemTotal"));
    manifest.put("javaOfExperiment", System.getProperty("java.vm.version"));
    manifest.put("javaUnderTest", javaUnderTest);
    manifest.put("iperf3", first(new LinuxCommandRunner().check("iperf3", "--version")));
    return manifest;
  }

  /** The time of day, ISO 8601, to the second. */
  public static String now() {
    return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /**
   * What a JDK calls itself.
   *
   * @param home its folder, or null for the one that the launcher finds
   */
  public static String java(@Nullable Path home) throws OsException {
    String java = home == null ? "java" : home.resolve("bin/java").toString();
    CommandRunner.Result result = new LinuxCommandRunner().run(List.of(java, "-version"), "");
    if (!result.ok()) {
      throw new OsException(java + " -version: " + first(result.err()));
    }
    return result.err().lines().skip(1).findFirst().orElse(first(result.err()));
  }

  private static String first(String text) {
    return text.lines().findFirst().orElse("");
  }

  /** The value in the first line of a file that begins so. */
  private static String line(String file, String begin) {
    try (var lines = Files.lines(Path.of(file))) {
      return lines
          .filter(line -> line.startsWith(begin))
          .map(line -> line.substring(begin.length()).replaceAll("^[\\s:]+|\"", ""))
          .findFirst()
          .orElse("");
    } catch (IOException e) {
      return "";
    }
  }
}
