// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.planetlab;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import oasis.emulator.Node;
import oasis.emulator.Program;
import oasis.experiments.measure.Processes;
import oasis.experiments.planetlab.Step.Check;
import oasis.os.OsException;
import oasis.os.linux.Netns;

/** Attacks by programs and servers under downloads that must not notice. */
final class Hostile {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final Duration SHORT = Duration.ofSeconds(20);
  private static final int VICTIMS = 4;
  private static final int FIRST_VICTIM_PORT = 40_001;

  /** Fast enough to be over before the patience of anybody is, slow enough to see all attacks. */
  private static final String RATE = "8M";

  /** A connection that is given up: forged numbers that fit by chance do to it what they would. */
  private static final int SACRIFICE_PORT = 40_000;

  private static final int GUESSES = 20_000;
  private static final int SLOW = 1_000;
  private static final double BYTES_PER_MIB = 1 << 20;
  private static final double KIB_PER_MIB = 1 << 10;

  private final PortNetwork network;
  private final Plan plan;
  private final Path folder;
  private final List<Check> checks = new ArrayList<>();
  private final Map<String, Double> numbers = new TreeMap<>();

  Hostile(PortNetwork network, Plan plan) throws IOException {
    this.network = network;
    this.plan = plan;
    folder = Files.createDirectories(network.directory().resolve("hostile"));
  }

  /** What had to come about. */
  List<Check> checks() {
    return checks;
  }

  /**
   * {@code growth_mib} of resident memory; {@code guesses_counted}, forged segments that a counter
   * names, of {@value #GUESSES}; {@code half_open} handshakes that were taken; and with {@value
   * #SLOW} slow heads {@code held_mib} and {@code connections} that the port holds.
   */
  Map<String, Double> numbers() {
    return numbers;
  }

  /** Everything, one kind of attack after the other. */
  void run(long seed) throws OsException, IOException {
    double before = residentMib();
    List<Program> victims = startVictims();
    try (Forger forger = Forger.open(network.client().namespace(), seed)) {
      checks.addAll(inClient(BadHeads::run));
      lies();
      guess(forger);
      halfOpen(forger);
      slowLoris();
      endVictims(victims);
    } finally {
      victims.forEach(Program::close);
    }
    numbers.put("growth_mib", Math.max(0, residentMib() - before));
  }

  private double residentMib() {
    return Processes.memoryKib(List.of((int) network.pid(Proxy.PORT)), "VmRSS") / KIB_PER_MIB;
  }

  private <T> T inClient(Callable<T> work) throws OsException {
    try {
      return Netns.in(network.client().namespace(), work);
    } catch (OsException e) {
      throw e;
    } catch (Exception e) {
      throw new OsException("attack: " + e.getMessage(), e);
    }
  }

  private List<Program> startVictims() throws OsException {
    List<Program> victims = new ArrayList<>();
    for (int i = 0; i < VICTIMS; i++) {
      victims.add(download(FIRST_VICTIM_PORT + i, carrier(i), folder.resolve("victim-" + i)));
    }
    return victims;
  }

  private static Carrier carrier(int number) {
    return Carrier.values()[number % Carrier.values().length];
  }

  private Program download(int localPort, Carrier carrier, Path file) throws OsException {
    String port = Integer.toString(localPort);
    String url = "http://" + carrier.host() + "/large";
    return network
        .client()
        .start(
            "curl",
            "-sSf",
            "-m",
            "60",
            "--limit-rate",
            RATE,
            "--local-port",
            port,
            "-x",
            Proxy.PORT.url(),
            "-o",
            file.toString(),
            url);
  }

  private void endVictims(List<Program> victims) throws OsException, IOException {
    Path original = network.site().file("large");
    for (int i = 0; i < VICTIMS; i++) {
      int status = victims.get(i).waitFor(LONG);
      Path file = folder.resolve("victim-" + i);
      boolean whole = Site.sha256(file).equals(Site.sha256(original));
      long corrupted = whole ? 0 : Files.size(original);
      String detail = victims.get(i).errors().strip();
      checks.add(
          new Check("download meanwhile", carrier(i), status == 0 && whole, corrupted, detail));
      Files.deleteIfExists(file);
    }
  }

  /** A new request while the attack goes on. */
  private void fetchDuring(String attack) throws OsException {
    for (Carrier carrier : Carrier.values()) {
      String url = "http://" + carrier.host() + "/small";
      var result =
          network.client().exec(SHORT, "curl", "-sSf", "-m", "10", "-x", Proxy.PORT.url(), url);
      boolean good = result.ok() && result.out().equals("it works\n");
      checks.add(new Check("request during " + attack, carrier, good, 0, result.err().strip()));
    }
  }

  /** Programs must see what a lying server does as they would without the port. */
  private void lie(String lie) throws OsException {
    String url = "http://" + Carrier.UNDERLAY.host() + ":" + PortNetwork.LIAR_PORT + "/" + lie;
    String[] argv = {"curl", "-s", "-m", "10", "-x", "", "-o", "/dev/null", url};
    int direct = network.client().exec(SHORT, argv).status();
    argv[5] = Proxy.PORT.url();
    int status = network.client().exec(SHORT, argv).status();
    boolean good = status == direct;
    String detail = good ? "" : "curl ends with " + status + ", without the port " + direct;
    checks.add(new Check("server: " + lie, Carrier.UNDERLAY, good, 0, detail));
  }

  private void lies() throws OsException {
    try (Liar liar = Liar.open(network.server().namespace(), PortNetwork.LIAR_PORT)) {
      for (String lie : liar.lies()) {
        lie(lie);
      }
    }
  }

  private void guess(Forger forger) throws OsException, IOException {
    Program sacrifice = download(SACRIFICE_PORT, Carrier.OVERLAY, folder.resolve("lost"));
    try {
      Map<String, Long> before = events();
      forger.guess(SACRIFICE_PORT, GUESSES);
      fetchDuring("forged segments");
      Map<String, Long> after = events();
      double counted = 0;
      for (String event : List.of("out_of_window", "unknown", "broken", "repeated")) {
        counted += after.getOrDefault(event, 0L) - before.getOrDefault(event, 0L);
      }
      numbers.put("guesses_counted", counted);
    } finally {
      sacrifice.close();
    }
  }

  private Map<String, Long> events() throws IOException {
    Map<String, Long> events = new TreeMap<>();
    for (Map.Entry<String, JsonNode> each : network.portStatus().path("events").properties()) {
      events.put(each.getKey(), each.getValue().asLong());
    }
    return events;
  }

  /** The kernel would end the handshakes that {@link Forger#halfOpen} begins. */
  static void silenceStrangers(Node client, Path folder) throws OsException, IOException {
    Path rules = folder.resolve("strangers.nft");
    Files.writeString(
        rules,
        "table ip strangers { chain out { type filter hook output priority -10; ip saddr "
            + Forger.STRANGERS
            + " tcp flags & rst == rst drop\n}\n}\n");
    var result = client.exec(SHORT, "nft", "-f", rules.toString());
    if (!result.ok()) {
      throw new OsException("nft: " + result.err());
    }
  }

  private void halfOpen(Forger forger) throws OsException, IOException {
    silenceStrangers(network.client(), folder);
    long before = events().getOrDefault("accepted", 0L);
    forger.halfOpen(plan.halfOpen());
    fetchDuring("half-open connections");
    numbers.put("half_open", (double) (events().getOrDefault("accepted", 0L) - before));
    network.client().exec(SHORT, "nft", "delete", "table", "ip", "strangers");
  }

  private void slowLoris() throws OsException, IOException {
    try (Loris loris = inClient(() -> Loris.open(SLOW))) {
      loris.drip();
      JsonNode status = network.portStatus();
      numbers.put("held_mib", status.path("heldBytes").asLong() / BYTES_PER_MIB);
      numbers.put("connections", status.path("connections").asDouble());
      fetchDuring("slow heads");
      loris.drip();
    }
  }
}
