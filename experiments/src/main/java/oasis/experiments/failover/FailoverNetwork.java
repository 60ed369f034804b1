// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.failover;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import oasis.emulator.Emulation;
import oasis.emulator.Launcher;
import oasis.emulator.Node;
import oasis.emulator.Program;
import oasis.emulator.Topology;
import oasis.link.LinkSettings;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;
import org.jspecify.annotations.Nullable;

/**
 * Client, router, exit node and server; all is 20 ms of round-trip time away from the client. The
 * exit node can be made to fail and to come back.
 */
final class FailoverNetwork implements AutoCloseable {
  private static final String CLIENT = "client";
  private static final String ROUTER = "router";
  private static final String EXIT = "exit";
  private static final String SERVER = "server";
  private static final String SERVER_ADDRESS = "203.0.113.2";
  private static final String ENTRY_PORT = "4700";
  private static final LinkSettings ACCESS = LinkSettings.delay(10_000_000);
  private static final Duration LATENESS_BUDGET = Duration.ofMillis(5);
  private static final int SIGKILL = 9;

  /** Swallows the overlay's datagrams, both ways and without a word. */
  private static final String HOLE =
      """
      table inet hole {
        chain in { type filter hook prerouting priority -400; udp dport %1$s drop; }
        chain out { type filter hook postrouting priority 400; udp sport %1$s drop; }
      }
      """
          .formatted(ENTRY_PORT);

  private final Path directory;
  private final Emulation emulation;
  private final Launcher launcher;
  private final Feed feed;

  /** Its thread is of the machine's own network namespace, wherever its work comes from. */
  private final ExecutorService background = Executors.newSingleThreadExecutor();

  private Program exit;
  private @Nullable Failure failed;

  private FailoverNetwork(
      Path directory, Emulation emulation, Launcher launcher, Feed feed, Program exit) {
    this.directory = directory;
    this.emulation = emulation;
    this.launcher = launcher;
    this.feed = feed;
    this.exit = exit;
    background.execute(() -> {});
  }

  /**
   * Builds it and starts everything.
   *
   * @param directory for files and the output of all programs
   * @param launcher starts client and exit node
   */
  static FailoverNetwork start(Path directory, Launcher launcher) throws OsException, IOException {
    Files.createDirectories(directory);
    Emulation emulation =
        Emulation.start(
            topology(),
            new Emulation.Options(directory, Emulation.STATE_DIRECTORY, LATENESS_BUDGET));
    try {
      Feed feed = Feed.start(emulation.node(SERVER).namespace());
      Program exit = startExit(emulation, directory, launcher);
      launcher.run(
          emulation.node(CLIENT),
          CLIENT,
          directory.resolve("client.sock"),
          List.of(
              "--state",
              directory.resolve("state").toString(),
              "--overlay",
              "ron=udp://" + emulation.node(EXIT).address() + ":" + ENTRY_PORT,
              "--rule",
              "tcp dport " + Feed.PORT + " ron"));
      return new FailoverNetwork(directory, emulation, launcher, feed, exit);
    } catch (OsException | RuntimeException e) {
      emulation.close();
      throw e;
    }
  }

  private static Topology topology() {
    return Topology.builder("failover")
        .host(CLIENT)
        .router(ROUTER)
        .host(EXIT)
        .host(SERVER)
        .link(CLIENT, "192.0.2.2/24", ROUTER, "192.0.2.1/24", ACCESS)
        .link(EXIT, "198.51.100.2/24", ROUTER, "198.51.100.1/24")
        .link(SERVER, SERVER_ADDRESS + "/24", ROUTER, "203.0.113.1/24")
        .build();
  }

  private static Program startExit(Emulation emulation, Path directory, Launcher launcher)
      throws OsException {
    return launcher.run(
        emulation.node(EXIT),
        EXIT,
        directory.resolve("exit.sock"),
        List.of("--listen", ENTRY_PORT, "--allow", emulation.node(CLIENT).address()));
  }

  /** Lets the entry node fail, in the background. */
  CompletableFuture<Void> fail(Failure failure) {
    failed = failure;
    return CompletableFuture.runAsync(
        () -> {
          switch (failure) {
            case KILL -> exit.signal(SIGKILL);
            case HOLE -> swallow();
          }
        },
        background);
  }

  private void swallow() {
    try {
      inExit(HOLE, "nft", "-f", "-");
    } catch (OsException e) {
      throw new CompletionException(e);
    }
  }

  /** Lets the entry node come back if it has failed. */
  void restore() throws OsException {
    Failure last = failed;
    failed = null;
    if (last == Failure.KILL) {
      exit.close();
      exit = startExit(emulation, directory, launcher);
    } else if (last == Failure.HOLE) {
      inExit("", "nft", "delete", "table", "inet", "hole");
    }
  }

  private void inExit(String input, String... argv) throws OsException {
    LinuxCommandRunner.inNamespace(emulation.node(EXIT).namespace()).check(List.of(argv), input);
  }

  /** The namespace of the client's host. */
  String clientNamespace() {
    return emulation.node(CLIENT).namespace();
  }

  /** The names of all namespaces. */
  List<String> namespaces() {
    return emulation.nodes().stream().map(Node::namespace).toList();
  }

  /** Where the downloads come from. */
  static InetSocketAddress server() {
    return new InetSocketAddress(SERVER_ADDRESS, Feed.PORT);
  }

  /** The address that the server sees of who comes by the overlay, see {@link Fetch#peer}. */
  int exitAddress() {
    return number(emulation.node(EXIT));
  }

  private static int number(Node node) {
    try {
      return ByteBuffer.wrap(InetAddress.getByName(node.address()).getAddress()).getInt();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Forgets what the links have done so far. */
  void forgetDoubts() {
    emulation.forgetDoubts();
  }

  /** What the links have to say against the numbers since then. */
  List<String> doubts() {
    return emulation.doubts();
  }

  @Override
  public void close() {
    background.shutdownNow();
    feed.close();
    emulation.close();
  }
}
