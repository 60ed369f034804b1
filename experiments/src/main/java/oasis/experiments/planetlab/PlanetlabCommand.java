// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.planetlab;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import oasis.emulator.Launcher;
import oasis.experiments.measure.ExperimentCommand;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.Rounds;
import oasis.experiments.measure.Seed;
import oasis.os.OsException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code oasis experiment run planetlab}. */
@Command(
    name = PlanetlabResult.NAME,
    description = "Programs of today through the PlanetLab port, and what it costs.",
    footer = {
      "",
      "curl, wget, apt and Chromium fetch by overlay and underlay through a port that has"
          + " CAP_NET_RAW alone; 200 downloads at a time; 100 MB up and down, again over a path"
          + " that loses, reorders and duplicates; under attack; beside tinyproxy. Every body is"
          + " checked by its SHA-256, every answer of the kernel on the port is counted. Exits with"
          + " 1 unless the run was valid and all goals are met."
    })
public final class PlanetlabCommand extends ExperimentCommand {
  @Mixin private Rounds rounds = new Rounds("5, with --quick 1");
  @Mixin private Seed seed = new Seed();

  /** For picocli. */
  public PlanetlabCommand() {
    super(PlanetlabResult.NAME);
  }

  @Override
  protected int run() throws OsException, IOException {
    Plan plan = Plan.of(quick(), seed.value(), Machine.java(null));
    plan = plan.withRounds(rounds.or(plan.rounds()));
    Launcher launcher = Launcher.ofThisProcess();
    Path directory = directory();
    List<Step> steps = new Measuring(plan, directory, this::say).run(output().resume(), launcher);
    Map<String, Object> manifest = Machine.manifest(plan.java());
    manifest.put("congestionControl", "cubic");
    return output().finish(new PlanetlabResult(plan, steps), directory, manifest);
  }
}
