// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.names;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import oasis.emulator.Launcher;
import oasis.experiments.measure.JmhRun;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.RawData;
import oasis.experiments.measure.Undisturbed;
import oasis.experiments.measure.Undisturbed.Effort;
import oasis.experiments.measure.Undisturbed.Watched;
import oasis.os.OsException;

/**
 * One run: the matcher alone, then look-ups of all hosts in turn, then load, then the memory. The
 * raw data of each step is written at once. Confined to one thread.
 */
final class NamesMeasuring {
  private static final int WARM_UP_LOOKUPS = 20_000;
  private static final double KIB_PER_MIB = 1024;
  private static final long RECOVERY_MS = 3_000;

  private final Plan plan;
  private final RawData<Plan, Step> raw;
  private final Consumer<String> progress;
  private final List<Step> steps = new ArrayList<>();

  /**
   * @param plan what to measure
   * @param directory for everything that is written
   * @param progress gets a line now and then
   */
  NamesMeasuring(Plan plan, Path directory, Consumer<String> progress) {
    this.plan = plan;
    this.progress = progress;
    raw = new RawData<>(directory, Plan.class, Step.class);
  }

  /** Measures what is not measured yet. */
  List<Step> run(boolean resume, Launcher launcher) throws OsException, IOException {
    if (resume) {
      takeEarlier();
    }
    raw.begin(plan, steps);
    matching();
    Path output = raw.freshFolder();
    progress.accept("starting " + Host.values().length + " hosts");
    try (NamesNetwork network = NamesNetwork.start(output, plan.seed(), launcher)) {
      endToEnd(network);
    } catch (UncheckedIOException e) {
      throw new OsException("the network cannot be removed: " + e.getMessage(), e);
    }
    return steps;
  }

  private void endToEnd(NamesNetwork network) throws OsException, IOException {
    Undisturbed watch =
        new Undisturbed(network.namespaces(), lost -> plan.quick() ? Effort.QUICK : Effort.FULL);
    DnsPerf load = new DnsPerf(network);
    for (Host host : Host.values()) {
      progress.accept("warm-up: " + host.title());
      load.measure(host, WARM_UP_LOOKUPS);
    }
    Digs digs = new Digs(network);
    for (int round = 1; round <= plan.rounds(); round++) {
      progress.accept("look-ups, round " + round + " of " + plan.rounds());
      compare(
          watch,
          Step.Part.LOOKUPS,
          round,
          Plan.order(round),
          host -> digs.measure(host, plan.lookups()));
    }
    for (int round = 1; round <= plan.loads(); round++) {
      progress.accept("load, round " + round + " of " + plan.loads());
      compare(
          watch,
          Step.Part.LOAD,
          round,
          Plan.loadOrder(round),
          host -> load.measure(host, plan.loadLookups()));
    }
    compare(watch, Step.Part.MEMORY, 1, Host.byRules(), host -> memory(network, host));
  }

  private static Map<String, List<Double>> memory(NamesNetwork network, Host host)
      throws OsException {
    return Map.of(Metrics.RSS_MIB, List.of(network.memoryKib(host) / KIB_PER_MIB));
  }

  /** What an earlier run with the same plan has in this folder. */
  private void takeEarlier() throws OsException, IOException {
    steps.addAll(
        raw.resume(
            plan,
            before -> before.withRounds(plan.rounds()),
            step -> step.part() != Step.Part.LOOKUPS || step.round() <= plan.rounds(),
            progress));
  }

  private boolean has(Step.Part part, int round) {
    return steps.stream().anyMatch(step -> step.part() == part && step.round() == round);
  }

  /** Each number of rules is a step of its own, its place the round. */
  private void matching() throws OsException, IOException {
    for (Step.Part part : Matching.PARTS) {
      List<Host> hosts = Host.byRules();
      for (int i = 0; i < hosts.size(); i++) {
        if (!has(part, i + 1)) {
          Host host = hosts.get(i);
          progress.accept(part + ", " + host.title());
          String now = Machine.now();
          JmhRun run = Matching.run(part, host, plan.quick());
          Sample sample = new Sample(host, Matching.numbers(run));
          add(new Step(part, i + 1, now, run.span(), List.of(sample)));
        }
      }
    }
  }

  private void add(Step step) throws IOException {
    raw.add(step);
    steps.add(step);
  }

  /** Measures one host. */
  @FunctionalInterface
  private interface OfHost {
    Map<String, List<Double>> measure(Host host) throws OsException, IOException;
  }

  private void compare(
      Undisturbed watch, Step.Part part, int round, List<Host> hosts, OfHost measurement)
      throws OsException, IOException {
    if (has(part, round)) {
      return;
    }
    String now = Machine.now();
    Undisturbed.Task<List<Sample>> comparison =
        () -> {
          List<Sample> samples = new ArrayList<>();
          for (Host host : hosts) {
            samples.add(new Sample(host, numbers(measurement, host)));
          }
          return samples;
        };
    // A machine that stood still for seconds leaves the overlay suspect until its next answer.
    Watched<List<Sample>> watched = watch.measure(comparison, RECOVERY_MS, progress);
    add(new Step(part, round, now, watched.span(), watched.result()));
  }

  private static Map<String, List<Double>> numbers(OfHost measurement, Host host)
      throws OsException {
    try {
      return measurement.measure(host);
    } catch (IOException e) {
      throw new OsException("cannot write the names: " + e.getMessage(), e);
    }
  }
}
