// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.push;

import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;
import static java.nio.file.StandardOpenOption.APPEND;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import oasis.emulator.Command;
import oasis.emulator.Launcher;
import oasis.emulator.Program;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;

/** Calls {@code deploy/slice-push.sh} on the host that pushes. */
final class Script {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration LONG = Duration.ofMinutes(3);
  private static final double NS_PER_S = 1e9;

  private final PushNetwork network;
  private final String script;
  private final Path bundle;

  private Script(PushNetwork network, String script, Path bundle) {
    this.network = network;
    this.script = script;
    this.bundle = bundle;
  }

  Script(PushNetwork network, Launcher launcher, Path bundle) {
    this(network, path(launcher), bundle);
  }

  private static String path(Launcher launcher) {
    return launcher.script().resolveSibling("deploy").resolve("slice-push.sh").toString();
  }

  /** Makes the bundle, before anything is measured. */
  static void makeBundle(PushNetwork network, Launcher launcher, Path into) throws OsException {
    Program program =
        network
            .pusher()
            .start(Command.of(path(launcher), "--make-bundle=" + into).withName("bundle"));
    if (program.waitFor(LONG) != 0) {
      throw new OsException("no bundle: " + program.errors());
    }
  }

  /** The same with another program: what starts it has one more line. */
  Script changed() throws IOException {
    Path other = changedOf(bundle);
    try (Stream<Path> all = Files.walk(bundle)) {
      for (Path each : all.toList()) {
        Files.copy(each, other.resolve(bundle.relativize(each)), COPY_ATTRIBUTES);
      }
    }
    Files.writeString(other.resolve("oasis"), "# another one\n", APPEND);
    return new Script(network, script, other);
  }

  /** Where the changed bundle is put. */
  static Path changedOf(Path bundle) {
    return bundle.resolveSibling("changed");
  }

  /** Pushes to all nodes, or to some. */
  Pushed push(List<PushNode> nodes, String... exitOptions) throws OsException, IOException {
    List<String> tail = new ArrayList<>(names(nodes));
    tail.add("--");
    tail.addAll(List.of("--allow", network.client().address()));
    // Fewer than usual, since seven nodes hold them all on one machine.
    tail.addAll(List.of("--ports", "61000-61499"));
    tail.addAll(List.of(exitOptions));
    return call("push", List.of(), tail);
  }

  /** Another action, such as {@code --stop}. */
  Pushed act(String option, List<PushNode> nodes) throws OsException, IOException {
    return call(option.substring(2), List.of(option), names(nodes));
  }

  private static List<String> names(List<PushNode> nodes) {
    return nodes.stream().map(PushNode::name).toList();
  }

  private Pushed call(String name, List<String> action, List<String> tail)
      throws OsException, IOException {
    List<String> argv = new ArrayList<>(List.of(script, "--json", "--allow-me"));
    argv.add("--bundle=" + bundle);
    argv.add("--identity=" + network.key());
    argv.add("--ssh-config=none");
    argv.add("--through=" + PushNetwork.WEB);
    argv.addAll(action);
    argv.add(network.list().toString());
    argv.addAll(tail);
    long sent = sentBytes();
    long began = System.nanoTime();
    Program program = network.pusher().start(Command.of(argv).withName(name));
    int status = program.waitFor(LONG);
    double seconds = (System.nanoTime() - began) / NS_PER_S;
    Pushed.Entry[] entries = JSON.readValue(json(program), Pushed.Entry[].class);
    return new Pushed(status, seconds, sentBytes() - sent, List.of(entries));
  }

  private static String json(Program program) throws OsException {
    String out = program.output();
    if (out.isBlank()) {
      throw new OsException("slice-push.sh printed no result: " + program.errors());
    }
    return out;
  }

  private long sentBytes() throws OsException, IOException {
    String links =
        LinuxCommandRunner.inNamespace(network.pusher().namespace())
            .check("ip", "-json", "-statistics", "link", "show", "dev", "eth0");
    return JSON.readTree(links).path(0).path("stats64").path("tx").path("bytes").asLong();
  }
}
