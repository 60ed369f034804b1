// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import oasis.experiments.measure.RawData;
import oasis.experiments.result.Series;
import oasis.os.OsException;

/**
 * The rounds of the experiment: in each round path by path, so that what the machine's neighbours
 * do meets all alike. The raw data of each visit is written at once, so that a run that was broken
 * off can go on behind its last complete round. Confined to one thread.
 */
final class Throughput {
  static final String NAME = "throughput";

  private final Plan plan;
  private final Map<String, TestPath> paths;
  private final Path directory;
  private final RawData<Plan, Visit> raw;
  private final Consumer<String> progress;

  /**
   * @param plan what to measure
   * @param paths those of the plan that this machine has, by name
   * @param directory for everything that is written
   * @param progress gets a line now and then
   */
  Throughput(Plan plan, Map<String, TestPath> paths, Path directory, Consumer<String> progress) {
    this.plan = plan;
    this.paths = new LinkedHashMap<>(paths);
    this.directory = directory;
    raw = new RawData<>(directory, Plan.class, Visit.class);
    this.progress = progress;
  }

  /** Measures what is not measured yet. */
  List<Visit> run(boolean resume) throws OsException, IOException {
    List<Visit> visits = new ArrayList<>(resume ? completeRounds() : List.of());
    raw.begin(plan, visits);
    Set<Integer> done = visits.stream().map(Visit::round).collect(Collectors.toSet());
    Visitor visitor = new Visitor(plan, directory.resolve("output"));
    for (int round = 1; round <= plan.rounds(); round++) {
      for (String name : done.contains(round) ? List.<String>of() : plan.order(round)) {
        TestPath path = paths.get(name);
        if (path != null) {
          progress.accept("round " + round + " of " + plan.rounds() + ": " + path.title());
          Visit visit = visitor.visit(round, path);
          raw.add(visit);
          visits.add(visit);
          progress.accept("  " + summary(visit));
        }
      }
    }
    return visits;
  }

  /** What an earlier run with the same plan has in this folder. */
  private List<Visit> completeRounds() throws OsException, IOException {
    List<Visit> visits =
        raw.resume(plan, before -> before.withRounds(plan.rounds()), visit -> true, progress);
    Map<Integer, List<Visit>> rounds = new LinkedHashMap<>();
    for (Visit visit : visits) {
      rounds.computeIfAbsent(visit.round(), key -> new ArrayList<>()).add(visit);
    }
    List<Visit> complete = new ArrayList<>();
    for (List<Visit> round : rounds.values()) {
      if (round.stream().map(Visit::path).collect(Collectors.toSet()).equals(paths.keySet())) {
        complete.addAll(round);
      }
    }
    progress.accept("  " + complete.size() + " of them of complete rounds");
    return complete;
  }

  private static String summary(Visit visit) {
    Series series = Metrics.of(List.of(visit));
    StringBuilder text = new StringBuilder();
    series
        .all()
        .forEach(
            (name, numbers) ->
                text.append(name.substring(visit.path().length() + 1))
                    .append(String.format(Locale.ROOT, " %.4g  ", numbers.get(visit.round()))));
    visit.problems().forEach(problem -> text.append("PROBLEM: ").append(problem).append("  "));
    return text.toString().strip();
  }
}
