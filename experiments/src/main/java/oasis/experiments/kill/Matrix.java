// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import oasis.emulator.Launcher;
import oasis.experiments.measure.RawData;
import oasis.os.OsException;

/** A whole run. The raw data of each trial is written at once. Confined to one thread. */
final class Matrix {
  /** An instant at which the client had ended already is tried again, so much earlier. */
  private static final double EARLIER = 0.8;

  private static final int TRIES = 4;

  private final Plan plan;
  private final RawData<Plan, Trial> raw;
  private final Consumer<String> progress;

  /**
   * @param plan what to try
   * @param directory for everything that is written
   * @param progress gets a line now and then
   */
  Matrix(Plan plan, Path directory, Consumer<String> progress) {
    this.plan = plan;
    this.progress = progress;
    raw = new RawData<>(directory, Plan.class, Trial.class);
  }

  /** Tries what has not been tried yet. */
  KillResult run(boolean resume, Launcher launcher) throws OsException, IOException {
    List<Trial> trials =
        new ArrayList<>(
            resume
                ? raw.resume(plan, UnaryOperator.identity(), trial -> true, progress)
                : List.of());
    raw.begin(plan, trials);
    Path output = raw.freshFolder();
    try (KillNetwork network = KillNetwork.start(output, launcher);
        FakeWatch watch = FakeWatch.start(network.client())) {
      Trials.prepare(output);
      HostState fresh = HostState.read(network.host(), output.resolve("www"));
      Files.createDirectories(network.files());
      Trials work = new Trials(network, Hold.make(output), watch);
      Ending ending;
      try (Stubborn stubborn = Stubborn.start(network.client().namespace(), work.learn())) {
        tryAll(work, trials);
        ending = end(network, watch, work, stubborn, fresh);
      }
      return new KillResult(plan, trials, ending);
    } catch (UncheckedIOException e) {
      throw new OsException("the network cannot be removed: " + e.getMessage(), e);
    }
  }

  private void tryAll(Trials work, List<Trial> trials) throws OsException, IOException {
    List<Case> cases = plan.cases();
    for (int i = 0; i < cases.size(); i++) {
      Case next = cases.get(i);
      if (trials.stream().anyMatch(trial -> trial.tried().name().equals(next.name()))) {
        continue;
      }
      Trial trial = work.run(next);
      for (int n = 1; n < TRIES && next.random() && !trial.counts(); n++) {
        Case earlier = trial.tried().moved(EARLIER * trial.tried().atMs());
        trial = work.run(earlier).behind(trial.wire());
      }
      raw.add(trial);
      trials.add(trial);
      progress.accept(line(i + 1, cases.size(), trial));
    }
  }

  private static String line(int number, int of, Trial trial) {
    return String.format(
        Locale.ROOT,
        "%d of %d: %s: DNS %.0f ms, TCP %.0f ms%s",
        number,
        of,
        trial.tried().name(),
        trial.slowestMs(true),
        trial.slowestMs(false),
        trial.complaints().stream().map(text -> "; " + text).collect(Collectors.joining()));
  }

  private static Ending end(
      KillNetwork network, FakeWatch watch, Trials work, Stubborn stubborn, HostState fresh)
      throws OsException, IOException {
    List<String> moved = work.everMoved();
    boolean sent = stubborn.alive();
    stubborn.stop();
    network.cleanUp();
    HostState now = HostState.read(network.host(), network.files().resolveSibling("www"));
    Capture wire = watch.next();
    for (String fake : List.of("198.18.200.1", "fdc6:1200:4710::beef")) {
      network.host().run(List.of("ping", "-n", "-c", "1", "-W", "1", fake), "");
    }
    Capture sentOnPurpose = watch.next();
    List<String> packets = sentOnPurpose.packets();
    List<Boolean> control =
        List.of(
            packets.stream().anyMatch(line -> line.contains("> 198.18.200.1:")),
            packets.stream().anyMatch(line -> line.contains("> fdc6:1200:4710::beef:")));
    return new Ending(moved, now.difference(fresh), control, wire, sent);
  }
}
