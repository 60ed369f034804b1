// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.nat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Predicate;
import oasis.emulator.Launcher;
import oasis.experiments.jmh.NatMappings;
import oasis.experiments.measure.JmhRun;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.RawData;
import oasis.experiments.measure.Undisturbed;
import oasis.experiments.measure.Undisturbed.Watched;
import oasis.os.OsException;

/** Measures what is not measured yet: the engine first, then the ways in rounds. */
final class Measuring {
  private static final String PARAMETER = "held";

  private final Plan plan;
  private final RawData<Plan, Entry> raw;
  private final Consumer<String> progress;
  private final List<Entry> entries = new ArrayList<>();

  /**
   * @param directory for everything that is written
   * @param progress gets a line now and then
   */
  Measuring(Plan plan, Path directory, Consumer<String> progress) {
    this.plan = plan;
    raw = new RawData<>(directory, Plan.class, Entry.class);
    this.progress = progress;
  }

  List<Entry> run(boolean resume, Launcher launcher) throws OsException, IOException {
    if (resume) {
      entries.addAll(
          raw.resume(plan, before -> before.withRounds(plan.rounds()), one -> true, progress));
    }
    Path folder = raw.freshFolder();
    raw.begin(plan, entries);
    for (int held : Plan.HELD) {
      for (String benchmark : Plan.BENCHMARKS) {
        if (!has(each -> isScore(each, benchmark, held))) {
          progress.accept("engine, " + held + " mappings: " + benchmark);
          add(score(benchmark, held));
        }
      }
    }
    for (int round = 1; round <= plan.rounds(); round++) {
      for (Way way : Plan.order(round)) {
        int now = round;
        if (!has(each -> isRate(each, now, way))) {
          progress.accept("round " + round + " of " + plan.rounds() + ": " + way.title());
          add(rate(round, way, folder.resolve(round + "-" + way.word()), launcher));
        }
      }
    }
    return entries;
  }

  private boolean has(Predicate<Entry> which) {
    return entries.stream().anyMatch(which);
  }

  private static boolean isScore(Entry entry, String benchmark, int held) {
    Entry.Scored scored = entry.scored();
    return scored != null && scored.benchmark().equals(benchmark) && scored.held() == held;
  }

  private static boolean isRate(Entry entry, int round, Way way) {
    Entry.Rate rate = entry.rate();
    return rate != null && rate.round() == round && rate.way() == way;
  }

  private void add(Entry entry) throws IOException {
    raw.add(entry);
    entries.add(entry);
    Entry.Rate rate = entry.rate();
    if (rate != null) {
      progress.accept("  %,.0f per second, %d failed".formatted(rate.perSecond(), rate.failed()));
    }
  }

  private Entry score(String benchmark, int held) throws OsException {
    String now = Machine.now();
    String name = NatMappings.class.getName() + "." + benchmark;
    JmhRun run = JmhRun.of(name, PARAMETER, Integer.toString(held), plan.quick());
    return new Entry(now, run.span(), new Entry.Scored(benchmark, held, run.numbers()), null);
  }

  private Entry rate(int round, Way way, Path directory, Launcher launcher)
      throws OsException, IOException {
    String now = Machine.now();
    try (NatNetwork network = NatNetwork.start(way, directory, launcher)) {
      network.connect(Plan.WARM_UP_SECONDS);
      Undisturbed watch =
          new Undisturbed(
              network.namespaces(),
              network.client(),
              network.exit(),
              lost -> plan.quick() ? Undisturbed.Effort.QUICK : Undisturbed.Effort.FULL);
      Watched<Connector.Outcome> watched = watch.measure(() -> network.connect(plan.seconds()));
      Connector.Outcome outcome = Objects.requireNonNull(watched.result());
      return new Entry(
          now,
          watched.span(),
          null,
          new Entry.Rate(
              round,
              way,
              outcome.seconds(),
              outcome.done(),
              outcome.failed(),
              network.translated()));
    }
  }
}
