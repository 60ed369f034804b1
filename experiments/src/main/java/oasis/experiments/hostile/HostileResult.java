// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

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
import oasis.experiments.result.Report;
import oasis.experiments.result.Series;

/** Everything that is computed from the raw data of a run. */
public final class HostileResult implements Computed {
  /** Its name in options, goals and results. */
  public static final String NAME = "exit-hostile";

  private static final String PLAN = "plan";
  private static final String SOCKETS = "sockets";
  private static final String ENGINES = "engines";

  /** Fewer explained packets would say that next to nothing was forwarded at all. */
  private static final double LEAST_EXPLAINED = 0.02;

  private static final int NAMED_DROPS = 8;

  private final Plan plan;
  private final List<OverSockets> sockets;
  private final List<IntoEngine> engines;
  private final Report report;

  HostileResult(Plan plan, List<OverSockets> sockets, List<IntoEngine> engines) {
    this.plan = plan;
    this.sockets = List.copyOf(sockets);
    this.engines = List.copyOf(engines);
    Series series = Metrics.of(sockets, engines);
    long doubtful = sockets.stream().filter(each -> each.span().doubtful()).count();
    report =
        new Report(
            NAME,
            series,
            Goals.load().judge(NAME, series, plan::asks),
            invalid(sockets, engines),
            sockets.size(),
            doubtful);
  }

  private static List<String> invalid(List<OverSockets> sockets, List<IntoEngine> engines) {
    List<String> reasons = new ArrayList<>();
    for (OverSockets one : sockets) {
      String who = one.subject().title() + ": ";
      if (!one.capturesComplete()) {
        reasons.add(who + "a capture lost packets");
      }
      if (one.canaries() != one.canariesSent()) {
        reasons.add(
            who
                + "of packets past it the oracle found %d instead of %d guilty"
                    .formatted(one.canaries(), one.canariesSent()));
      }
      if (one.explained() < LEAST_EXPLAINED * one.sent()) {
        reasons.add(who + "next to nothing was forwarded at all");
      }
      if (!one.aliveAfter()) {
        reasons.add(who + "afterwards it served nobody");
      }
    }
    for (IntoEngine one : engines) {
      if (one.explained() < LEAST_EXPLAINED * one.datagrams() || one.delivered() == 0) {
        reasons.add("engine, " + one.backend() + ": next to nothing was forwarded at all");
      }
    }
    return reasons;
  }

  /**
   * Computes a recorded run again, from the raw data alone.
   *
   * @throws IOException when the record has no raw data of this experiment
   */
  public static HostileResult of(JsonNode recorded) throws IOException {
    return new HostileResult(
        Report.part(recorded, PLAN, Plan.class),
        List.of(Report.part(recorded, SOCKETS, OverSockets[].class)),
        List.of(Report.part(recorded, ENGINES, IntoEngine[].class)));
  }

  @Override
  public Report report() {
    return report;
  }

  @Override
  public String text() {
    StringBuilder text = new StringBuilder("An exit node under hostile datagrams");
    if (plan.quick()) {
      text.append(", QUICK: fewer of them than the goals name");
    }
    text.append("; seed ").append(plan.seed()).append("; ").append(plan.java()).append("\n\n");
    text.append(Columns.align(socketRows())).append('\n').append(Columns.align(engineRows()));
    for (OverSockets one : sockets) {
      one.violations()
          .forEach(each -> text.append(one.subject().word() + ": FORBIDDEN " + each + "\n"));
      text.append(one.subject().word()).append(" dropped: ").append(drops(one.drops()));
    }
    for (IntoEngine one : engines) {
      String who = "engine, " + one.backend() + ": ";
      one.violations().forEach(each -> text.append(who + "FORBIDDEN " + each + "\n"));
      one.thrown().forEach(each -> text.append(who + "EXCEPTION " + each + "\n"));
    }
    return text.append('\n').append(report.judgement(0)).toString();
  }

  private static String drops(Map<String, Long> drops) {
    StringBuilder text = new StringBuilder();
    drops.entrySet().stream()
        .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
        .limit(NAMED_DROPS)
        .forEach(
            each -> text.append(each.getKey()).append(' ').append(each.getValue()).append("  "));
    return text.toString().strip() + "\n";
  }

  private List<List<String>> socketRows() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of(
            "by sockets",
            "datagrams",
            "per s",
            "arrived",
            "might pass",
            "left",
            "forbidden",
            "to clients",
            "friend kept %",
            "exceptions",
            "RSS MiB half/end/most",
            "exit CPU %"));
    for (OverSockets one : sockets) {
      rows.add(
          List.of(
              one.subject().title(),
              count(one.sent()),
              count(Math.round(one.perSecond())),
              count(one.arrived()),
              count(one.allowed()),
              count(one.explained()),
              count(one.forbidden()),
              count(one.toClients()),
              number(one.keptPercent()),
              count(one.exceptions()),
              String.format(
                  Locale.ROOT, "%.0f/%.0f/%.0f", one.rssHalfMib(), one.rssEndMib(), one.hwmMib()),
              number(one.span().exitPercent())));
    }
    return rows;
  }

  private List<List<String>> engineRows() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of(
            "into the engine",
            "datagrams",
            "per s",
            "might pass",
            "left",
            "came back",
            "forbidden",
            "exceptions",
            "growth MiB",
            "flows"));
    for (IntoEngine one : engines) {
      rows.add(
          List.of(
              one.backend() + " backend",
              count(one.datagrams()),
              count(Math.round(one.datagrams() / one.seconds())),
              count(one.allowed()),
              count(one.explained()),
              count(one.delivered()),
              count(one.forbidden()),
              count(one.exceptions()),
              String.format(Locale.ROOT, "%.2f", one.heapEndMib() - one.heapHalfMib()),
              count(one.flows())));
    }
    return rows;
  }

  private static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  private static String number(double number) {
    return String.format(Locale.ROOT, "%.1f", number);
  }

  @Override
  public String svg() {
    BarFigure figure = new BarFigure("An exit node under hostile datagrams", plan.java());
    figure.add(
        new BarFigure.Panel(
            "What is left of a flow of 50 Mbit/s [%]",
            false,
            List.of("kept"),
            sockets.stream()
                .map(
                    one ->
                        new BarFigure.Row(
                            one.subject().title(), List.of(List.of(one.keptPercent()))))
                .toList()));
    return figure.svg();
  }

  @Override
  public String subject() {
    return "subject";
  }

  @Override
  public Map<String, Object> parts() {
    return Map.of(PLAN, plan, SOCKETS, sockets, ENGINES, engines);
  }
}
