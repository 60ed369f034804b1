// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.planetlab;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import oasis.emulator.Launcher;
import oasis.experiments.measure.InRounds;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.RawData;
import oasis.experiments.measure.Undisturbed.Effort;
import oasis.experiments.planetlab.Step.Check;
import oasis.experiments.planetlab.Step.Sample;
import oasis.link.LinkSettings;
import oasis.os.OsException;

/** The rounds of the experiment. The raw data of each step is written at once. */
final class Measuring {
  private static final long MS = 1_000_000;
  private static final long TWO_PERCENT_PPB = 20_000_000;

  /** Beside the loss, as many packets are late by two milliseconds, and as many come twice. */
  private static final LinkSettings BAD =
      LinkSettings.delay(MS)
          .withLossPpb(TWO_PERCENT_PPB)
          .withReorder(TWO_PERCENT_PPB, 2 * MS)
          .withDuplicatePpb(TWO_PERCENT_PPB);

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

  /** Measures what is not measured yet: first all over a good path, then all over a bad one. */
  List<Step> run(boolean resume, Launcher launcher) throws OsException, IOException {
    List<Step> steps = InRounds.begin(raw, plan, resume, progress);
    List<Part> good = Arrays.stream(Part.values()).filter(part -> part != Part.BAD).toList();
    run(good, LinkSettings.UNSHAPED, steps, launcher);
    run(List.of(Part.BAD), BAD, steps, launcher);
    return steps;
  }

  private void run(List<Part> parts, LinkSettings access, List<Step> steps, Launcher launcher)
      throws OsException, IOException {
    try (PortNetwork network =
        PortNetwork.start(raw.freshFolder(), launcher, access, plan.seed())) {
      for (int round = 1; round <= plan.rounds(); round++) {
        for (Part part : parts) {
          if (!has(steps, round, part)) {
            progress.accept("round %d of %d: %s".formatted(round, plan.rounds(), part.title()));
            Step step = measure(network, round, part);
            raw.add(step);
            steps.add(step);
          }
        }
      }
    }
  }

  private static boolean has(List<Step> steps, int round, Part part) {
    return steps.stream().anyMatch(step -> step.round() == round && step.part() == part);
  }

  private Step measure(PortNetwork network, int round, Part part) throws OsException, IOException {
    String now = Machine.now();
    Random random = new Random(plan.seed() * 1_000_003 + round * 31L + part.ordinal());
    Silence.Answers before = network.silence().answers();
    List<Check> checks = new ArrayList<>();
    List<Sample> samples = new ArrayList<>();
    Map<String, Double> numbers = new TreeMap<>();
    switch (part) {
      case PROGRAMS -> checks.addAll(new Programs(network).run());
      case MANY -> checks.addAll(new Transfers(network).many(Plan.DOWNLOADS));
      case LARGE -> checks.addAll(new Transfers(network).large(network.site().file("large")));
      case COST ->
          samples.addAll(
              new Costs(network, plan.quick() ? Effort.LEAST : Effort.QUICK)
                  .run(plan.samples(), random));
      case HOSTILE -> {
        Hostile hostile = new Hostile(network, plan);
        hostile.run(random.nextLong());
        checks.addAll(hostile.checks());
        numbers.putAll(hostile.numbers());
      }
      case BAD ->
          checks.addAll(new Transfers(network).large(network.site().beginning(plan.badBytes())));
    }
    Silence.Answers answers = network.silence().answers().since(before);
    return new Step(round, part, now, checks, samples, answers, numbers);
  }
}
