// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.nat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import oasis.experiments.result.BarFigure;
import oasis.experiments.result.Columns;
import oasis.experiments.result.Computed;
import oasis.experiments.result.Goals;
import oasis.experiments.result.Numbers;
import oasis.experiments.result.Report;
import oasis.experiments.result.Series;

/** Everything that is computed from the raw data of a run. */
public final class NatResult implements Computed {
  /** Its name in options, goals and results. */
  public static final String NAME = "nat";

  private static final String PLAN = "plan";
  private static final String ENTRIES = "entries";

  /** More connections that fail than one in so many make a run invalid. */
  private static final long ONE_IN = 1000;

  private final Plan plan;
  private final List<Entry> entries;
  private final Report report;

  NatResult(Plan plan, List<Entry> entries) {
    this.plan = plan;
    this.entries = List.copyOf(entries);
    Series series = Metrics.of(entries);
    long doubtful = entries.stream().filter(each -> each.span().doubtful()).count();
    List<String> invalid = new ArrayList<>(Report.disturbed(doubtful, entries.size()));
    rates(entries).flatMap(rate -> invalid(rate).stream()).forEach(invalid::add);
    report =
        new Report(
            NAME,
            series,
            Goals.load().judge(NAME, series, value -> true),
            invalid,
            entries.size(),
            doubtful);
  }

  private static Stream<Entry.Rate> rates(List<Entry> entries) {
    return entries.stream().flatMap(each -> Stream.ofNullable(each.rate()));
  }

  private static List<String> invalid(Entry.Rate rate) {
    String where = "round " + rate.round() + ", " + rate.way().title() + ": ";
    List<String> reasons = new ArrayList<>();
    if (rate.failed() * ONE_IN > rate.done()) {
      reasons.add(where + rate.failed() + " of " + rate.done() + " connections failed");
    }
    if (!rate.translated()) {
      reasons.add(where + "the server saw another address than the exit's");
    }
    return reasons;
  }

  /**
   * Computes a recorded run again, from the raw data alone.
   *
   * @throws IOException when the record has no raw data of this experiment
   */
  public static NatResult of(JsonNode recorded) throws IOException {
    return new NatResult(
        Report.part(recorded, PLAN, Plan.class),
        List.of(Report.part(recorded, ENTRIES, Entry[].class)));
  }

  @Override
  public Report report() {
    return report;
  }

  @Override
  public String text() {
    return "The NAT engine in 512 MiB of heap, and new TCP connections through it"
        + (plan.quick() ? ", quick; " : "; ")
        + plan.java()
        + "\n\n"
        + Columns.align(engineRows())
        + "\n"
        + Columns.align(wayRows())
        + "\n"
        + report.judgement(plan.rounds());
  }

  private List<List<String>> engineRows() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("mappings", "heap MiB", "new ns", "per s", "B", "known ns", "B"));
    for (int held : Plan.HELD) {
      String who = Metrics.engine(held);
      rows.add(
          List.of(
              String.format(Locale.ROOT, "%,d", held),
              number("%.1f", who, "memory_mib"),
              number("%.0f", who, "new_ns"),
              number("%,.0f", who, "new_per_s"),
              number("%.3f", who, "new_bytes"),
              number("%.0f", who, "known_ns"),
              number("%.3f", who, "known_bytes")));
    }
    return rows;
  }

  private List<List<String>> wayRows() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("new connections", "per s", "client %", "exit %", "failed"));
    for (Way way : Way.values()) {
      long failed =
          rates(entries).filter(rate -> rate.way() == way).mapToLong(Entry.Rate::failed).sum();
      rows.add(
          List.of(
              way.title(),
              number("%,.0f", way.word(), "new_per_s"),
              number("%.0f", way.word(), "cpu_client"),
              number("%.0f", way.word(), "cpu_exit"),
              Long.toString(failed)));
    }
    return rows;
  }

  private String number(String format, String who, String value) {
    double median = Numbers.median(report.series().of(who + "." + value));
    return Double.isNaN(median) ? "-" : String.format(Locale.ROOT, format, median);
  }

  @Override
  public String svg() {
    BarFigure figure =
        new BarFigure(
            "New connections a second",
            plan.rounds() + " rounds; bar: median, line: lowest to highest; " + plan.java());
    figure.add(
        new BarFigure.Panel(
            "TCP, client to server, " + Plan.AT_A_TIME + " on their way at a time [/s]",
            false,
            List.of("new"),
            Stream.of(Way.values())
                .map(
                    way ->
                        new BarFigure.Row(
                            way.title(), List.of(report.series().of(way.word() + ".new_per_s"))))
                .toList()));
    return figure.svg();
  }

  @Override
  public String subject() {
    return "subject";
  }

  @Override
  public Map<String, Object> parts() {
    return Map.of(PLAN, plan, ENTRIES, entries);
  }
}
