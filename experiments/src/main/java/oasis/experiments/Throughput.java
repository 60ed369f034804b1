// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;

/**
 * How fast TCP is through client, UDP overlay and exit node, beside plain routing through the same
 * hosts, in the same rounds. One stream, each way, in both offload modes.
 */
final class Throughput {
  static final String NAME = "throughput";

  private final Map<String, List<Double>> rounds = new LinkedHashMap<>();
  private final Consumer<String> progress;

  Throughput(Consumer<String> progress) {
    this.progress = progress;
  }

  /**
   * Measures.
   *
   * @param count rounds
   * @param seconds of each stream
   * @return by name of the value, one number for each round
   */
  Map<String, List<Double>> run(Path directory, int count, int seconds) throws OsException {
    try (ThroughputLab lab = new ThroughputLab(directory)) {
      progress.accept("warming up");
      lab.tcp(ThroughputLab.OVERLAY_PORT, true, 3);
      lab.tcp(ThroughputLab.OVERLAY_PORT, false, 3);
      for (int round = 1; round <= count; round++) {
        for (boolean superpackets : new boolean[] {true, false}) {
          String mode = superpackets ? "default" : "wire";
          progress.accept("round " + round + " of " + count + ", " + mode);
          lab.offloads(superpackets);
          measure(lab, mode, true, seconds);
          measure(lab, mode, false, seconds);
        }
      }
      put("client_memory", lab.clientMemory());
      put("exit_memory", lab.exitMemory());
    }
    return rounds;
  }

  private void measure(ThroughputLab lab, String mode, boolean up, int seconds) throws OsException {
    String way = up ? "up" : "down";
    double direct = lab.tcp(ThroughputLab.DIRECT_PORT, up, seconds);
    double ours = lab.tcp(ThroughputLab.OVERLAY_PORT, up, seconds);
    put("direct_tcp_" + way + "_" + mode, direct);
    put("tcp_" + way + "_" + mode, ours);
    put("ratio_to_direct_" + way + "_" + mode, ours / direct);
  }

  private void put(String name, double value) {
    rounds.computeIfAbsent(name, key -> new ArrayList<>()).add(value);
  }

  /** A table of medians. */
  static String table(Map<String, List<Double>> rounds) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            "%-34s %12s %12s %12s%n", "TCP, one stream, Mbit/s", "direct", "overlay", "ratio"));
    for (String mode : List.of("default", "wire")) {
      for (String way : List.of("up", "down")) {
        String tail = way + "_" + mode;
        text.append(
            String.format(
                Locale.ROOT,
                "%-34s %12.0f %12.0f %12.2f%n",
                way + (mode.equals("wire") ? ", 1500 B + GRO" : ", default"),
                median(rounds.get("direct_tcp_" + tail)),
                median(rounds.get("tcp_" + tail)),
                median(rounds.get("ratio_to_direct_" + tail))));
      }
    }
    return text.append(
            String.format(
                Locale.ROOT,
                "resident memory: client %.0f MiB, exit node %.0f MiB%n",
                median(rounds.get("client_memory")),
                median(rounds.get("exit_memory"))))
        .toString();
  }

  private static double median(@Nullable List<Double> values) {
    if (values == null || values.isEmpty()) {
      return Double.NaN;
    }
    List<Double> sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }
}
