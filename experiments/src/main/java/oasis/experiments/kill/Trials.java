// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import oasis.emulator.Program;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.Pause;
import oasis.os.OsException;
import oasis.os.linux.Sys;
import org.jspecify.annotations.Nullable;

/**
 * Carries out one case after the other: a client is started and brought to the point, gets its
 * blow, the host is probed and looked over; then the next client has to find everything as if
 * nothing had been. Confined to one thread.
 */
final class Trials {
  private static final int SIGKILL = 9;
  private static final int SIGTERM = 15;
  private static final long HIT_MS = 15_000;
  private static final long IDLE_MS = 700;
  private static final int FACT_TRIES = 15;
  private static final long FACT_PAUSE_MS = 50;

  /** After which a host counts as lost. */
  private static final long LONGEST_MS = 12_000;

  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private final KillNetwork network;
  private final Hold hold;
  private final FakeWatch watch;
  private final Names names;
  private final String namespace;
  private HostState running = new HostState(List.of());
  private HostState stopped = new HostState(List.of());

  Trials(KillNetwork network, Hold hold, FakeWatch watch) {
    this.network = network;
    this.hold = hold;
    this.watch = watch;
    namespace = network.client().namespace();
    names = new Names(namespace);
  }

  Names names() {
    return names;
  }

  /**
   * Lets two clients run undisturbed and remembers what the host is like with the second one and
   * after it.
   *
   * @return fake addresses that programs may keep
   */
  List<String> learn() throws OsException, IOException {
    List<String> fakes = List.of();
    for (int i = 0; i < 2; i++) {
      Program client = start();
      fakes = names.learn();
      running = look();
      stop(client);
      stopped = look();
    }
    return fakes;
  }

  private Program start() throws OsException, IOException {
    network.configure(false);
    Program client = network.launch(hold, false);
    network.awaitReady(client);
    Carrying.await(namespace, names);
    return client;
  }

  private void stop(Program client) throws OsException {
    Sys.kill((int) client.pid(), SIGTERM);
    int status = client.waitFor(PATIENCE);
    if (status != 0) {
      throw new OsException("the client ended with " + status + ": " + client.errors().strip());
    }
  }

  private HostState look() throws OsException {
    return HostState.read(network.host(), network.files());
  }

  /** Carries out a case. */
  Trial run(Case tried) throws OsException, IOException {
    String startedAt = Machine.now();
    network.configure(false);
    names.begin();
    Point point = tried.point();
    Scene scene = begin(point);
    try (Downloads downloads = scene.downloads;
        Strike strike = new Strike(scene.doubts)) {
      if (point == null) {
        playUntil(scene, tried.atMs());
      } else {
        bringTo(scene, point);
      }
      scene.blowNs = strike.at(scene.client, tried.blow());
      hold.release();
      Map<Probes.Kind, Double> recovered = Probes.recovery(namespace, scene.blowNs, LONGEST_MS);
      names.stop();
      double ended = Downloads.ms(scene.end, scene.blowNs, LONGEST_MS);
      double told = downloads.toldMs(scene.blowNs);
      List<String> programs = programs();
      List<String> left = new ArrayList<>(look().difference(stopped));
      if (!network.configured()) {
        left.add("- file client.xml as a whole");
      }
      Next next = next(scene.client);
      return new Trial(
          tried,
          startedAt,
          scene.phase,
          scene.facts,
          scene.doubts,
          recovered,
          programs,
          ended,
          told,
          left,
          HostState.harmful(left),
          next.kept(),
          next.keptStopped(),
          names.size(),
          next.moved(),
          watch.next());
    }
  }

  private Scene begin(@Nullable Point point) throws OsException, IOException {
    String order = point == null ? null : point.hold();
    if (order != null && point != null && !point.stopping()) {
      hold.order(order);
    }
    return new Scene(network.launch(hold, order != null));
  }

  // ---------------------------------------------------------------- up to the blow

  private void playUntil(Scene scene, double atMs) throws OsException {
    long began = System.nanoTime();
    Script script = new Script(network, names, scene.downloads, scene.client, began);
    Thread thread = new Thread(script, "script");
    thread.setDaemon(true);
    thread.start();
    try {
      TimeUnit.NANOSECONDS.sleep(began + (long) (atMs * 1e6) - System.nanoTime());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OsException("interrupted", e);
    }
    scene.phase = script.phase();
    if (!scene.client.isAlive()) {
      scene.doubts.add("the client had ended");
    }
    thread.interrupt();
  }

  private void bringTo(Scene scene, Point point) throws OsException, IOException {
    scene.phase = point.title();
    if (!point.starting()) {
      network.awaitReady(scene.client);
      Carrying.await(namespace, names);
      names.go();
    }
    switch (point) {
      case IDLE -> {
        Pause.ms(IDLE_MS);
        names.stop();
        Pause.ms(IDLE_MS);
      }
      case TRANSFER -> {
        scene.downloads.start(network.client(), network.files().resolveSibling("downloads"));
        if (!scene.downloads.begun()) {
          scene.doubts.add("the downloads did not begin");
        }
      }
      case RELOAD -> {
        network.configure(true);
        ask("/v1/reload");
      }
      case STOP_RULES, STOP_ROUTES4 -> {
        hold.order(String.valueOf(point.hold()));
        Sys.kill((int) scene.client.pid(), SIGTERM);
      }
      default -> Pause.ms(0);
    }
    if (point.hold() != null && !hold.await(HIT_MS)) {
      scene.doubts.add("the point was not reached");
    }
    if (!scene.client.isAlive()) {
      scene.doubts.add("the client had ended");
    }
    scene.facts = facts(point);
    if (!scene.facts.equals(point.facts())) {
      scene.doubts.add("the host has " + scene.facts + " instead of " + point.facts());
    }
  }

  /** Asks the client for something whose answer the blow comes before. */
  private void ask(String path) {
    Thread thread =
        new Thread(
            () -> {
              try {
                network.ask().post(path, Map.of());
              } catch (IOException e) {
                // The blow fell.
              }
            },
            "ask");
    thread.setDaemon(true);
    thread.start();
  }

  /** What is there; other threads of a client that is held may take a moment to get there. */
  private List<String> facts(Point point) throws OsException {
    List<String> facts = look().facts();
    for (int i = 0; i < FACT_TRIES && !facts.equals(point.facts()); i++) {
      Pause.ms(FACT_PAUSE_MS);
      facts = look().facts();
    }
    return facts;
  }

  // --------------------------------------------------------------- after the blow

  /** What real programs say that they should not. */
  private List<String> programs() throws OsException {
    List<String> complaints = new ArrayList<>();
    for (String name : List.of(KillNetwork.PLAIN_NAME, KillNetwork.name(0))) {
      String[] dig = {"dig", "+short", "+tries=1", "+time=2", name};
      expect(complaints, KillNetwork.WEB, dig);
    }
    for (int port : List.of(KillNetwork.RULED_PORT, KillNetwork.PLAIN_PORT)) {
      String url = "http://" + KillNetwork.PLAIN_NAME + ":" + port + "/small";
      expect(complaints, "it works", "curl", "-sS4", "-m", "2", url);
    }
    return complaints;
  }

  private void expect(List<String> complaints, String answer, String... argv) throws OsException {
    try (Program program = network.client().start(argv)) {
      program.waitFor(PATIENCE);
      String said = (program.output() + program.errors()).strip();
      if (!said.equals(answer)) {
        complaints.add(String.join(" ", argv) + ": " + said);
      }
    }
  }

  private record Next(List<String> kept, List<String> keptStopped, List<String> moved) {}

  /** The next client: what it finds, whether names mean the same, what it leaves. */
  private Next next(Program before) throws OsException, IOException {
    try {
      Program client = start();
      List<String> kept = look().difference(running);
      List<String> moved = names.moved();
      stop(client);
      return new Next(kept, look().difference(stopped), moved);
    } catch (OsException e) {
      // The trials behind this one need a host without it all the same.
      Sys.kill(-(int) before.pid(), SIGKILL);
      Pause.ms(IDLE_MS);
      network.cleanUp();
      // Cleaning up takes the unreachable routes, too, which every other trial finds.
      stop(start());
      return new Next(List.of("the next client: " + e.getMessage()), List.of(), List.of());
    }
  }

  /** Lets a last client run, which must know every address that was ever given. */
  List<String> everMoved() throws OsException, IOException {
    Program client = start();
    List<String> moved = names.everMoved();
    stop(client);
    return moved;
  }

  /** Makes the folder of what is downloaded. */
  static void prepare(Path directory) throws IOException {
    Files.createDirectories(directory.resolve("downloads"));
  }
}
