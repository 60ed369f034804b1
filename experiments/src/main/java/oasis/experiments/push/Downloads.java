// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.push;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import oasis.emulator.Launcher;
import oasis.emulator.Program;
import oasis.experiments.measure.Pause;
import oasis.experiments.push.Step.Fetched;
import oasis.os.OsException;

/** A real client that fetches a file by two of the pushed nodes, and directly. */
final class Downloads implements AutoCloseable {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Duration GRACE = Duration.ofSeconds(5);
  private static final long PATIENCE_NS = 15_000_000_000L;
  private static final long PAUSE_MS = 250;
  private static final String PEER = "X-Peer: ";

  private final PushNetwork network;
  private final Path folder;
  private final PushNode one;
  private final PushNode two;
  private final Program client;

  private Downloads(PushNetwork network, Path folder, PushNode one, PushNode two, Program client) {
    this.network = network;
    this.folder = folder;
    this.one = one;
    this.two = two;
    this.client = client;
  }

  /** Chooses two healthy nodes, one of each kind where there are both, and starts a client. */
  static Downloads start(PushNetwork network, Launcher launcher, Random random)
      throws OsException, IOException {
    PushNode one = choose(network, true, random);
    PushNode two = choose(network, false, random);
    Path folder = Files.createDirectories(network.directory().resolve("client"));
    List<Integer> ports = PushNetwork.WEB_PORTS;
    List<String> options = new ArrayList<>(List.of("--state", folder.resolve("state").toString()));
    options.addAll(List.of("--overlay", url("one", one), "--overlay", url("two", two)));
    options.addAll(List.of("--rule", "tcp dport " + ports.get(0) + " one"));
    options.addAll(List.of("--rule", "tcp dport " + ports.get(1) + " two"));
    Program client =
        launcher.run(network.client(), "client", folder.resolve("client.sock"), options);
    return new Downloads(network, folder, one, two, client);
  }

  /** Fetches by each of the two, and directly. */
  List<Fetched> fetch() throws OsException, IOException {
    List<Integer> ports = PushNetwork.WEB_PORTS;
    return List.of(
        fetch(one.name(), one.node().address(), ports.get(0)),
        fetch(two.name(), two.node().address(), ports.get(1)),
        fetch("", network.client().address(), ports.get(2)));
  }

  /** Begins downloads by both nodes that last until they are told to end. */
  LongDownloads hold() throws OsException {
    List<String> by = List.of(one.name(), two.name());
    return LongDownloads.begin(network.client().namespace(), by, network.original());
  }

  @Override
  public void close() throws OsException {
    client.stop(GRACE);
  }

  private static PushNode choose(PushNetwork network, boolean mayConfigure, Random random) {
    List<PushNode> some =
        network.healthy().stream().filter(node -> node.mayConfigure() == mayConfigure).toList();
    return some.get(random.nextInt(some.size()));
  }

  private static String url(String name, PushNode node) {
    return name + "=udp://" + node.node().address() + ":" + PushNetwork.ENTRY_PORT;
  }

  /** Fetches, again while the client does not take its overlay for alive yet. */
  private Fetched fetch(String by, String expected, int port) throws OsException, IOException {
    long end = System.nanoTime() + PATIENCE_NS;
    while (true) {
      Fetched fetched = fetchOnce(by, expected, port);
      if (fetched.good() || System.nanoTime() > end) {
        return fetched;
      }
      Pause.ms(PAUSE_MS);
    }
  }

  private Fetched fetchOnce(String by, String expected, int port) throws OsException, IOException {
    Path file = folder.resolve("fetched");
    Files.deleteIfExists(file);
    String url = "http://" + PushNetwork.WEB + ":" + port + "/" + PushNetwork.FILE;
    var curl =
        network
            .client()
            .exec(LONG, "curl", "-s", "-m", "20", "-D", "-", "-o", file.toString(), url);
    String peer =
        curl.out()
            .lines()
            .filter(line -> line.startsWith(PEER))
            .map(line -> line.substring(PEER.length()).strip())
            .findFirst()
            .orElse("");
    boolean whole = curl.ok() && Files.exists(file) && Files.mismatch(file, network.original()) < 0;
    return new Fetched(by, expected, peer, whole);
  }
}
