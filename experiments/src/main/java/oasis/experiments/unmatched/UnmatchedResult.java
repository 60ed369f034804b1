// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.unmatched;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import oasis.experiments.result.BarFigure;
import oasis.experiments.result.Columns;
import oasis.experiments.result.Computed;
import oasis.experiments.result.Goals;
import oasis.experiments.result.Numbers;
import oasis.experiments.result.Report;
import oasis.experiments.result.Series;

/** Everything that is computed from the raw data of a run. */
public final class UnmatchedResult implements Computed {
  /** Name of the experiment. */
  public static final String NAME = "unmatched";

  private static final String PLAN = "plan";
  private static final String ROUNDS = "rounds";

  /**
   * Two hosts without a client that differ by more say that the machine was no place to measure.
   */
  private static final double LEAST_NULL_RATIO = 0.95;

  /** What is compared: its name in values, and for people. */
  private enum Value {
    UP("up", "TCP up, Mbit/s"),
    DOWN("down", "TCP down, Mbit/s"),
    RTT("rtt", "round trip, us");

    private final String word;
    private final String title;

    Value(String word, String title) {
      this.word = word;
      this.title = title;
    }

    double of(Round.Sample sample) {
      return switch (this) {
        case UP -> sample.upMbits();
        case DOWN -> sample.downMbits();
        case RTT -> sample.rttUs();
      };
    }

    /** How well a host did beside the one without a client: less than 1 is worse. */
    double ratio(Round.Sample host, Round.Sample direct) {
      return this == RTT ? of(direct) / of(host) : of(host) / of(direct);
    }
  }

  private final Plan plan;
  private final List<Round> rounds;
  private final Report report;

  UnmatchedResult(Plan plan, List<Round> rounds) {
    this.plan = plan;
    this.rounds = List.copyOf(rounds);
    Series series = series(rounds);
    long doubtful = rounds.stream().filter(round -> round.span().doubtful()).count();
    report =
        new Report(
            NAME,
            series,
            Goals.load().judge(NAME, series, value -> true),
            invalid(series, doubtful),
            rounds.size(),
            doubtful);
  }

  private List<String> invalid(Series series, long doubtful) {
    List<String> reasons = new ArrayList<>(Report.disturbed(doubtful, rounds.size()));
    if (rounds.size() < Plan.LEAST_PAIRS) {
      reasons.add("only " + rounds.size() + " of " + Plan.LEAST_PAIRS + " interleaved pairs");
    }
    for (Value value : Value.values()) {
      double ratio = Numbers.median(series.of("null." + value.word + "_ratio"));
      if (ratio < LEAST_NULL_RATIO || ratio > 1 / LEAST_NULL_RATIO) {
        reasons.add(
            String.format(
                Locale.ROOT, "%s: two hosts without a client differ (%.3f)", value.title, ratio));
      }
    }
    return reasons;
  }

  /**
   * By host and round {@code up}, {@code down} and {@code rtt}; of all rounds, as round 1, {@code
   * up_ratio} and so on, the median of the pairs with the host without a client, turned so that
   * less than 1 is worse, and the ends of its 95 % interval; of the loaded host the rest.
   */
  private static Series series(List<Round> rounds) {
    Series series = new Series();
    for (Host host : Host.values()) {
      for (Value value : Value.values()) {
        List<Double> ratios = new ArrayList<>();
        for (Round round : rounds) {
          round
              .sample(host)
              .ifPresent(
                  sample -> series.put(host.word(), value.word, round.round(), value.of(sample)));
          if (host != Host.DIRECT && round.samples().size() == Host.values().length) {
            ratios.add(
                value.ratio(
                    round.sample(host).orElseThrow(), round.sample(Host.DIRECT).orElseThrow()));
          }
        }
        if (!ratios.isEmpty()) {
          String name = value.word + "_ratio";
          series.put(host.word(), name, 1, Numbers.median(ratios));
          series.put(host.word(), name + "_low", 1, Numbers.medianLow(ratios));
          series.put(host.word(), name + "_high", 1, Numbers.medianHigh(ratios));
        }
      }
    }
    if (!rounds.isEmpty()) {
      String loaded = Host.LOADED.word();
      long tunPkts = rounds.stream().mapToLong(Round::tunPkts).sum();
      long answered = rounds.stream().filter(Round::published).count();
      int more =
          rounds.stream()
              .mapToInt(round -> round.statements().many() - round.statements().few())
              .max()
              .orElse(0);
      series.put(loaded, "tun_packets", 1, (double) tunPkts);
      series.put(loaded, "more_statements", 1, more);
      series.put(loaded, "statements", 1, rounds.get(0).statements().many());
      series.put(loaded, "published_percent", 1, 100.0 * answered / rounds.size());
    }
    return series;
  }

  /**
   * Computes a recorded run again, from the raw data alone.
   *
   * @throws IOException when the record has no raw data of this experiment
   */
  public static UnmatchedResult of(JsonNode recorded) throws IOException {
    return new UnmatchedResult(
        Report.part(recorded, PLAN, Plan.class),
        List.of(Report.part(recorded, ROUNDS, Round[].class)));
  }

  @Override
  public Report report() {
    return report;
  }

  @Override
  public String text() {
    List<List<String>> rows = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("host"));
    for (Value value : Value.values()) {
      head.add(value.title);
      head.add("ratio");
    }
    rows.add(head);
    for (Host host : Host.values()) {
      List<String> row = new ArrayList<>(List.of(host.title()));
      for (Value value : Value.values()) {
        String name = host.word() + "." + value.word;
        row.add(String.format(Locale.ROOT, "%.1f", Numbers.median(report.series().of(name))));
        row.add(ratio(name + "_ratio"));
      }
      rows.add(row);
    }
    return String.format(
            Locale.ROOT,
            "Traffic that no rule matches: %,d prefixes and %,d names, seed %d%nmedians of %d"
                + " interleaved pairs%s; %s%n%n",
            plan.ofEachKind(),
            plan.ofEachKind(),
            plan.seed(),
            rounds.size(),
            plan.quick() ? ", quick" : "",
            plan.java())
        + Columns.align(rows)
        + "\n"
        + report.judgement(rounds.size());
  }

  /** The median of the pairs with its 95 % interval. */
  private String ratio(String name) {
    List<Double> median = report.series().of(name);
    if (median.isEmpty()) {
      return "";
    }
    double low = report.series().of(name + "_low").get(0);
    double high = report.series().of(name + "_high").get(0);
    return String.format(Locale.ROOT, "%.3f (%.3f to %.3f)", median.get(0), low, high);
  }

  @Override
  public String svg() {
    BarFigure figure =
        new BarFigure(
            "Traffic that no rule matches",
            rounds.size() + " interleaved pairs; " + 2 * plan.ofEachKind() + " rules");
    for (Value value : Value.values()) {
      List<BarFigure.Row> rows = new ArrayList<>();
      for (Host host : Host.values()) {
        List<Double> numbers = report.series().of(host.word() + "." + value.word);
        rows.add(new BarFigure.Row(host.title(), List.of(numbers)));
      }
      figure.add(new BarFigure.Panel(value.title, false, List.of(value.word), rows));
    }
    return figure.svg();
  }

  @Override
  public String subject() {
    return "host";
  }

  @Override
  public Map<String, Object> parts() {
    return Map.of(PLAN, plan, ROUNDS, rounds);
  }
}
