// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import oasis.experiments.result.Columns;
import oasis.experiments.result.Numbers;
import oasis.experiments.result.Series;

/** The medians of a run as text: one line for each path. */
final class Table {
  /** A column: its head, and one or two values that stand in it. */
  private record Column(String head, int decimals, List<String> values) {}

  private static final List<Column> COLUMNS =
      List.of(
          new Column("TCP up/down", 0, List.of("tcp_up.default", "tcp_down.default")),
          new Column("TCP 1500 B+GRO", 0, List.of("tcp_up.wire", "tcp_down.wire")),
          new Column("UDP", 0, List.of("udp_up.default")),
          new Column("RTT p50/p99", 0, List.of("rtt_p50.default", "rtt_p99.default")),
          new Column("lone", 0, List.of("rtt_lone.default")),
          new Column("CPU % cl/exit", 1, List.of("cpu_client.default", "cpu_exit.default")),
          new Column("idle %", 2, List.of("idle_client.default", "idle_exit.default")),
          new Column("RSS MiB", 0, List.of("rss_client", "rss_exit")),
          new Column("start ms", 0, List.of("start_client", "start_exit")));

  private static final String NONE = "-";

  private Table() {}

  /** TCP and UDP in Mbit/s, RTT in microseconds. */
  static String of(Result result) {
    List<List<String>> rows = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("path"));
    COLUMNS.forEach(column -> head.add(column.head()));
    rows.add(head);
    for (String path : result.plan().paths()) {
      List<String> row = new ArrayList<>(List.of(path));
      COLUMNS.forEach(column -> row.add(cell(result.series(), path, column)));
      if (row.stream().skip(1).anyMatch(cell -> !cell.equals(NONE))) {
        rows.add(row);
      }
    }
    return Columns.align(rows);
  }

  private static String cell(Series series, String path, Column column) {
    List<String> numbers = new ArrayList<>();
    boolean any = false;
    for (String value : column.values()) {
      List<Double> rounds = series.of(path + "." + value);
      any |= !rounds.isEmpty();
      numbers.add(
          rounds.isEmpty()
              ? NONE
              : String.format(
                  Locale.ROOT, "%,." + column.decimals() + "f", Numbers.median(rounds)));
    }
    return any ? String.join("/", numbers) : NONE;
  }
}
