// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import oasis.emulator.Topology.NodeSpec;
import oasis.emulator.Topology.RoleOption;
import oasis.io.control.ControlClient;
import oasis.io.control.Response;
import oasis.os.OsException;

/**
 * What the nodes of an emulation run by their roles. Servers and exit nodes are ready before the
 * first client starts, and every overlay has been heard or has kept silent before anything else
 * does. Used by the thread that starts it.
 */
public final class Roles implements AutoCloseable {
  private static final Duration BUILD = Duration.ofMinutes(5);
  private static final Duration READY = Duration.ofSeconds(60);
  private static final Duration GRACE = Duration.ofSeconds(3);
  private static final Duration FIRST_ANSWER = Duration.ofSeconds(3);
  private static final int POLL_MS = 50;
  private static final int SIGTERM = 15;

  /** What a slice allows: raw sockets, and nothing that changes the host. */
  private static final List<String> AS_A_SLICE =
      List.of("setpriv", "--bounding-set", "-all,+net_raw");

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Emulation emulation;
  private final Launcher launcher;
  private final Path directory;
  private final Map<NodeSpec, Program> programs = new LinkedHashMap<>();

  private Roles(Emulation emulation, Launcher launcher, Path directory) {
    this.emulation = emulation;
    this.launcher = launcher;
    this.directory = directory;
  }

  /**
   * Starts all that the topology's roles name, and waits until they carry packets.
   *
   * @param launcher starts our own parts
   * @param directory for their files: {@code NODE.sock} is the control socket of a part of ours
   * @throws OsException when one does not get ready within a minute; none runs then
   */
  public static Roles start(Emulation emulation, Launcher launcher, Path directory)
      throws OsException {
    Roles roles = new Roles(emulation, launcher, directory);
    boolean done = false;
    try {
      roles.startAll();
      done = true;
      return roles;
    } catch (IOException e) {
      throw new OsException("roles: " + e.getMessage(), e);
    } finally {
      if (!done) {
        roles.close();
      }
    }
  }

  private void startAll() throws OsException, IOException {
    List<NodeSpec> nodes =
        emulation.topology().nodes().stream().filter(node -> node.role() != null).toList();
    if (nodes.isEmpty()) {
      return;
    }
    Files.createDirectories(directory);
    build(nodes);
    start(nodes.stream().filter(node -> !roleOf(node).sendsByOverlays()).toList());
    start(nodes.stream().filter(node -> roleOf(node).sendsByOverlays()).toList());
    awaitFirstAnswers();
    // Starting takes the whole machine; what was late meanwhile says nothing about the run.
    emulation.forgetDoubts();
  }

  private static Role roleOf(NodeSpec node) {
    return Objects.requireNonNull(node.role());
  }

  /** Builds what is stale, not while somebody waits for it or without the rights to. */
  private void build(List<NodeSpec> nodes) throws OsException {
    TreeSet<String> words = new TreeSet<>();
    for (NodeSpec node : nodes) {
      String word = roleOf(node).word();
      if (word != null) {
        words.add(word);
      }
    }
    for (String word : words) {
      Node any = emulation.node(nodes.get(0).name());
      any.exec(BUILD, launcher.script().toString(), word, "--version");
    }
  }

  /** Starts programs side by side; returns when all are ready. */
  private void start(List<NodeSpec> nodes) throws OsException, IOException {
    List<Program> starting = new ArrayList<>();
    for (NodeSpec node : nodes) {
      Program program = start(node);
      programs.put(node, program);
      if (roleOf(node).word() != null) {
        starting.add(program);
      }
    }
    for (Program program : starting) {
      program.awaitLine("Ready", READY);
    }
  }

  private Program start(NodeSpec spec) throws OsException, IOException {
    Node node = emulation.node(spec.name());
    List<String> options = new ArrayList<>();
    spec.options().stream().map(RoleOption::words).forEach(options::addAll);
    Path own = directory.resolve(spec.name());
    switch (roleOf(spec)) {
      case WEB -> {
        ServerOptions.Web web = ServerOptions.Web.of(options);
        Path root = web.root == null ? Servers.writeSite(own.resolve("www")) : web.root;
        return Servers.web(node, own.toAbsolutePath(), root.toAbsolutePath(), List.of(web.port));
      }
      case DNS -> {
        ServerOptions.Dns dns = ServerOptions.Dns.of(options);
        return Servers.dns(node, Files.createDirectories(own), dns.zone, dns.hosts);
      }
      case EXIT -> {
        return node.start(ours(spec, options));
      }
      case CLIENT, PLANETLAB_PORT -> {
        options.addAll(List.of("--state", own.toString()));
        Command command = ours(spec, options);
        boolean slice = spec.role() == Role.PLANETLAB_PORT;
        return node.start(slice ? command.startedBy(AS_A_SLICE) : command);
      }
    }
    throw new AssertionError(spec.role());
  }

  private Command ours(NodeSpec spec, List<String> options) {
    String word = Objects.requireNonNull(roleOf(spec).word());
    return launcher.command(word, control(spec.name()), options);
  }

  /** The control socket of the part of ours at a node. */
  public Path control(String node) {
    return directory.resolve(node + ".sock");
  }

  /** Lets overlays be heard, so that the first connection goes by one that is there. */
  private void awaitFirstAnswers() throws OsException, IOException {
    long end = System.nanoTime() + FIRST_ANSWER.toNanos();
    for (NodeSpec node : programs.keySet()) {
      while (roleOf(node).sendsByOverlays() && System.nanoTime() < end && isWaiting(node.name())) {
        try {
          TimeUnit.MILLISECONDS.sleep(POLL_MS);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new OsException("interrupted", e);
        }
      }
    }
  }

  private boolean isWaiting(String node) throws IOException {
    Response status = new ControlClient(control(node), node).get("/v1/status");
    for (JsonNode carrier : JSON.readTree(status.body()).path("carriers")) {
      if (carrier.path("state").asText().equals("unknown")) {
        return true;
      }
    }
    return false;
  }

  /** One line for each part of ours: who runs it, and how it is asked. */
  public List<String> hints() {
    List<String> hints = new ArrayList<>();
    for (NodeSpec node : programs.keySet()) {
      String word = roleOf(node).word();
      if (word != null) {
        hints.add(
            "%s: %s %s status --control %s"
                .formatted(node.name(), launcher.script(), word, control(node.name())));
      }
    }
    return hints;
  }

  /** Why a run with these is not what the topology says: those that have ended. */
  public List<String> doubts() {
    List<String> doubts = new ArrayList<>();
    programs.forEach(
        (node, program) -> {
          if (!program.isAlive()) {
            doubts.add(
                "the %s of node %s has ended, see %s"
                    .formatted(roleOf(node).text(), node.name(), program.errorFile()));
          }
        });
    return doubts;
  }

  /** Ends them as a user would, all at once; those that do not end in time are killed. */
  @Override
  public void close() {
    programs.values().forEach(program -> program.signal(SIGTERM));
    programs.values().forEach(program -> program.stop(GRACE));
  }
}
