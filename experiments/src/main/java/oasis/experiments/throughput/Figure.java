// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.util.List;
import oasis.experiments.result.BarFigure;
import oasis.experiments.result.Series;

/** The run as a figure: one panel for each kind of value. */
final class Figure {
  private Figure() {}

  static String svg(Result result) {
    Plan plan = result.plan();
    BarFigure figure =
        new BarFigure(
            "Throughput, round-trip time and cost of tunnels",
            plan.rounds()
                + (plan.rounds() == 1 ? " round" : " interleaved rounds")
                + "; bar: median, line: lowest to highest round; "
                + plan.java());
    for (Mode mode : plan.modes()) {
      String title = mode == Mode.WIRE ? "1500 B on the wire, GRO" : "bursts cross the wire";
      String tail = "." + mode.word();
      add(
          figure,
          result,
          "TCP, one stream, " + title + " [Mbit/s, logarithmic]",
          true,
          List.of("up", "down"),
          List.of("tcp_up" + tail, "tcp_down" + tail));
      add(
          figure,
          result,
          "UDP of 1400 B without loss, " + title + " [Mbit/s]",
          false,
          List.of("up"),
          List.of("udp_up" + tail));
    }
    add(
        figure,
        result,
        "Round-trip time [µs, logarithmic]",
        true,
        List.of("median", "99 %"),
        List.of("rtt_p50.default", "rtt_p99.default"));
    List<String> sides = List.of("client", "exit");
    add(
        figure,
        result,
        "CPU at 10 + 10 Mbit/s [% of a core]",
        false,
        sides,
        List.of("cpu_client.default", "cpu_exit.default"));
    add(
        figure,
        result,
        "CPU when idle [% of a core]",
        false,
        sides,
        List.of("idle_client.default", "idle_exit.default"));
    add(figure, result, "Resident memory [MiB]", false, sides, List.of("rss_client", "rss_exit"));
    add(
        figure,
        result,
        "Start to first packet carried [ms]",
        false,
        sides,
        List.of("start_client", "start_exit"));
    return figure.svg();
  }

  private static void add(
      BarFigure figure,
      Result result,
      String title,
      boolean logarithmic,
      List<String> series,
      List<String> values) {
    figure.add(
        new BarFigure.Panel(
            title,
            logarithmic,
            series,
            result.plan().paths().stream()
                .map(path -> new BarFigure.Row(path, rounds(result.series(), path, values)))
                .toList()));
  }

  private static List<List<Double>> rounds(Series series, String path, List<String> values) {
    return values.stream().map(value -> series.of(path + "." + value)).toList();
  }
}
