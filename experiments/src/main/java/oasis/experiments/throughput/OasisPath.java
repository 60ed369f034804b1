// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import oasis.emulator.Command;
import oasis.emulator.Launcher;
import oasis.emulator.Program;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;
import oasis.packet.Ip;
import org.jspecify.annotations.Nullable;

/**
 * Client and exit node as a user starts them, with one configuration for everything: 100 rules, of
 * which the last one matches, NAT, policy and counters on.
 *
 * @param name its name
 * @param title what it is, for people
 * @param launcher starts client and exit node
 * @param java home of the JDK that runs them, or null for the one that the launcher finds
 * @param ipv6 whether all addresses are of IPv6, inside of the tunnel and outside
 * @param exit options of the exit node, or null when the client alone carries the packets
 */
record OasisPath(
    String name,
    String title,
    Launcher launcher,
    @Nullable Path java,
    boolean ipv6,
    @Nullable List<String> exit)
    implements TestPath {
  static final int RULES = 100;

  private static final int ENTRY_PORT = 4700;
  private static final int FIRST_IDLE_PORT = 20_000;
  private static final Duration READY = Duration.ofSeconds(20);
  private static final String OVERLAY = "lab";

  /** Also lets the launcher prepare what it does once for each JDK, which is no part of a start. */
  @Override
  public String missing(boolean install) throws OsException {
    for (String word : exit == null ? List.of("client") : List.of("client", "exit")) {
      List<String> argv = new ArrayList<>(List.of("env"));
      if (java != null) {
        argv.add("JAVA_HOME=" + java);
      }
      argv.addAll(List.of(launcher.script().toString(), word, "--help"));
      CommandRunner.Result result = new LinuxCommandRunner().run(argv, "");
      if (!result.ok()) {
        return word + " --help: " + result.err().lines().findFirst().orElse("failed");
      }
    }
    return "";
  }

  @Override
  public String version() {
    return exit == null ? "client" : "exit node with " + String.join(" ", exit);
  }

  @Override
  public Map<String, Double> up(Lab lab) throws OsException {
    Map<String, Double> facts = new LinkedHashMap<>();
    try (FirstPacket probe = new FirstPacket(lab, ipv6)) {
      if (exit != null) {
        long begin = System.nanoTime();
        Program program = start(lab, "exit", exitOptions(exit));
        if (!ipv6) {
          facts.put("start_exit", probe.throughExit(program, ENTRY_PORT, begin));
        }
        program.awaitLine("Ready", READY);
      }
      long begin = System.nanoTime();
      Program program = start(lab, "client", clientOptions(lab));
      facts.put("start_client", probe.throughClient(program, exit == null, begin));
      program.awaitLine("Ready", READY);
    }
    lab.awaitAlive(server());
    return facts;
  }

  private Program start(Lab lab, String word, List<String> options) throws OsException {
    Path control = lab.directory().resolve(word + ".sock");
    Command command = launcher.command(word, control, options);
    if (java != null) {
      command = command.withVariable("JAVA_HOME", java.toString());
    }
    return (word.equals("exit") ? lab.exit() : lab.client()).start(command);
  }

  /** What fits 1,400 bytes of UDP payload with both headers. */
  private String mtu() {
    return Integer.toString(ipv6 ? Lab.TUNNEL_MTU + Ip.V6_BYTES - Ip.V4_BYTES : Lab.TUNNEL_MTU);
  }

  private List<String> exitOptions(List<String> exit) {
    List<String> options = new ArrayList<>();
    options.addAll(List.of("--listen", Integer.toString(ENTRY_PORT)));
    options.addAll(List.of("--allow", ipv6 ? Lab.CLIENT6 : Lab.CLIENT));
    options.addAll(List.of("--mtu", mtu()));
    if (ipv6) {
      // Addresses of documents are closed in IPv6.
      options.addAll(List.of("--allow-destination", server()));
    }
    options.addAll(exit);
    return options;
  }

  private List<String> clientOptions(Lab lab) {
    String host = ipv6 ? "[" + Lab.EXIT6 + "]" : Lab.EXIT;
    List<String> options = new ArrayList<>();
    options.addAll(List.of("--state", lab.directory().resolve("state").toString()));
    options.addAll(List.of("--mtu", mtu(), "--overlay"));
    options.add(OVERLAY + "=udp://" + host + ":" + ENTRY_PORT + "?mtu=" + mtu());
    for (int i = 1; i < RULES; i++) {
      options.addAll(List.of("--rule", "tcp dport " + (FIRST_IDLE_PORT + i) + " " + OVERLAY));
    }
    options.addAll(List.of("--rule", "dst " + server() + " " + OVERLAY));
    if (exit == null) {
      options.add("--mediate");
    }
    return options;
  }

  @Override
  public void down(Lab lab) {
    // Everything of ours is inside the namespaces.
  }
}
