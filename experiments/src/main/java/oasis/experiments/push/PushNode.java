// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.push;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import oasis.emulator.Command;
import oasis.emulator.Node;
import oasis.experiments.measure.Processes;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;

/**
 * A host with an ssh server of its own, to which the exit node is pushed.
 *
 * @param fault what is wrong with it
 * @param mayConfigure whether its user has CAP_NET_ADMIN
 * @param node where it is
 * @param folder of its files
 */
record PushNode(Fault fault, boolean mayConfigure, Node node, Path folder) {
  private static final Duration READY = Duration.ofSeconds(20);

  /** Less than the bundle needs. */
  private static final String SMALL_DISK = "size=4m";

  private static final String SWALLOW =
      """
      table inet hole {
        chain in { type filter hook input priority 0; policy drop; }
      }
      """;

  /** Nobody else sees what is mounted: the emulator gives each node mounts of its own. */
  private static final String START =
      """
      set -e
      mount -t tmpfs none /run && mkdir /run/sshd
      mount --bind "$1/shadow" /etc/shadow
      [ "$3" != full ] || mount -t tmpfs -o "$4" none "$2/home"
      shift 4
      exec "$@"
      """;

  String name() {
    return node.name();
  }

  /** The directory that is pushed to. */
  Path home() {
    return folder.resolve("home");
  }

  /** Its line in the list. */
  String line() {
    return "%s root@%s dir=%s%n".formatted(name(), node.address(), home());
  }

  /** Makes its files; returns the line that pins its key, or pretends to. */
  String prepare(Path shared, CommandRunner runner) throws OsException, IOException {
    Files.createDirectories(home());
    makeKey(folder.resolve("host-key"), runner);
    String pinned = "host-key.pub";
    if (fault == Fault.CHANGED) {
      makeKey(folder.resolve("former-key"), runner);
      pinned = "former-key.pub";
    }
    String hang = fault == Fault.HANGS ? "ForceCommand sleep 600\n" : "";
    Files.writeString(
        folder.resolve("sshd.conf"),
        """
        HostKey %s/host-key
        AuthorizedKeysFile %s/user-key.pub
        PidFile none
        UsePAM no
        StrictModes no
        UseDNS no
        PermitRootLogin prohibit-password
        %s"""
            .formatted(folder, shared, hang));
    return node.address() + " " + Files.readString(folder.resolve(pinned), UTF_8);
  }

  static void makeKey(Path file, CommandRunner runner) throws OsException {
    runner.check("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file.toString());
  }

  /** Starts its ssh server, unless that is what is wrong. */
  void start(Path shared) throws OsException {
    if (fault == Fault.SILENT) {
      inNode().check(List.of("nft", "-f", "-"), SWALLOW);
    }
    if (fault == Fault.REFUSED) {
      return;
    }
    List<String> argv = new ArrayList<>(List.of("sh", "-c", START, "sh", shared.toString()));
    argv.addAll(List.of(folder.toString(), fault.word(), SMALL_DISK));
    if (!mayConfigure) {
      argv.addAll(List.of("setpriv", "--inh-caps", "-net_admin", "--bounding-set", "-net_admin"));
    }
    argv.addAll(
        List.of("/usr/sbin/sshd", "-D", "-e", "-f", folder.resolve("sshd.conf").toString()));
    node.start(Command.of(argv).withName("sshd")).awaitLine("Server listening on 0.0.0.0", READY);
  }

  private CommandRunner inNode() {
    return LinuxCommandRunner.inNamespace(node.namespace());
  }

  /** What was pushed: for each file which one it is, and when it was last written. */
  Map<String, String> files() throws IOException {
    Map<String, String> files = new TreeMap<>();
    for (String part : List.of("store", "releases")) {
      Path top = home().resolve(part);
      if (Files.isDirectory(top)) {
        try (Stream<Path> all = Files.walk(top)) {
          all.filter(Files::isRegularFile)
              .forEach(file -> files.put(name() + "/" + home().relativize(file), identity(file)));
        }
      }
    }
    return files;
  }

  /** Deletes what was pushed; its log stays. */
  void discard() throws IOException {
    for (String part : List.of("store", "releases")) {
      delete(home().resolve(part));
    }
  }

  static void delete(Path top) throws IOException {
    if (Files.isDirectory(top)) {
      try (Stream<Path> all = Files.walk(top)) {
        for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(each);
        }
      }
    }
  }

  private static String identity(Path file) {
    try {
      return Files.getAttribute(file, "unix:ino") + " " + Files.getLastModifiedTime(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What an exit node that has ended should not have left. */
  List<String> left() throws OsException {
    List<String> left = new ArrayList<>();
    for (int pid : Processes.in(List.of(node.namespace()))) {
      if (commandLine(pid).contains("ExitMain")) {
        left.add(name() + ": process " + pid);
      }
    }
    inNode().check("nft", "list", "tables").lines().map(this::named).forEach(left::add);
    inNode()
        .check("ip", "-o", "link")
        .lines()
        .filter(line -> line.contains(": oasx"))
        .map(this::named)
        .forEach(left::add);
    if (Files.exists(home().resolve("run/exit.sock"))) {
      left.add(name() + ": its control socket");
    }
    return left;
  }

  private String named(String what) {
    return name() + ": " + what;
  }

  private static String commandLine(int pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/cmdline"));
    } catch (IOException e) {
      return ""; // it has ended
    }
  }
}
