// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.push;

import java.util.List;
import java.util.function.Predicate;
import oasis.experiments.push.Step.Fetched;
import oasis.experiments.push.Step.Seen;
import oasis.experiments.result.Series;

/** Computes the values of a run from its raw data. */
final class Metrics {
  /** What never came is counted as this long. */
  static final double LONGEST_S = 600;

  private static final double PERCENT = 100;

  private Metrics() {}

  /**
   * The values by round.
   *
   * <p>{@code healthy.running_percent}: of the healthy nodes, those that are reported as running
   * and echo keep-alives. {@code healthy.slowest_s}: from the begin of the push to the first echo
   * of the last one. {@code broken.named_percent}: of the others, those that are reported as failed
   * for their own reason. {@code script.honest_percent}: calls whose exit status is what happened.
   * {@code client.fetched_percent}: downloads through pushed nodes. {@code second.…}: what a second
   * push sent, changed and started again. {@code rollback.back_percent}: nodes that run the first
   * release after a push of another program and option and a rollback. {@code upgrade.lost}:
   * downloads by two nodes that were cut off or damaged meanwhile. {@code stop.left}: what was
   * found on the nodes after the end.
   */
  static Series of(List<Step> steps) {
    Series series = new Series();
    for (Step step : steps) {
      int round = step.round();
      List<Seen> healthy = step.nodes().stream().filter(Seen::healthy).toList();
      List<Seen> broken = step.nodes().stream().filter(node -> !node.healthy()).toList();
      series.put("healthy", "running_percent", round, share(healthy, node -> runs(step, node)));
      series.put("healthy", "slowest_s", round, slowest(healthy));
      series.put("broken", "named_percent", round, share(broken, node -> named(step, node)));
      series.put("script", "honest_percent", round, honest(step));
      List<Fetched> byNodes = step.fetched().stream().filter(one -> !one.direct()).toList();
      series.put("client", "fetched_percent", round, share(byNodes, Fetched::good));
      putPush(series, "first", round, step.first());
      putPush(series, "second", round, step.second());
      series.put("second", "changed_files", round, step.changedFiles().size());
      series.put("second", "restarted", round, restarted(step, healthy));
      series.put("rollback", "back_percent", round, share(healthy, node -> isBack(step, node)));
      series.put("upgrade", "downloads", round, step.held().size());
      long lost = step.held().stream().filter(held -> !held.whole()).count();
      series.put("upgrade", "lost", round, (double) lost);
      series.put("stop", "left", round, step.left().size());
    }
    return series;
  }

  private static void putPush(Series series, String which, int round, Pushed push) {
    long bytes = push.nodes().stream().mapToLong(Pushed.Entry::bytes).sum();
    long files = push.nodes().stream().mapToLong(Pushed.Entry::files).sum();
    series.put(which, "copied_bytes", round, (double) bytes);
    series.put(which, "copied_files", round, (double) files);
    series.put(which, "wire_bytes", round, (double) push.wireBytes());
    series.put(which, "seconds", round, push.seconds());
  }

  private static boolean runs(Step step, Seen node) {
    return step.first().of(node.name()).result().equals("running") && node.echoes();
  }

  private static double slowest(List<Seen> healthy) {
    return healthy.stream()
        .mapToDouble(node -> node.echoS() < 0 ? LONGEST_S : node.echoS())
        .max()
        .orElse(LONGEST_S);
  }

  /** Whether a broken node is reported as failed, and why. */
  static boolean named(Step step, Seen node) {
    Pushed.Entry entry = step.first().of(node.name());
    return entry.result().equals("FAILED") && entry.text().contains(node.fault().words());
  }

  private static double honest(Step step) {
    boolean broken = step.nodes().stream().anyMatch(node -> !node.healthy());
    List<Boolean> all =
        List.of(
            step.first().honest(!broken),
            step.second().honest(true),
            step.changed().honest(true),
            step.rollback().honest(true),
            step.stop().honest(true));
    return share(all, Boolean::booleanValue);
  }

  private static double restarted(Step step, List<Seen> healthy) {
    return healthy.stream()
        .filter(
            node -> {
              Pushed.Entry again = step.second().of(node.name());
              Long pid = again.pid();
              return pid == null || !pid.equals(step.first().of(node.name()).pid());
            })
        .count();
  }

  private static boolean isBack(Step step, Seen node) {
    Pushed.Entry first = step.first().of(node.name());
    Pushed.Entry changed = step.changed().of(node.name());
    Pushed.Entry back = step.rollback().of(node.name());
    return changed.result().equals("running")
        && !changed.release().equals(first.release())
        && back.result().equals("running")
        && back.release().equals(first.release());
  }

  private static <T> double share(List<T> all, Predicate<T> of) {
    return all.isEmpty() ? Double.NaN : PERCENT * all.stream().filter(of).count() / all.size();
  }
}
