// SPDX-License-Identifier: Apache-2.0
package oasis.lab;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oasis.emulator.Launcher;
import oasis.emulator.Program;
import oasis.io.control.ControlClient;
import oasis.io.control.Response;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;

/** Client and exit node of a laboratory, started by the launcher and asked as by its user. */
public final class Daemons {
  /** The entry port of the exit node. */
  public static final int ENTRY = 4700;

  /** The exit node as an overlay. */
  public static final String OVERLAY_URL = "udp://" + Lab.EXIT + ":" + ENTRY;

  /** The name of that overlay. */
  public static final String OVERLAY = "lab";

  private static final Duration BUILD = Duration.ofMinutes(5);
  private static final int SIGTERM = 15;

  /** A thread in what {@code jcmd PID Thread.print -e} prints. */
  private static final Pattern ALLOCATED =
      Pattern.compile("(?m)^\"([^\"]+)\" .* allocated=([0-9]+)([BKMG])");

  private final Lab lab;
  private final Launcher launcher = new Launcher(script());
  private boolean built;
  private @Nullable Program client;
  private @Nullable Program exit;

  Daemons(Lab lab) {
    this.lab = lab;
  }

  /** The launcher: property {@code oasis.launcher}, or {@code oasis} in a folder above. */
  public static Path script() {
    String property = System.getProperty("oasis.launcher");
    if (property != null) {
      return Path.of(property);
    }
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path script = at.resolve("oasis");
      if (Files.isRegularFile(script) && Files.isExecutable(script)) {
        return script;
      }
    }
    throw new AssertionError("no launcher \"oasis\" above the working directory");
  }

  /** Builds what is stale first, not while somebody waits for a daemon. */
  private void build() throws OsException {
    if (!built) {
      for (String word : List.of("client", "exit")) {
        lab.client().exec(BUILD, script().toString(), word, "--version");
      }
      built = true;
    }
  }

  // -------------------------------------------------------------------- exit node

  /** Starts the exit node with more options; only the client's host is allowed. */
  public Program startExit(String... options) throws OsException {
    build();
    List<String> all = new ArrayList<>(List.of("--listen", Integer.toString(ENTRY)));
    all.addAll(List.of("--allow", Lab.CLIENT + "/32", "--allow", Lab.CLIENT6 + "/128"));
    // The addresses of documents are no destinations for clients in IPv6.
    all.addAll(List.of("--allow-destination", Lab.SERVER6 + "/128," + Lab.DNS6 + "/128"));
    all.addAll(List.of(options));
    Program program = launcher.run(lab.exit(), "exit", lab.file("exit.sock"), all);
    exit = program;
    return program;
  }

  /** Ends the exit node as a user would; it has to end cleanly. Without effect when none runs. */
  public void stopExit() throws OsException {
    stop(exit, "exit node");
    exit = null;
  }

  // ----------------------------------------------------------------------- client

  /** Starts the client; its state directory stays the same. */
  public Program startClient(String... options) throws OsException {
    build();
    List<String> all = new ArrayList<>(List.of("--state", lab.file("state").toString()));
    all.addAll(List.of(options));
    Program program = launcher.run(lab.client(), "client", lab.file("client.sock"), all);
    client = program;
    return program;
  }

  /** Starts the client with the overlay and rules, and waits until it may be used. */
  public void startClientWithRules(String... rules) throws Exception {
    startClientWithRules(OVERLAY_URL, List.of(rules));
  }

  /** Starts the client with an overlay at an address and rules, and waits until it may be used. */
  public void startClientWithRules(String url, List<String> rules) throws Exception {
    List<String> options = new ArrayList<>(List.of("--overlay", OVERLAY + "=" + url));
    for (String rule : rules) {
      options.addAll(List.of("--rule", rule));
    }
    startClient(options.toArray(String[]::new));
    awaitAlive();
  }

  /** Waits until the overlay serves new connections. */
  public void awaitAlive() throws Exception {
    try {
      Lab.await("the overlay is alive", () -> carrier().path("state").asText().equals("alive"));
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + "\n" + statuses(), e);
    }
  }

  /** Ends the client as a user would; it has to end cleanly. Without effect when none runs. */
  public void stopClient() throws OsException {
    stop(client, "client");
    client = null;
  }

  private static void stop(@Nullable Program running, String what) throws OsException {
    if (running != null) {
      running.signal(SIGTERM);
      assertThat(running.waitFor(Lab.LONG)).as("exit status of the %s", what).isZero();
    }
  }

  // ---------------------------------------------------------------------- control

  /** Runs the command line in the client's host. */
  public CommandRunner.Result oasis(String... words) throws OsException {
    build();
    List<String> argv = new ArrayList<>(List.of(script().toString()));
    argv.addAll(List.of(words));
    if (words[0].equals("client")) {
      argv.addAll(List.of("--control", lab.file("client.sock").toString()));
    }
    return lab.client().exec(Lab.LONG, argv.toArray(String[]::new));
  }

  /** Runs a command of {@code oasis client} that has to succeed. Its standard output. */
  public String tell(String... words) throws OsException {
    List<String> all = new ArrayList<>(List.of("client"));
    all.addAll(List.of(words));
    CommandRunner.Result result = oasis(all.toArray(String[]::new));
    assertThat(result.status()).as("%s: %s", all, result.err()).isZero();
    return result.out();
  }

  /** The client's status, flows, rules or overlays. */
  public JsonNode ask(String what) throws IOException {
    return ask("client", what);
  }

  /** The exit node's status, flows or clients. */
  public JsonNode askExit(String what) throws IOException {
    return ask("exit", what);
  }

  private JsonNode ask(String daemon, String what) throws IOException {
    Response answer = new ControlClient(lab.file(daemon + ".sock"), daemon).get("/v1/" + what);
    assertThat(answer.ok()).as(new String(answer.body(), UTF_8)).isTrue();
    return Lab.json(new String(answer.body(), UTF_8));
  }

  /** What the client's status says of the overlay; a missing node when nothing. */
  public JsonNode carrier() throws IOException {
    for (JsonNode carrier : ask("status").path("carriers")) {
      if (carrier.path("name").asText().equals(OVERLAY)) {
        return carrier;
      }
    }
    return MissingNode.getInstance();
  }

  /** What those that run say of themselves. */
  public String statuses() throws IOException {
    return (client == null ? "" : ask("status")) + "\n" + (exit == null ? "" : askExit("status"));
  }

  /** Packets dropped for a reason, by client and exit node, wherever they count them. */
  public long drops(String reason) throws IOException {
    long sum = client == null ? 0 : drops(ask("status"), reason);
    return sum + (exit == null ? 0 : drops(askExit("status"), reason));
  }

  /** The client has a list of reasons and counts, the rest objects with reasons as keys. */
  private static long drops(JsonNode node, String reason) {
    long sum = node.path("reason").asText().equals(reason) ? node.path("packets").asLong() : 0;
    if (node.path(reason).isNumber()) {
      sum += node.path(reason).asLong();
    }
    for (JsonNode child : node) {
      sum += drops(child, reason);
    }
    return sum;
  }

  /**
   * Bytes that threads of client and exit node have allocated since they began, as {@code jcmd}
   * counts them, in steps of 1 KiB.
   *
   * @param threads their names
   */
  public long allocatedBytes(List<String> threads) throws OsException {
    long sum = 0;
    for (Program daemon : Arrays.asList(client, exit)) {
      if (daemon != null) {
        sum += allocatedBytes(jcmd(daemon.pid(), "Thread.print", "-e"), threads);
      }
    }
    return sum;
  }

  /** What {@code jcmd} prints when it is asked about a process. */
  public String jcmd(long pid, String... request) throws OsException {
    List<String> argv = new ArrayList<>();
    argv.add(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString());
    argv.add(Long.toString(pid));
    argv.addAll(List.of(request));
    try {
      return lab.run(argv.toArray(String[]::new));
    } finally {
      deleteSocket(Path.of("/tmp/.java_pid" + pid));
    }
  }

  /** The virtual machine makes one when it is asked, and would leave it when it is killed. */
  private static void deleteSocket(Path file) throws OsException {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new OsException(file + ": " + e.getMessage(), e);
    }
  }

  private static long allocatedBytes(String print, List<String> threads) {
    Matcher thread = ALLOCATED.matcher(print);
    long sum = 0;
    boolean found = false;
    while (thread.find()) {
      if (threads.contains(thread.group(1))) {
        found = true;
        long unit = "BKMG".indexOf(thread.group(3));
        sum += Long.parseLong(thread.group(2)) << 10 * unit;
      }
    }
    assertThat(found).as("one of the threads %s in%n%s", threads, print).isTrue();
    return sum;
  }
}
