// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import oasis.emulator.calibration.Calibration;
import oasis.emulator.calibration.Goal;
import oasis.os.FileErrors;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code oasis emulate}. */
@Command(
    name = "emulate",
    mixinStandardHelpOptions = true,
    description =
        "Emulates a network: nodes are network namespaces, links have delay, rate and loss.",
    footer = {
      "",
      "Exit status: 0 when all programs ended with 0 and the run was valid, 1 otherwise, 2 for a bad"
          + " command line or topology."
    })
final class EmulateCommand implements Callable<Integer> {
  private static final int BAD_INPUT = 2;

  @Spec private @Nullable CommandSpec spec;

  @ArgGroup(exclusive = true, multiplicity = "1")
  private What what = new What();

  /** One of three things to do. */
  static final class What {
    @Parameters(paramLabel = "TOPOLOGY", description = "Emulate this XML file (docs/emulator.md).")
    private @Nullable Path topology;

    @Option(
        names = "--calibrate",
        description = "Measure how precise the links are on this machine.")
    private boolean calibrate;

    @Option(names = "--clean", description = "Remove what crashed emulations left behind.")
    private boolean clean;
  }

  @Option(
      names = "--run",
      paramLabel = "NODE:COMMAND",
      description = "Run a shell command in a node; may be repeated. They run side by side.")
  private List<String> runs = new ArrayList<>();

  @Option(
      names = "--keep",
      description = "Keep the network up after the commands, until Ctrl-C or --seconds.")
  private boolean keep;

  @Option(names = "--seconds", paramLabel = "N", description = "End after N seconds at the latest.")
  private @Nullable Integer seconds;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where output and result.json go (default: .oasis/emulate/NAME-TIME).")
  private @Nullable Path out;

  @Option(
      names = "--lateness",
      paramLabel = "TIME",
      defaultValue = "1ms",
      description = "Largest lateness of 99 in 100 packets in a valid run (default: 1ms).")
  private String lateness = "1ms";

  @Option(names = "--quick", description = "With --calibrate: rough figures in 20 seconds.")
  private boolean quick;

  @Option(names = "--json", description = "Print the result as JSON on standard output.")
  private boolean json;

  @Override
  public Integer call() {
    try {
      if (what.clean) {
        return clean();
      }
      return what.calibrate ? calibrate() : emulate(what.topology);
    } catch (TopologyException e) {
      System.err.println("oasis emulate: " + e.getMessage());
      return BAD_INPUT;
    } catch (OsException e) {
      System.err.println("oasis emulate: " + e.getMessage());
      return 1;
    }
  }

  private int clean() throws OsException {
    List<String> removed = Emulation.cleanUp(Emulation.STATE_DIRECTORY);
    if (json) {
      System.out.println(RunResult.toJson(Map.of("removed", removed)));
    } else {
      removed.forEach(name -> System.out.println("removed " + name));
    }
    return 0;
  }

  private int calibrate() throws OsException {
    Emulation.Options options = Emulation.Options.defaults(directory("calibration"));
    double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    if (load > 1) {
      System.err.printf(
          "oasis emulate: the machine is busy (load average %.1f), so figures will be worse%n",
          load);
    }
    Calibration calibration =
        new Calibration(options, quick, step -> System.err.println("measuring: " + step));
    List<Goal> goals = calibration.run();
    long stolen = calibration.stolenMs();
    if (stolen > 0) {
      System.err.printf(
          "oasis emulate: the hypervisor took %d ms of CPU away meanwhile; the delay errors are"
              + " partly the machine's%n",
          stolen);
    }
    boolean met = goals.stream().allMatch(Goal::met);
    if (json) {
      System.out.println(
          RunResult.toJson(Map.of("goals", goals, "loadAverage", load, "stolenMs", stolen)));
    } else {
      for (Goal goal : goals) {
        System.out.printf(
            "%-30s %12.2f %-10s goal %-10s %s%n",
            goal.name(), goal.value(), goal.unit(), goal.goal(), goal.met() ? "met" : "NOT MET");
      }
    }
    return met ? 0 : 1;
  }

  private int emulate(@Nullable Path file) throws OsException {
    if (file == null) {
      throw bad("a topology file is missing");
    }
    if (seconds != null && seconds < 1) {
      throw bad("--seconds must be at least 1");
    }
    Topology topology = Topology.read(file);
    List<Run.Task> tasks = tasks(topology);
    Path directory = directory(topology.name());
    Emulation.Options options =
        new Emulation.Options(directory, Emulation.STATE_DIRECTORY, budget());
    prepare(directory);
    Run run = new Run(tasks, seconds == null ? null : Duration.ofSeconds(seconds), !json);
    try {
      RunResult result = run.execute(topology, options, keep || tasks.isEmpty());
      result.write(directory.resolve("result.json"));
      System.out.print(json ? result.json() + "\n" : result.text());
      List<String> faults = result.faults();
      faults.forEach(fault -> System.err.println("oasis emulate: " + fault));
      return faults.isEmpty() ? 0 : 1;
    } finally {
      run.over();
    }
  }

  /** Fails before the run where its result could not be kept after it. */
  private static void prepare(Path directory) throws OsException {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new OsException(
          "cannot write to " + directory + " (--out): " + FileErrors.describe(e), e);
    }
    if (!Files.isWritable(directory)) {
      throw new OsException("cannot write to " + directory + " (--out): permission denied");
    }
  }

  private Duration budget() {
    try {
      return Duration.ofNanos(Quantity.timeNs(lateness, 10_000_000_000L));
    } catch (IllegalArgumentException e) {
      throw bad("--lateness: " + e.getMessage());
    }
  }

  private List<Run.Task> tasks(Topology topology) {
    List<Run.Task> tasks = new ArrayList<>();
    for (String text : runs) {
      int colon = text.indexOf(':');
      String node = colon < 0 ? "" : text.substring(0, colon);
      if (topology.nodes().stream().noneMatch(spec -> spec.name().equals(node))) {
        throw bad("--run \"" + text + "\": must be NODE:COMMAND with a node of the topology");
      }
      tasks.add(new Run.Task(node, text.substring(colon + 1)));
    }
    return tasks;
  }

  private Path directory(String name) {
    return out != null
        ? out
        : Path.of(".oasis", "emulate", name + "-" + System.currentTimeMillis());
  }

  private ParameterException bad(String message) {
    return new ParameterException(
        Objects.requireNonNull(spec, "set by picocli").commandLine(), message);
  }
}
