// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import oasis.emulator.Launcher;
import oasis.experiments.measure.ExperimentCommand;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.Rounds;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code oasis experiment run throughput}. */
@Command(
    name = Throughput.NAME,
    description = {
      "Measures TCP, UDP, round-trip time, CPU and memory of client and exit node beside other"
          + " tunnels, in the same rounds, in network namespaces. Exits with 1 unless the run was"
          + " valid and all goals are met.",
      ""
    },
    footerHeading = "%nPeers:%n",
    footer = {
      "A peer is a command that knows four words. \"COMMAND needs\" prints the programs it needs,"
          + " \"COMMAND version\" its version; both are optional. \"COMMAND up CLIENT_NS EXIT_NS\""
          + " builds the tunnel between two network namespaces and returns with its programs in the"
          + " background; \"COMMAND down\" ends it.",
      "Environment: OASIS_CLIENT_NS, OASIS_EXIT_NS: the namespaces; OASIS_CLIENT, OASIS_EXIT: their"
          + " addresses; OASIS_SERVER: the server that has to be reached through the tunnel;"
          + " OASIS_TUNNEL_CLIENT, OASIS_TUNNEL_EXIT, OASIS_MTU: addresses and MTU inside of it;"
          + " OASIS_DIR: a folder for files.",
      "If a device \"peer0\" is then in both namespaces, the experiment gives it what it lacks of"
          + " address, MTU and route, and masquerades at the exit. experiments/peers has examples,"
          + " such as",
      "  --peer wireguard-go-new='WIREGUARD_GO=/path/to/it experiments/peers/wireguard-go.sh'"
    })
public class ThroughputCommand extends ExperimentCommand {
  private static final int QUICK_ROUNDS = 1;
  private static final int ROUNDS = 5;
  private static final int QUICK_SECONDS = 2;
  private static final int SECONDS = 5;

  @Mixin private Rounds rounds = new Rounds(ROUNDS + ", with --quick " + QUICK_ROUNDS);

  @Option(
      names = "--paths",
      paramLabel = "NAME",
      split = ",",
      description = "Only these paths; an unknown name lists all.")
  private @Nullable List<String> only;

  @Option(
      names = "--modes",
      paramLabel = "MODE",
      split = ",",
      description =
          "default: bursts of 64 KiB cross the links; wire: packets of 1,500 bytes, and GRO at the"
              + " receivers (default: both).")
  private @Nullable List<String> modes;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description = "Of each TCP stream (default: " + SECONDS + ", quick: 2).")
  private @Nullable Integer seconds;

  @Option(
      names = "--peer",
      paramLabel = "NAME=COMMAND",
      description = "Another tunnel, see below; repeatable.")
  private Map<String, String> peers = Map.of();

  @Option(
      names = "--java",
      paramLabel = "HOME",
      description = "The JDK that runs client and exit node (default: the launcher's).")
  private @Nullable Path java;

  @Option(names = "--no-install", description = "Skip peers that are not installed.")
  private boolean noInstall;

  private final Suite suite;

  /** For picocli. */
  public ThroughputCommand() {
    this(Suite.THROUGHPUT);
  }

  ThroughputCommand(Suite suite) {
    super(suite.word());
    this.suite = suite;
  }

  /** The exit node's backends with and without keys. */
  @Command(
      name = "exit-throughput",
      description = {
        "Measures TCP and UDP through each of the exit node's backends, with and without keys,"
            + " beside the kernel's own masquerade over VXLAN, and quicktun. Exits with 1 unless the"
            + " run was valid and all goals are met.",
        ""
      })
  public static final class OfExit extends ThroughputCommand {
    /** For picocli. */
    public OfExit() {
      super(Suite.EXIT_THROUGHPUT);
    }
  }

  @Override
  protected int run() throws OsException, IOException {
    Map<String, TestPath> all = Paths.all(Launcher.ofThisProcess(), java, named(peers));
    Plan plan = plan(all);
    Path directory = directory();
    Map<String, String> skipped = new LinkedHashMap<>();
    Map<String, TestPath> usable = usable(plan, all, skipped);
    List<Visit> visits = new Throughput(plan, usable, directory, this::say).run(output().resume());
    Result result = new Result(plan, visits, skipped);
    return output().finish(result, directory, Manifest.of(plan, usable.values(), skipped, visits));
  }

  private Map<String, String> named(Map<String, String> given) {
    for (String name : given.keySet()) {
      if (!name.matches("[a-z0-9][a-z0-9-]*")) {
        throw usage("--peer: '" + name + "' is no name: lower-case letters, digits, dashes");
      }
    }
    return given;
  }

  private Plan plan(Map<String, TestPath> all) throws OsException {
    List<String> names = new ArrayList<>(suite.paths(quick(), all.keySet()));
    if (only != null) {
      for (String name : only) {
        if (!all.containsKey(name)) {
          throw usage("no path is named '" + name + "': " + String.join(", ", all.keySet()));
        }
      }
      names = only;
    } else if (quick()) {
      names.addAll(peers.keySet());
    }
    return new Plan(
        quick(),
        rounds.or(quick() ? QUICK_ROUNDS : ROUNDS),
        names.stream().distinct().toList(),
        modes == null ? suite.modes(quick()) : modes.stream().map(this::mode).toList(),
        seconds(),
        Machine.java(java),
        suite);
  }

  private int seconds() {
    if (seconds != null && seconds < 1) {
      throw usage("--seconds must be at least 1");
    }
    return seconds != null ? seconds : quick() ? QUICK_SECONDS : SECONDS;
  }

  private Mode mode(String word) {
    for (Mode mode : Mode.values()) {
      if (mode.word().equals(word)) {
        return mode;
      }
    }
    throw usage("--modes takes default and wire, not '" + word + "'");
  }

  private Map<String, TestPath> usable(
      Plan plan, Map<String, TestPath> all, Map<String, String> skipped) throws OsException {
    Map<String, TestPath> usable = new LinkedHashMap<>();
    for (String name : plan.paths()) {
      TestPath path = all.get(name);
      if (path == null) {
        continue;
      }
      String missing = path.missing(!noInstall);
      if (missing.isEmpty()) {
        usable.put(name, path);
      } else {
        skipped.put(name, missing);
        say("skipped " + name + ": " + missing);
      }
    }
    return usable;
  }
}
