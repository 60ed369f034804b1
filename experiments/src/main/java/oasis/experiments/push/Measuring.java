// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.push;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import oasis.emulator.Launcher;
import oasis.experiments.measure.InRounds;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.Pause;
import oasis.experiments.measure.RawData;
import oasis.experiments.measure.Undisturbed;
import oasis.experiments.measure.Undisturbed.Effort;
import oasis.experiments.measure.Undisturbed.Watched;
import oasis.experiments.push.Step.Fetched;
import oasis.experiments.push.Step.Held;
import oasis.experiments.push.Step.Seen;
import oasis.os.OsException;

/** The rounds of the experiment. The raw data of each is written at once. */
final class Measuring {
  private static final long ECHO_MS = 3_000;

  private final Plan plan;
  private final RawData<Plan, Step> raw;
  private final Consumer<String> progress;

  /** A push, and what a client's host saw of it. */
  private record Watching(Pushed pushed, Map<String, Double> echoS) {}

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
    for (int round = 1; round <= plan.rounds(); round++) {
      int number = round;
      if (steps.stream().noneMatch(step -> step.round() == number)) {
        progress.accept("round " + round + " of " + plan.rounds());
        Step step = round(round, launcher);
        raw.add(step);
        steps.add(step);
      }
    }
    return steps;
  }

  private Step round(int round, Launcher launcher) throws OsException, IOException {
    Random random = new Random(plan.seed() * 1_000_003 + round);
    Path folder = raw.freshFolder();
    try (PushNetwork network = PushNetwork.start(plan, folder, random)) {
      Path bundle = folder.resolve("bundle");
      Script.makeBundle(network, launcher, bundle);
      Step step = round(round, network, new Script(network, launcher, bundle), launcher, random);
      PushNode.delete(bundle);
      PushNode.delete(Script.changedOf(bundle));
      for (PushNode node : network.nodes()) {
        node.discard();
      }
      return step;
    } catch (UncheckedIOException e) {
      throw new OsException("round " + round + ": " + e.getMessage(), e);
    }
  }

  private Step round(
      int round, PushNetwork network, Script script, Launcher launcher, Random random)
      throws OsException, IOException {
    String now = Machine.now();
    List<PushNode> healthy = network.healthy();
    progress.accept("first push, to " + plan.nodes() + " nodes");
    Watched<Watching> first =
        new Undisturbed(network.namespaces(), lost -> Effort.LEAST)
            .measure(() -> firstPush(network, script));
    List<Seen> seen = look(network, first.result());
    Map<String, String> before = files(healthy);
    progress.accept("second push");
    Pushed second = script.push(healthy);
    List<String> changedFiles = differences(before, files(healthy));
    progress.accept("a client fetches through two of them");
    List<Fetched> fetched;
    List<Held> held;
    Pushed changed;
    Pushed rollback;
    try (Downloads client = Downloads.start(network, launcher, random)) {
      fetched = client.fetch();
      progress.accept("another program and option, and back");
      try (LongDownloads downloads = client.hold()) {
        changed = script.changed().push(healthy, "--max-clients", "100");
        rollback = script.act("--rollback", healthy);
        held = downloads.end();
      }
    }
    progress.accept("the end");
    Pushed stop = script.act("--stop", healthy);
    List<String> left = new ArrayList<>();
    for (PushNode node : healthy) {
      left.addAll(node.left());
    }
    return new Step(
        round,
        now,
        first.span(),
        seen,
        first.result().pushed(),
        second,
        changed,
        rollback,
        stop,
        fetched,
        held,
        changedFiles,
        left);
  }

  private static Watching firstPush(PushNetwork network, Script script) throws OsException {
    try (Echoes echoes = Echoes.begin(network.client().namespace(), network.entries())) {
      Pushed pushed = script.push(List.of());
      Map<String, Double> times = new TreeMap<>();
      network.nodes().forEach(node -> times.put(node.name(), echoes.firstS(node.name())));
      return new Watching(pushed, times);
    } catch (IOException e) {
      throw new OsException("the first push: " + e.getMessage(), e);
    }
  }

  /** What a client's host has seen of the nodes, and sees now. */
  private static List<Seen> look(PushNetwork network, Watching first) throws OsException {
    Map<String, InetSocketAddress> healthy = new TreeMap<>(network.entries());
    healthy.keySet().retainAll(network.healthy().stream().map(PushNode::name).toList());
    List<Seen> seen = new ArrayList<>();
    try (Echoes echoes = Echoes.begin(network.client().namespace(), healthy)) {
      Pause.ms(ECHO_MS);
      for (PushNode node : network.nodes()) {
        double echoS = first.echoS().getOrDefault(node.name(), Step.NEVER);
        boolean now = echoes.firstS(node.name()) >= 0;
        seen.add(new Seen(node.name(), node.fault(), node.mayConfigure(), echoS, now));
      }
    }
    return seen;
  }

  private static Map<String, String> files(List<PushNode> nodes) throws IOException {
    Map<String, String> files = new TreeMap<>();
    for (PushNode node : nodes) {
      files.putAll(node.files());
    }
    return files;
  }

  private static List<String> differences(Map<String, String> before, Map<String, String> after) {
    Map<String, String> names = new TreeMap<>(before);
    names.putAll(after);
    return names.keySet().stream()
        .filter(name -> !String.valueOf(before.get(name)).equals(String.valueOf(after.get(name))))
        .toList();
  }
}
