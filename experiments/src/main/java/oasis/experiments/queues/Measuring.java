// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.queues;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import oasis.emulator.Launcher;
import oasis.experiments.measure.InRounds;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.RawData;
import oasis.experiments.measure.Undisturbed;
import oasis.experiments.measure.Undisturbed.Effort;
import oasis.experiments.measure.Undisturbed.Judged;
import oasis.experiments.measure.Undisturbed.Watched;
import oasis.os.OsException;

/** The rounds of the experiment. The raw data of each step is written at once. */
final class Measuring {
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
    try (QueuesNetwork network = QueuesNetwork.start(raw.freshFolder(), launcher)) {
      Undisturbed watch =
          new Undisturbed(network.namespaces(), lost -> plan.quick() ? Effort.LEAST : Effort.QUICK);
      progress.accept("warm-up");
      for (Setup setup : Setup.values()) {
        Trial shortly = new Trial(network, 1);
        shortly.overload(setup, new SplittableRandom(plan.seed()));
        shortly.share(setup, true);
      }
      for (int round = 1; round <= plan.rounds(); round++) {
        progress.accept("round " + round + " of " + plan.rounds());
        for (Load load : Load.values()) {
          for (Setup setup : Setup.values()) {
            if (!has(steps, round, setup, load)) {
              Step step = measure(network, watch, round, setup, load);
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

  private static boolean has(List<Step> steps, int round, Setup setup, Load load) {
    return steps.stream()
        .anyMatch(step -> step.round() == round && step.setup() == setup && step.load() == load);
  }

  private Step measure(QueuesNetwork network, Undisturbed watch, int round, Setup setup, Load load)
      throws OsException {
    String now = Machine.now();
    Trial trial = new Trial(network, plan.seconds());
    SplittableRandom random = new SplittableRandom(plan.seed() * 1_000_003 + round);
    if (load == Load.OVERLOAD) {
      Watched<Judged<Step.Overload>> seen =
          watch.measure(judged(network, setup, () -> trial.overload(setup, random.split())));
      Judged<Step.Overload> kept = seen.result();
      return new Step(round, setup, load, now, seen.span(), kept.result(), null, kept.doubts());
    }
    Watched<Judged<Step.Share>> seen =
        watch.measure(judged(network, setup, () -> trial.share(setup, load == Load.OUT)));
    Judged<Step.Share> kept = seen.result();
    return new Step(round, setup, load, now, seen.span(), null, kept.result(), kept.doubts());
  }

  private static <T> Undisturbed.Task<Judged<T>> judged(
      QueuesNetwork network, Setup setup, Undisturbed.Task<T> task) {
    return () -> {
      network.forgetDoubts();
      T result = task.run();
      return new Judged<>(result, doubts(network, setup));
    };
  }

  /** Only the single queue is an emulated link. */
  private static List<String> doubts(QueuesNetwork network, Setup setup) {
    return setup == Setup.FIFO ? network.doubts() : List.of();
  }
}
