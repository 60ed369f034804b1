// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
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
 * @param keyed whether client and exit node seal each datagram by a key
 * @param ipv6 whether all addresses are of IPv6, inside of the tunnel and outside
 * @param exit options of the exit node, or null when the client alone carries the packets
 */
record OasisPath(
    String name,
    String title,
    Launcher launcher,
    @Nullable Path java,
    boolean keyed,
    boolean ipv6,
    @Nullable List<String> exit)
    implements TestPath {
  static final int RULES = 100;

  private static final int ENTRY_PORT = 4700;
  private static final int FIRST_IDLE_PORT = 20_000;
  private static final Duration READY = Duration.ofSeconds(20);
  private static final String OVERLAY = "lab";

  /** Of a client and an exit node that live for one visit, in namespaces of their own. */
  private static final String KEY = "7 " + "0123456789abcdef".repeat(4) + "\n";

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
    return exit == null
        ? "client"
        : "exit node with " + String.join(" ", exit) + (keyed ? ", keys" : "");
  }

  @Override
  public Map<String, Double> up(Lab lab) throws OsException {
    Map<String, Double> facts = new LinkedHashMap<>();
    try (FirstPacket probe = new FirstPacket(lab, ipv6)) {
      if (exit != null) {
        long begin = System.nanoTime();
        Program program = start(lab, "exit", exitOptions(lab, exit));
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

  private List<String> exitOptions(Lab lab, List<String> exit) throws OsException {
    List<String> options = new ArrayList<>();
    options.addAll(List.of("--listen", Integer.toString(ENTRY_PORT)));
    options.addAll(List.of("--allow", ipv6 ? Lab.CLIENT6 : Lab.CLIENT));
    options.addAll(List.of("--mtu", mtu()));
    if (ipv6) {
      // Addresses of documents are closed in IPv6.
      options.addAll(List.of("--allow-destination", server()));
    }
    if (keyed) {
      options.addAll(List.of("--keys", keyFile(lab)));
    }
    options.addAll(exit);
    return options;
  }

  /** The file with the one key, for both ends. */
  private static String keyFile(Lab lab) throws OsException {
    Path file = lab.directory().resolve("keys").toAbsolutePath();
    try {
      if (!Files.exists(file)) {
        Files.createFile(
            file,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, KEY);
      }
      return file.toString();
    } catch (IOException e) {
      throw new OsException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }

  private List<String> clientOptions(Lab lab) throws OsException {
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
    if (keyed) {
      options.addAll(List.of("--key", OVERLAY + "=" + keyFile(lab)));
    }
    return options;
  }

  @Override
  public void down(Lab lab) {
    // Everything of ours is inside the namespaces.
  }
}
