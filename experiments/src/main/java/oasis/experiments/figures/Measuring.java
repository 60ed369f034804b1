// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.figures;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import oasis.emulator.Launcher;
import oasis.experiments.measure.InRounds;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.RawData;
import oasis.experiments.measure.Undisturbed;
import oasis.experiments.measure.Undisturbed.Effort;
import oasis.experiments.measure.Undisturbed.Watched;
import oasis.os.OsException;

/**
 * The rounds of a figure. Each step measures all hosts one after the other, and again when others
 * disturbed it, so that what the machine's neighbours do meets all alike. The raw data of each step
 * is written at once. Confined to one thread.
 */
final class Measuring {
  /** So much time a quick run may lose by repetitions. */
  private static final double QUICK_LOSS_S = 25;

  private final Plan plan;
  private final RawData<Plan, Step> raw;
  private final Consumer<String> progress;

  /**
   * @param plan what to measure
   * @param directory for everything that is written
   * @param progress gets a line now and then
   */
  Measuring(Plan plan, Path directory, Consumer<String> progress) {
    this.plan = plan;
    this.progress = progress;
    raw = new RawData<>(directory, Plan.class, Step.class);
  }

  /** Measures what is not measured yet. */
  List<Step> run(boolean resume, Launcher launcher) throws OsException, IOException {
    List<Step> steps = InRounds.begin(raw, plan, resume, progress);
    Path output = raw.freshFolder();
    try (FigureNetwork network = FigureNetwork.start(output, plan, launcher)) {
      Task task = task(network);
      Undisturbed watch =
          new Undisturbed(
              network.namespaces(),
              lost -> plan.quick() ? Effort.quick(lost, QUICK_LOSS_S) : Effort.FULL);
      for (Setup setup : Setup.values()) {
        progress.accept("warm-up: " + setup.title());
        task.warmUp(setup);
      }
      for (int round = 1; round <= plan.rounds(); round++) {
        progress.accept("round " + round + " of " + plan.rounds());
        for (String part : plan.parts(round)) {
          if (!has(steps, round, part)) {
            List<Setup> hosts = hosts(steps, round, part);
            if (!hosts.isEmpty()) {
              Step step = measure(network, watch, task, new Place(round, part), hosts);
              raw.add(step);
              steps.add(step);
            }
          }
        }
      }
    } catch (UncheckedIOException e) {
      throw new OsException("the network cannot be removed: " + e.getMessage(), e);
    }
    return steps;
  }

  private record Place(int round, String part) {}

  private Task task(FigureNetwork network) {
    return switch (plan.figure()) {
      case FIG6 -> new Pings(network, plan.repeats());
      case FIG7 -> new Transfers(network, Plan.SHORT_BYTES, plan.repeats());
      case FIG8 -> new Transfers(network, Plan.LONG_BYTES, plan.repeats());
      case FIG9A -> new Loads(network, false, plan.sampleMs());
      case FIG9B -> new Loads(network, true, plan.sampleMs());
    };
  }

  private static boolean has(List<Step> steps, int round, String part) {
    return steps.stream().anyMatch(step -> step.round() == round && step.part().equals(part));
  }

  /** The hosts of a step, in its order. */
  private List<Setup> hosts(List<Step> steps, int round, String part) {
    List<Setup> hosts = new ArrayList<>(Plan.order(steps.size()));
    if (plan.figure().isLoad()) {
      for (Step step : steps) {
        if (step.round() == round && !step.part().equals(part)) {
          hosts.removeIf(host -> Loads.hadEnough(step, host));
        }
      }
    }
    return hosts;
  }

  private Step measure(
      FigureNetwork network, Undisturbed watch, Task task, Place place, List<Setup> hosts)
      throws OsException {
    String now = Machine.now();
    Undisturbed.Task<Undisturbed.Judged<List<Sample>>> comparison =
        () -> {
          network.forgetDoubts();
          List<Sample> samples = new ArrayList<>();
          for (Setup host : hosts) {
            samples.add(new Sample(host, task.measure(host, place.part())));
          }
          return new Undisturbed.Judged<>(samples, network.doubts());
        };
    Watched<Undisturbed.Judged<List<Sample>>> watched = watch.measure(comparison, 0, progress);
    Undisturbed.Judged<List<Sample>> kept = watched.result();
    return new Step(place.round(), place.part(), now, watched.span(), kept.result(), kept.doubts());
  }
}
