// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import oasis.emulator.Node;
import oasis.experiments.measure.Pause;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;

/**
 * A tunnel of others, built by a command: {@code COMMAND needs} prints the commands it needs,
 * {@code COMMAND version} its version, {@code COMMAND up CLIENT_NS EXIT_NS} builds it, {@code
 * COMMAND down} ends it. If it leaves a device {@value Lab#PEER_DEVICE} in both namespaces,
 * addresses, route and masquerade are set here.
 *
 * @param name its name
 * @param title what it is, for people
 * @param command a shell command line
 * @param installer the script that installs commands
 */
record ScriptedPath(String name, String title, String command, Path installer) implements TestPath {
  private static final int UP_SECONDS = 30;
  private static final int INSTALL_SECONDS = 300;
  private static final int SMALLEST_FAILURE = 126;

  /** What the names of {@code needs} are short of. */
  private record Ended(int status, String output) {}

  @Override
  public String missing(boolean install) throws OsException {
    Ended needs = run(List.of("needs"), Map.of(), UP_SECONDS);
    if (needs.status() != 0) {
      // A command of the user's own need not know the word, but it must exist.
      return needs.status() >= SMALLEST_FAILURE ? "cannot run: " + command : "";
    }
    List<String> missing = new ArrayList<>();
    for (String word : needs.output().strip().split("\\s+", -1)) {
      if (!word.isEmpty() && !exists(word)) {
        missing.add(word);
      }
    }
    if (missing.isEmpty()) {
      return "";
    }
    if (install) {
      List<String> argv = new ArrayList<>(List.of(installer.toString()));
      argv.addAll(missing);
      if (execute(argv, Map.of(), INSTALL_SECONDS).status() == 0) {
        return "";
      }
    }
    return "not installed: " + String.join(" ", missing);
  }

  private static boolean exists(String program) {
    List<String> folders = new ArrayList<>(List.of("/usr/local/sbin", "/usr/sbin", "/sbin"));
    folders.addAll(List.of(System.getenv().getOrDefault("PATH", "").split(":", -1)));
    return program.contains("/")
        ? Files.isExecutable(Path.of(program))
        : folders.stream().anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  @Override
  public String version() throws OsException {
    Ended version = run(List.of("version"), Map.of(), UP_SECONDS);
    return version.status() == 0 && !version.output().isBlank()
        ? version.output().strip()
        : command;
  }

  @Override
  public Map<String, Double> up(Lab lab) throws OsException {
    Path directory = directory(lab);
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new OsException("cannot make " + directory + ": " + e.getMessage(), e);
    }
    for (Node node : List.of(lab.client(), lab.exit())) {
      // The kernel would send packets of its own by the tunnel; vtun ends when one comes too early.
      lab.run(node, List.of("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1"), "");
    }
    List<String> words = List.of("up", lab.client().namespace(), lab.exit().namespace());
    Ended up = run(words, environment(lab), UP_SECONDS);
    if (up.status() != 0) {
      throw new OsException(
          "'" + command + " up' failed (exit status " + up.status() + "): " + last(up.output()));
    }
    join(lab);
    String route = lab.run(lab.client(), List.of("ip", "route", "get", server()), "");
    if (route.contains("dev eth0")) {
      throw new OsException("'" + command + " up' left the server routed outside of its tunnel");
    }
    lab.awaitAlive(server());
    return Map.of();
  }

  @Override
  public void down(Lab lab) {
    try {
      run(List.of("down"), environment(lab), UP_SECONDS);
    } catch (OsException e) {
      // Its processes end with their namespaces; the next visit to it says if more is left.
      System.err.println("oasis experiment: " + e.getMessage());
    }
  }

  private Path directory(Lab lab) {
    return lab.directory().resolve("peer");
  }

  private Map<String, String> environment(Lab lab) {
    Map<String, String> environment = new LinkedHashMap<>();
    environment.put("OASIS_CLIENT_NS", lab.client().namespace());
    environment.put("OASIS_EXIT_NS", lab.exit().namespace());
    environment.put("OASIS_CLIENT", Lab.CLIENT);
    environment.put("OASIS_EXIT", Lab.EXIT);
    environment.put("OASIS_SERVER", Lab.SERVER);
    environment.put("OASIS_TUNNEL_CLIENT", Lab.TUNNEL_CLIENT);
    environment.put("OASIS_TUNNEL_EXIT", Lab.TUNNEL_EXIT);
    environment.put("OASIS_MTU", Integer.toString(Lab.TUNNEL_MTU));
    environment.put("OASIS_DIR", directory(lab).toString());
    return environment;
  }

  /** Addresses and routes for a command that only makes devices. */
  private void join(Lab lab) throws OsException {
    if (!hasDevice(lab.client()) || !hasDevice(lab.exit())) {
      return;
    }
    address(lab, lab.client(), Lab.TUNNEL_CLIENT, Lab.TUNNEL_EXIT);
    address(lab, lab.exit(), Lab.TUNNEL_EXIT, Lab.TUNNEL_CLIENT);
    String route = "ip route replace " + server() + " via " + Lab.TUNNEL_EXIT + " onlink";
    route += " dev " + Lab.PEER_DEVICE + " src " + Lab.TUNNEL_CLIENT + " congctl cubic";
    lab.run(lab.client(), List.of(route.split(" ", -1)), "");
    lab.run(
        lab.exit(),
        List.of("nft", "-f", "-"),
        "table ip peer { chain post { type nat hook postrouting priority 100; ip saddr "
            + Lab.TUNNEL_CLIENT
            + " oifname eth1 masquerade; }; }");
  }

  /** The device may come a little after the command's end: programs go to the background. */
  private static boolean hasDevice(Node node) throws OsException {
    CommandRunner runner = LinuxCommandRunner.inNamespace(node.namespace());
    for (int i = 0; i < 40; i++) {
      if (runner.run(List.of("ip", "link", "show", Lab.PEER_DEVICE), "").ok()) {
        return true;
      }
      Pause.ms(50);
    }
    return false;
  }

  private static void address(Lab lab, Node node, String own, String other) throws OsException {
    List<String> show = List.of("ip", "-4", "-o", "addr", "show", "dev", Lab.PEER_DEVICE);
    if (lab.run(node, show, "").isBlank()) {
      List<String> add = List.of("ip", "addr", "add", own, "peer", other, "dev", Lab.PEER_DEVICE);
      lab.run(node, add, "");
    }
    String mtu = Integer.toString(Lab.TUNNEL_MTU);
    lab.run(node, List.of("ip", "link", "set", Lab.PEER_DEVICE, "mtu", mtu, "up"), "");
  }

  private Ended run(List<String> words, Map<String, String> environment, int seconds)
      throws OsException {
    List<String> argv = new ArrayList<>(List.of("bash", "-c", command + " \"$@\"", name));
    argv.addAll(words);
    return execute(argv, environment, seconds);
  }

  /** Output goes to a file, since programs that are left in the background would hold a pipe. */
  private static Ended execute(List<String> argv, Map<String, String> environment, int seconds)
      throws OsException {
    try {
      Path output = Files.createTempFile("oasis-peer", ".log");
      try {
        ProcessBuilder builder = new ProcessBuilder(argv);
        builder.environment().putAll(environment);
        builder.redirectErrorStream(true).redirectOutput(output.toFile());
        Process process = builder.start();
        process.getOutputStream().close();
        if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
          process.destroyForcibly();
          throw new OsException(String.join(" ", argv) + ": no end after " + seconds + " s");
        }
        return new Ended(process.exitValue(), Files.readString(output));
      } finally {
        Files.delete(output);
      }
    } catch (IOException e) {
      throw new OsException(String.join(" ", argv) + ": " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OsException("interrupted", e);
    }
  }

  private static String last(String output) {
    return output.lines().filter(line -> !line.isBlank()).reduce("", (a, b) -> b);
  }
}
