// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import oasis.experiments.failover.FailoverCommand;
import oasis.experiments.failover.FailoverResult;
import oasis.experiments.figures.FigureCommand;
import oasis.experiments.figures.FigureResult;
import oasis.experiments.flows.FlowsCommand;
import oasis.experiments.flows.FlowsResult;
import oasis.experiments.hostile.HostileCommand;
import oasis.experiments.hostile.HostileResult;
import oasis.experiments.kill.KillCommand;
import oasis.experiments.kill.KillResult;
import oasis.experiments.names.NamesCommand;
import oasis.experiments.names.NamesResult;
import oasis.experiments.nat.NatCommand;
import oasis.experiments.nat.NatResult;
import oasis.experiments.planetlab.PlanetlabCommand;
import oasis.experiments.planetlab.PlanetlabResult;
import oasis.experiments.push.PushResult;
import oasis.experiments.push.SlicePushCommand;
import oasis.experiments.queues.QueuesCommand;
import oasis.experiments.queues.QueuesResult;
import oasis.experiments.restart.RestartCommand;
import oasis.experiments.restart.RestartResult;
import oasis.experiments.result.Computed;
import oasis.experiments.result.Report;
import oasis.experiments.throughput.Result;
import oasis.experiments.throughput.ThroughputCommand;
import oasis.experiments.unmatched.UnmatchedCommand;
import oasis.experiments.unmatched.UnmatchedResult;
import oasis.io.StandardOutput;
import oasis.os.FileErrors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Command line of {@code oasis experiment}. */
@Command(
    name = "oasis experiment",
    mixinStandardHelpOptions = true,
    description = "Runs experiments and checks their goals.",
    subcommands = {ExperimentMain.Run.class, BenchCommand.class})
public final class ExperimentMain implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  private ExperimentMain() {}

  public static void main(String[] args) {
    System.exit(StandardOutput.checked(commandLine().execute(args), "oasis experiment"));
  }

  /** The command line. */
  public static CommandLine commandLine() {
    CommandLine line = new CommandLine(new ExperimentMain());
    String version = ExperimentMain.class.getPackage().getImplementationVersion();
    line.getCommandSpec()
        .version("oasis experiment " + Objects.requireNonNullElse(version, "(not packaged)"));
    return line.setParameterExceptionHandler(ExperimentMain::wrongUsage);
  }

  private static int wrongUsage(CommandLine.ParameterException e, String[] args) {
    CommandLine line = e.getCommandLine();
    String name = line.getCommandSpec().qualifiedName();
    line.getErr().println(name + ": " + e.getMessage() + " (" + name + " --help says more)");
    return line.getCommandSpec().exitCodeOnInvalidInput();
  }

  @Override
  public void run() {
    throw new CommandLine.ParameterException(
        spec.commandLine(), "say what to do: run, bench, list or verify");
  }

  /** {@code oasis experiment run}. */
  @Command(
      name = "run",
      mixinStandardHelpOptions = true,
      description = "Runs an experiment; exits with 1 unless all its goals are met.",
      subcommands = {
        ThroughputCommand.class,
        ThroughputCommand.OfExit.class,
        FigureCommand.Fig6.class,
        FigureCommand.Fig7.class,
        FigureCommand.Fig8.class,
        FigureCommand.Fig9a.class,
        FigureCommand.Fig9b.class,
        NamesCommand.class,
        FlowsCommand.class,
        UnmatchedCommand.class,
        FailoverCommand.class,
        KillCommand.class,
        NatCommand.class,
        HostileCommand.class,
        SlicePushCommand.class,
        PlanetlabCommand.class,
        QueuesCommand.class,
        RestartCommand.class
      })
  static final class Run implements Runnable {
    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "name an experiment; \"oasis experiment list\" names them");
    }
  }

  @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists the experiments.")
  int list() {
    System.out.print(
        """
        throughput       TCP, UDP, RTT, CPU, memory of client and exit node; other tunnels
        fig6             round-trip time that the client adds (the paper's Fig. 6)
        fig7             time that it adds to transfers of 8 KiB (Fig. 7)
        fig8             time that it adds to transfers of 20 MB (Fig. 8)
        fig9a            CPU use of the client against download rate (Fig. 9a)
        fig9b            CPU use of the client against upload rate (Fig. 9b)
        dns              time that name rules add to a look-up, and look-ups a second
        flows            memory and time of the client's flow map, to a million flows
        unmatched        what 2,000 rules do to traffic that none of them matches
        failover         what programs notice when the entry node of their overlay dies
        queues           what classes, and clients of one, get of a link that is too small
        exit-restart     downloads through an exit node that is replaced or killed
        kill-matrix      what a host bears when its client is killed at any point, or hangs
        nat              a million mappings; new connections a second beside the kernel's
        exit-throughput  TCP and UDP through each backend, with and without keys
        exit-hostile     what an exit node does under fuzzed datagrams
        slice-push       the exit node pushed by ssh to twelve hosts, five of them broken
        planetlab        programs of today through the PlanetLab port, beside tinyproxy
        """);
    return 0;
  }

  @Command(
      name = "verify",
      mixinStandardHelpOptions = true,
      description = "Computes a finished run again from its raw data.")
  int verify(
      @Parameters(paramLabel = "DIR", description = "Folder with the results.") Path directory) {
    try {
      JsonNode recorded = Report.recorded(directory);
      Computed result = computed(recorded);
      return result.verify(recorded) ? 0 : 1;
    } catch (IOException e) {
      System.err.println(
          "oasis experiment: cannot read " + directory + ": " + FileErrors.reason(e));
      return 1;
    }
  }

  private static Computed computed(JsonNode recorded) throws IOException {
    String name = recorded.path("experiment").asText();
    return switch (name) {
      case NamesResult.NAME -> NamesResult.of(recorded);
      case FlowsResult.NAME -> FlowsResult.of(recorded);
      case UnmatchedResult.NAME -> UnmatchedResult.of(recorded);
      case FailoverResult.NAME -> FailoverResult.of(recorded);
      case QueuesResult.NAME -> QueuesResult.of(recorded);
      case RestartResult.NAME -> RestartResult.of(recorded);
      case KillResult.NAME -> KillResult.of(recorded);
      case NatResult.NAME -> NatResult.of(recorded);
      case HostileResult.NAME -> HostileResult.of(recorded);
      case PushResult.NAME -> PushResult.of(recorded);
      case PlanetlabResult.NAME -> PlanetlabResult.of(recorded);
      default -> FigureResult.has(name) ? FigureResult.of(recorded) : Result.of(recorded);
    };
  }
}
