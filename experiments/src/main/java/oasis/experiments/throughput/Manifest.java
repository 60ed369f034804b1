// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;
import org.jspecify.annotations.Nullable;

/** What has to be known to repeat a run. */
final class Manifest {
  private Manifest() {}

  /**
   * Collects it.
   *
   * @param skipped paths that this machine does not have, with the reason
   */
  static Map<String, Object> of(
      Plan plan, Collection<TestPath> paths, Map<String, String> skipped, List<Visit> visits)
      throws OsException {
    CommandRunner runner = new LinuxCommandRunner();
    Map<String, Object> manifest = new LinkedHashMap<>();
    manifest.put(
        "version",
        Objects.requireNonNullElse(
            Manifest.class.getPackage().getImplementationVersion(), "not packaged"));
    manifest.put("endedAt", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    manifest.put("kernel", System.getProperty("os.version"));
    manifest.put("system", line("/etc/os-release", "PRETTY_NAME="));
    manifest.put("cpu", line("/proc/cpuinfo", "model name"));
    manifest.put("cores", Runtime.getRuntime().availableProcessors());
    manifest.put("memory", line("/proc/meminfo", "MemTotal"));
    manifest.put("javaOfExperiment", System.getProperty("java.vm.version"));
    manifest.put("javaUnderTest", plan.java());
    manifest.put("iperf3", first(runner.check("iperf3", "--version")));
    manifest.put("congestionControl", "cubic");
    manifest.put("order", "each round begins with another path; nothing is drawn at random");
    manifest.put("seed", 1);
    manifest.put("tunnelMtu", Lab.TUNNEL_MTU);
    manifest.put("rules", OasisPath.RULES);
    manifest.put("warmUp", warmUp());
    Map<String, String> offloads = new LinkedHashMap<>();
    plan.modes().forEach(mode -> offloads.put(mode.word(), String.join(" ", mode.ethtool())));
    manifest.put("offloads", offloads);
    Map<String, String> versions = new LinkedHashMap<>();
    for (TestPath path : paths) {
      versions.put(path.name(), (path.title() + "; " + path.version()).replaceAll("; $", ""));
    }
    manifest.put("paths", versions);
    manifest.put("skipped", skipped);
    manifest.put("measurements", Validity.measurements(visits));
    manifest.put("doubtful", Validity.doubtful(visits));
    manifest.put("doubtfulAbovePercentOfOneCore", Span.LIMIT_PERCENT);
    manifest.put("stealMs", visits.stream().mapToLong(Manifest::stealMs).sum());
    return manifest;
  }

  private static long stealMs(Visit visit) {
    return visit.measurements().stream().mapToLong(each -> each.span().stealMs()).sum();
  }

  private static String warmUp() {
    return "TCP "
        + Plan.WARM_UP_TCP_SECONDS
        + " s each way, UDP "
        + Math.round(Plan.WARM_UP_UDP_MBITS)
        + " Mbit/s both ways "
        + Plan.WARM_UP_UDP_SECONDS
        + " s, "
        + Plan.WARM_UP_PINGS
        + " pings, for every path with processes; then TCP, UDP, RTT, CPU, idle in this order by the"
        + " same processes";
  }

  /** What a JDK calls itself. */
  static String java(@Nullable Path home) throws OsException {
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
