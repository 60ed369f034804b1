// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.unmatched;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Consumer;
import oasis.emulator.Launcher;
import oasis.experiments.measure.InRounds;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.RawData;
import oasis.experiments.measure.Traffic;
import oasis.experiments.measure.Undisturbed;
import oasis.experiments.measure.Undisturbed.Effort;
import oasis.experiments.measure.Undisturbed.Watched;
import oasis.os.OsException;

/** The rounds; each is repeated as a whole when others disturbed it, and written at once. */
final class Measuring {
  /** So much time a quick run may lose by repetitions. */
  private static final double QUICK_LOSS_S = 60;

  private final Plan plan;
  private final RawData<Plan, Round> raw;
  private final Consumer<String> progress;

  /**
   * @param plan what to measure
   * @param directory for everything that is written
   * @param progress gets a line now and then
   */
  Measuring(Plan plan, Path directory, Consumer<String> progress) {
    this.plan = plan;
    this.progress = progress;
    raw = new RawData<>(directory, Plan.class, Round.class);
  }

  /** Measures what is not measured yet. */
  List<Round> run(boolean resume, Launcher launcher) throws OsException, IOException {
    List<Round> rounds = InRounds.begin(raw, plan, resume, progress);
    try (UnmatchedNetwork network = UnmatchedNetwork.start(raw.freshFolder(), plan, launcher)) {
      Round.Statements statements = network.load();
      progress.accept(
          "nft statements: "
              + statements.few()
              + " with one rule of each kind, "
              + statements.many()
              + " with "
              + plan.ofEachKind());
      Undisturbed watch =
          new Undisturbed(
              network.namespaces(),
              lost -> plan.quick() ? Effort.quick(lost, QUICK_LOSS_S) : Effort.FULL);
      for (Host host : Host.values()) {
        traffic(network, host).ping(plan.pings()); // neighbours and routes are found
      }
      while (rounds.size() < plan.rounds()) {
        int number = rounds.size() + 1;
        progress.accept("round " + number + " of " + plan.rounds());
        Round round = measure(network, watch, number, statements);
        raw.add(round);
        rounds.add(round);
      }
    } catch (UncheckedIOException e) {
      throw new OsException("the network cannot be removed: " + e.getMessage(), e);
    }
    return rounds;
  }

  private Round measure(
      UnmatchedNetwork network, Undisturbed watch, int number, Round.Statements statements)
      throws OsException {
    String now = Machine.now();
    long tunPkts = network.tunPkts();
    Watched<List<Round.Sample>> watched =
        watch.measure(
            () -> {
              List<Round.Sample> samples = new ArrayList<>();
              for (Host host : Host.order(number)) {
                samples.add(sample(network, host));
              }
              return samples;
            });
    boolean published = network.published();
    return new Round(
        number,
        now,
        watched.span(),
        watched.result(),
        network.tunPkts() - tunPkts,
        published,
        statements);
  }

  private Round.Sample sample(UnmatchedNetwork network, Host host) throws OsException {
    Traffic traffic = traffic(network, host);
    double up = mbit(traffic.tcp(true, 0, plan.seconds()));
    double down = mbit(traffic.tcp(false, 0, plan.seconds()));
    return new Round.Sample(host, up, down, middle(traffic.ping(plan.pings())));
  }

  private static Traffic traffic(UnmatchedNetwork network, Host host) {
    return new Traffic(network.node(host), network.server());
  }

  private static double mbit(Map<String, Double> tcp) {
    return tcp.getOrDefault("mbit", 0.0);
  }

  /**
   * The mean of the middle half: as robust as a median, but finer than the microseconds of ping.
   */
  static double middle(SortedMap<Integer, Integer> counts) {
    int all = counts.values().stream().mapToInt(Integer::intValue).sum();
    int from = all / 4;
    int to = all - from;
    double sum = 0;
    int at = 0;
    for (Map.Entry<Integer, Integer> entry : counts.entrySet()) {
      int next = at + entry.getValue();
      sum += (double) entry.getKey() * Math.max(0, Math.min(next, to) - Math.max(at, from));
      at = next;
    }
    return sum / (to - from);
  }
}
