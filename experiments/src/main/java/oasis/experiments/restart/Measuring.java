// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.restart;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import oasis.emulator.Launcher;
import oasis.experiments.measure.InRounds;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.Pause;
import oasis.experiments.measure.RawData;
import oasis.os.OsException;

/** The rounds of the experiment. The raw data of each step is written at once. */
final class Measuring {
  private static final int MOST_PHASE_MS = 1_000;
  private static final double NS_PER_MS = 1e6;

  /** What a killed node leaves is looked at after this time. */
  private static final long LEFT_MS = 2_000;

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
    try (RestartNetwork network = RestartNetwork.start(raw.freshFolder(), launcher)) {
      for (int round = 1; round <= plan.rounds(); round++) {
        for (Way way : plan.ways()) {
          for (Change change : Change.values()) {
            if (!has(steps, round, way, change)) {
              progress.accept(
                  "round %d of %d: %s, %s"
                      .formatted(round, plan.rounds(), way.title(), change.title()));
              Step step = measure(network, round, way, change);
              raw.add(step);
              steps.add(step);
            }
          }
        }
      }
    }
    return steps;
  }

  private static boolean has(List<Step> steps, int round, Way way, Change change) {
    return steps.stream()
        .anyMatch(step -> step.round() == round && step.way() == way && step.change() == change);
  }

  private Step measure(RestartNetwork network, int round, Way way, Change change)
      throws OsException, IOException {
    String now = Machine.now();
    network.startExit(way, false);
    network.awaitOverlay();
    try (Curls curls = new Curls(network.client(), network.directory(), RestartNetwork.URL);
        Pings pings = new Pings(network.client(), RestartNetwork.SERVER)) {
      curls.awaitBegun();
      Pause.ms(phaseMs(round, way, change));
      int carried = network.carried();
      long resets = network.resets();
      long began = System.nanoTime();
      List<String> left = new ArrayList<>();
      int inFlight = curls.running();
      switch (change) {
        case REPLACED -> {
          network.replaceExit(way);
          inFlight = curls.running();
        }
        case RESTARTED -> {
          network.stopExit();
          network.startExit(way, false);
        }
        case KILLED -> {
          network.killExit();
          Pause.ms(LEFT_MS);
          left.addAll(network.left());
          network.startExit(way, false);
        }
      }
      double changeMs = (System.nanoTime() - began) / NS_PER_MS;
      List<Step.Download> downloads = curls.end(network.digest());
      double standstill = pings.longestPauseMs();
      long reset = network.resets() - resets;
      return new Step(
          round, way, change, now, carried, inFlight, changeMs, standstill, reset, left, downloads);
    } finally {
      network.stopExit();
    }
  }

  /** A change must meet the downloads at any moment. */
  private int phaseMs(int round, Way way, Change change) {
    long seed = plan.seed() * 1_000_003 + round * 31L + way.ordinal() * 7L + change.ordinal();
    return new SplittableRandom(seed).nextInt(MOST_PHASE_MS);
  }
}
