// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import oasis.emulator.Servers;
import oasis.emulator.demo.Programs.Fetch;
import oasis.emulator.demo.Programs.Lookup;
import oasis.os.OsException;

/**
 * The steps of the demo, in order. Each checks what it sees and notes what is not as it should be.
 */
final class Demo {
  private static final String CARRIER = "demo";
  private static final String DIRECT = "none";
  private static final String PAGE = "/index.html";
  private static final String FILE = "/file.bin";

  private final DemoNetwork network;
  private final Programs programs;
  private final Path directory;
  private final Consumer<String> progress;
  private final String pageHash;
  private final String fileHash;
  private final List<Step> steps = new ArrayList<>();

  Demo(DemoNetwork network, Path directory, Consumer<String> progress) throws IOException {
    this.network = network;
    this.directory = directory;
    this.progress = progress;
    programs = new Programs(network.emulation().node("client"));
    pageHash = Programs.sha256(directory.resolve("www" + PAGE));
    fileHash = Programs.sha256(directory.resolve("www" + FILE));
  }

  /** Runs all steps; the results are in order. */
  List<Step> run() throws OsException, IOException, InterruptedException {
    progress.accept("direct: ping, dig, curl; the exit node starts meanwhile");
    FutureTask<Boolean> exit =
        inBackground(
            () -> {
              network.startExit();
              return true;
            });
    step(new Visit("direct", DemoNetwork.PLAIN_NAME, 80, DIRECT, false));
    get(exit);
    progress.accept("starting the client");
    network.startClient(
        List.of(
            "name:*.overlay.test " + CARRIER,
            "icmp dst " + DemoNetwork.WEB + "/32 " + CARRIER,
            "tcp dport " + DemoNetwork.HEADER_PORT + " " + CARRIER));
    awaitCarrier();
    progress.accept("by name rule, through the overlay");
    step(new Visit("name rule", DemoNetwork.OVERLAY_NAME, 80, CARRIER, true));
    progress.accept("by name rule to an IPv6 server, through the overlay");
    step(new Visit("name rule, IPv6", DemoNetwork.OVERLAY_NAME6, 80, CARRIER, true));
    progress.accept("by header rule, through the overlay");
    int port = DemoNetwork.HEADER_PORT;
    step(new Visit("header rule", DemoNetwork.PLAIN_NAME, port, CARRIER, false));
    progress.accept("the overlay is killed half-way");
    killHalfWay();
    return steps;
  }

  /** The client serves by the underlay until the entry node has answered its first probe. */
  private void awaitCarrier() throws OsException, InterruptedException {
    for (int i = 0; i < 300; i++) {
      if (programs.alive(network.control("client"), CARRIER)) {
        return;
      }
      Thread.sleep(100);
    }
    throw new OsException("the overlay's entry node did not answer within 30 s");
  }

  /**
   * What a step visits.
   *
   * @param carrier that should be used
   * @param fake whether programs should get a fake address
   */
  private record Visit(String step, String host, int port, String carrier, boolean fake) {
    boolean v6() {
      return host.equals(DemoNetwork.OVERLAY_NAME6);
    }

    String peer() {
      if (carrier.equals(DIRECT)) {
        return DemoNetwork.CLIENT;
      }
      return v6() ? DemoNetwork.EXIT6 : DemoNetwork.EXIT;
    }

    boolean isRight(String address) {
      if (!fake) {
        return address.equals(DemoNetwork.WEB);
      }
      return address.startsWith(v6() ? "fdc6:1200:4710::" : "198.18.");
    }
  }

  private void step(Visit visit) throws OsException, IOException {
    List<String> faults = new ArrayList<>();
    List<Double> pings = programs.ping(visit.host());
    require(pings.size() == 5, pings.size() + " of 5 echoes came back", faults);
    Lookup lookup = programs.dig(visit.host(), visit.v6() ? "AAAA" : "A");
    require(visit.isRight(lookup.address()), "dig says " + lookup.address(), faults);
    String url = "http://" + visit.host() + ":" + visit.port();
    Fetch page = fetch(url + PAGE, "page", pageHash, visit.peer(), faults);
    Fetch file = fetch(url + FILE, "file", fileHash, visit.peer(), faults);
    require(visit.isRight(file.remote()), "curl connected to " + file.remote(), faults);
    String used =
        visit.carrier().equals(DIRECT)
            ? DIRECT
            : programs.carrierOf(network.control("client"), file.localPort());
    require(used.equals(visit.carrier()), "went by " + used, faults);
    steps.add(
        new Step(
            visit.step(),
            pings.isEmpty() ? null : pings.get(pings.size() / 2),
            lookup.ms(),
            file.remote(),
            page.seconds() * 1000,
            file.seconds(),
            used,
            file.peer(),
            faults));
  }

  private Fetch fetch(String url, String what, String hash, String peer, List<String> faults)
      throws OsException, IOException {
    Path into = directory.resolve("fetched");
    Files.deleteIfExists(into);
    Fetch fetch = programs.curl(url, into);
    require(fetch.status() == 0, what + ": curl ended with " + fetch.status(), faults);
    require(Programs.sha256(into).equals(hash), what + ": wrong SHA-256", faults);
    require(fetch.peer().equals(peer), what + ": the server saw " + fetch.peer(), faults);
    return fetch;
  }

  private void killHalfWay() throws OsException, IOException, InterruptedException {
    List<String> faults = new ArrayList<>();
    String url = "http://" + DemoNetwork.OVERLAY_NAME + FILE;
    Path into = directory.resolve("fetched");
    Files.deleteIfExists(into);
    long begunNs = System.nanoTime();
    FutureTask<Fetch> first = inBackground(() -> programs.curl(url, into));
    awaitSize(into, Servers.FILE_BYTES / 2);
    network.killExit();
    long killedNs = System.nanoTime();
    Fetch broken = get(first);
    double resetSeconds = (System.nanoTime() - killedNs) / 1e9;
    require(broken.status() != 0, "the first curl did not notice", faults);
    require(
        broken.peer().equals(DemoNetwork.EXIT), "at first the server saw " + broken.peer(), faults);
    require(resetSeconds < 10, "the program hung for " + Math.round(resetSeconds) + " s", faults);
    // What a user would do: run it again, from where it stopped.
    Fetch second = programs.curl(url, into, "--continue-at", "-");
    double wholeSeconds = (System.nanoTime() - begunNs) / 1e9;
    require(second.status() == 0, "the second curl ended with " + second.status(), faults);
    require(Programs.sha256(into).equals(fileHash), "wrong SHA-256", faults);
    require(
        second.peer().equals(DemoNetwork.CLIENT), "then the server saw " + second.peer(), faults);
    String used = programs.carrierOf(network.control("client"), second.localPort());
    require(used.equals("underlay"), "then it went by " + used, faults);
    Lookup lookup = programs.dig(DemoNetwork.OVERLAY_NAME, "A");
    require(lookup.address().equals(DemoNetwork.WEB), "dig says " + lookup.address(), faults);
    steps.add(
        new Step(
            "overlay killed",
            null,
            lookup.ms(),
            second.remote(),
            null,
            wholeSeconds,
            CARRIER + ", then " + used,
            broken.peer() + ", then " + second.peer(),
            faults));
  }

  private static void awaitSize(Path file, long bytes) throws IOException, InterruptedException {
    for (int i = 0; i < 6_000; i++) {
      if (Files.exists(file) && Files.size(file) >= bytes) {
        return;
      }
      Thread.sleep(10);
    }
    throw new IOException("the transfer did not get half-way within 60 s");
  }

  private static <T> FutureTask<T> inBackground(Callable<T> work) {
    FutureTask<T> task = new FutureTask<>(work);
    Thread thread = new Thread(task, "transfer");
    thread.setDaemon(true);
    thread.start();
    return task;
  }

  private static <T> T get(FutureTask<T> task) throws OsException, InterruptedException {
    try {
      return task.get();
    } catch (ExecutionException e) {
      throw new OsException("the transfer failed: " + e.getCause(), e);
    }
  }

  private static void require(boolean holds, String otherwise, List<String> faults) {
    if (!holds) {
      faults.add(otherwise);
    }
  }
}
