// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import oasis.emulator.Launcher;
import oasis.exit.engine.BackendKind;
import oasis.experiments.measure.ExperimentCommand;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.RawData;
import oasis.experiments.measure.Seed;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code oasis experiment run exit-hostile}. */
@Command(
    name = HostileResult.NAME,
    description = "What an exit node does under fuzzed datagrams.",
    footer = {
      "",
      "1,000,000 fuzzed datagrams by sockets to each kind of exit node while a flow of 50 Mbit/s"
          + " goes on through it, and 9,000,000 into its engine. What leaves is captured and judged"
          + " by an oracle that shares no code with the exit node. Exits with 1 unless the run was"
          + " valid and all goals are met."
    })
public final class HostileCommand extends ExperimentCommand {
  private static final long LEAST = 50_000;

  @Option(
      names = "--subjects",
      paramLabel = "NAME",
      split = ",",
      description = "Attack only these by sockets: raw, slice, keyed, kernel (default: all).")
  private @Nullable List<String> only;

  @Option(
      names = "--datagrams",
      paramLabel = "N",
      description = "To each by sockets (default: 1000000, with --quick 300000).")
  private @Nullable Long datagrams;

  @Option(
      names = "--engine-datagrams",
      paramLabel = "N",
      description = "Into the engines (default: 9000000, with --quick 2000000).")
  private @Nullable Long engineDatagrams;

  @Mixin private Seed seed = new Seed();

  /** For picocli. */
  public HostileCommand() {
    super(HostileResult.NAME);
  }

  @Override
  protected int run() throws OsException, IOException {
    Plan plan = plan();
    Launcher launcher = Launcher.ofThisProcess();
    Path directory = directory();
    say("seed " + seed.value());
    List<OverSockets> sockets = bySockets(plan, directory, launcher);
    List<IntoEngine> engines = new ArrayList<>();
    for (BackendKind kind : BackendKind.values()) {
      say("into the engine, " + kind.name().toLowerCase(Locale.ROOT) + " backend");
      engines.add(
          new EngineRun(kind, seed.value())
              .run(plan.engineDatagrams() / 2, number -> say("  " + number + " datagrams")));
    }
    return output()
        .finish(
            new HostileResult(plan, sockets, engines), directory, Machine.manifest(plan.java()));
  }

  private Plan plan() throws OsException {
    for (Long number : new @Nullable Long[] {datagrams, engineDatagrams}) {
      if (number != null && number < LEAST) {
        throw usage("fewer than " + LEAST + " datagrams say nothing");
      }
    }
    return Plan.of(
        quick(), subjects(), datagrams, engineDatagrams, seed.value(), Machine.java(null));
  }

  private List<Subject> subjects() {
    List<Subject> subjects = new ArrayList<>();
    for (Subject each : Subject.values()) {
      if (only == null || only.contains(each.word())) {
        subjects.add(each);
      }
    }
    if (only != null && subjects.size() != only.stream().distinct().count()) {
      throw usage("--subjects takes raw, slice, keyed and kernel, not " + only);
    }
    return subjects;
  }

  /** Attacks one exit node after the other; those that an earlier run has attacked are left out. */
  private List<OverSockets> bySockets(Plan plan, Path directory, Launcher launcher)
      throws OsException, IOException {
    RawData<Plan, OverSockets> raw = new RawData<>(directory, Plan.class, OverSockets.class);
    List<OverSockets> done = new ArrayList<>();
    if (output().resume()) {
      done.addAll(raw.resume(plan, UnaryOperator.identity(), one -> true, this::say));
    }
    Path folder = raw.freshFolder();
    raw.begin(plan, done);
    for (Subject subject : plan.subjects()) {
      if (done.stream().noneMatch(one -> one.subject() == subject)) {
        say("by sockets, " + subject.title());
        OverSockets one = SocketRun.of(subject, plan, folder.resolve(subject.word()), launcher);
        raw.add(one);
        done.add(one);
      }
    }
    return done;
  }
}
