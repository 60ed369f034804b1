// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.failover;

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
import oasis.os.linux.Netns;

/** The rounds of the experiment. The raw data of each step is written at once. */
final class Measuring {
  private static final int MOST_PHASE_MS = 1_000;

  /** So much time a quick run may lose by repetitions. */
  private static final double QUICK_LOSS_S = 40;

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
    try (FailoverNetwork network = FailoverNetwork.start(raw.freshFolder(), launcher)) {
      Undisturbed watch =
          new Undisturbed(
              network.namespaces(),
              lost -> plan.quick() ? Effort.quick(lost, QUICK_LOSS_S) : Effort.QUICK);
      progress.accept("warm-up");
      trial(network, Failure.HOLE, 0);
      for (int round = 1; round <= plan.rounds(); round++) {
        progress.accept("round " + round + " of " + plan.rounds());
        for (Failure failure : Failure.values()) {
          if (!has(steps, round, failure)) {
            Step step = measure(network, watch, round, failure);
            raw.add(step);
            steps.add(step);
          }
        }
      }
    } catch (UncheckedIOException e) {
      throw new OsException("the network cannot be removed: " + e.getMessage(), e);
    }
    return steps;
  }

  private static boolean has(List<Step> steps, int round, Failure failure) {
    return steps.stream().anyMatch(step -> step.round() == round && step.failure() == failure);
  }

  private Step measure(FailoverNetwork network, Undisturbed watch, int round, Failure failure)
      throws OsException {
    String now = Machine.now();
    int phaseMs = phaseMs(round, failure);
    Watched<Judged<Trial.Outcome>> watched =
        watch.measure(
            () -> {
              network.forgetDoubts();
              Trial.Outcome outcome = trial(network, failure, phaseMs);
              return new Judged<>(outcome, network.doubts());
            });
    Judged<Trial.Outcome> kept = watched.result();
    return new Step(
        round,
        failure,
        now,
        watched.span(),
        kept.result().downloads(),
        kept.result().attempts(),
        kept.doubts());
  }

  /** The failure must meet the client's probes at any moment. */
  private int phaseMs(int round, Failure failure) {
    long seed = plan.seed() * 1_000_003 + round * 31L + failure.word().hashCode();
    return new SplittableRandom(seed).nextInt(MOST_PHASE_MS);
  }

  private static Trial.Outcome trial(FailoverNetwork network, Failure failure, int phaseMs)
      throws OsException {
    try {
      return Netns.in(network.clientNamespace(), () -> inHost(network, failure, phaseMs));
    } catch (OsException e) {
      throw e;
    } catch (Exception e) {
      throw new OsException(failure.title() + ": " + e.getMessage(), e);
    } finally {
      network.restore();
    }
  }

  private static Trial.Outcome inHost(FailoverNetwork network, Failure failure, int phaseMs)
      throws OsException, IOException {
    try (Trial trial = new Trial(network)) {
      trial.awaitOverlay();
      return trial.run(failure, phaseMs);
    }
  }
}
