// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.planetlab;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import oasis.emulator.Launcher;
import oasis.emulator.Program;
import oasis.experiments.measure.Processes;
import oasis.io.LinuxCapturePort;
import oasis.lab.Daemons;
import oasis.lab.Lab;
import oasis.link.LinkSettings;
import oasis.os.linux.Netns;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.Tcp;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Floods of what costs the sender little, with slow downloads beside them that must not notice: the
 * port's memory stays within its bounds, new requests are served, and its counters say what
 * happened.
 */
@Timeout(180)
class FloodIT {
  private static final int HALF_OPEN = 10_000;
  private static final int MOST_CONNECTIONS = 16_384;
  private static final int FORGED = 5_000;
  private static final int LARGE_HEADS = 1_400;
  private static final long FULL_BYTES = 64 << 20;

  /** The port's own answers come on top. */
  private static final long MOST_HELD_BYTES = FULL_BYTES + 512 * LARGE_HEADS;

  private static final long MOST_RESIDENT_KIB = 600_000;
  private static final int VICTIM_BYTES = 12_000_000;
  private static final int FIRST_PORT = 40_000;

  @TempDir static Path directory;
  private static PortNetwork network;
  private static Path file;
  private static int ports;

  /** Local ports of the downloads, by carrier; no test has those of another. */
  private final int[] victimPorts = {FIRST_PORT + ports++, FIRST_PORT + ports++};

  private final List<Program> victims = new ArrayList<>();
  private final Map<Integer, Integer> next = new HashMap<>();
  private Forger forger;
  private LinuxCapturePort capture;

  @BeforeAll
  static void start() throws Exception {
    Lab.assumePossible();
    Launcher launcher = new Launcher(Daemons.script());
    network = PortNetwork.start(directory, launcher, LinkSettings.UNSHAPED, 1);
    file = network.site().beginning(VICTIM_BYTES);
  }

  @AfterAll
  static void stop() {
    if (network != null) {
      network.close();
    }
  }

  @BeforeEach
  void begin() throws Exception {
    String namespace = network.client().namespace();
    forger = Forger.open(namespace, 7);
    List<Address> loopback = List.of(Address.parse("127.0.0.1"));
    capture = Netns.in(namespace, () -> LinuxCapturePort.openLoopback(loopback, PortNetwork.PORT));
    long before = count("relayed");
    for (Carrier carrier : Carrier.values()) {
      victims.add(download(carrier, victimPorts[carrier.ordinal()], got(carrier)));
    }
    Lab.await("the downloads have begun", () -> count("relayed") - before == victims.size());
  }

  @AfterEach
  void end() {
    victims.forEach(Program::close);
    forger.close();
    capture.close();
  }

  private static Path got(Carrier carrier) {
    return directory.resolve("got-" + carrier.word());
  }

  private static Program download(Carrier carrier, int localPort, Path into) throws Exception {
    String url = "http://" + carrier.host() + "/" + file.getFileName();
    List<String> argv = new ArrayList<>(List.of("curl", "-sSf", "-m", "60"));
    argv.addAll(List.of("--limit-rate", "4M", "--local-port", Integer.toString(localPort)));
    argv.addAll(List.of("-x", Proxy.PORT.url(), "-o", into.toString(), url));
    return network.client().start(argv.toArray(String[]::new));
  }

  private static JsonNode port() throws Exception {
    return network.portStatus();
  }

  private static long count(String event) throws Exception {
    return port().path("events").path(event).asLong();
  }

  private static void assertServed() throws Exception {
    for (Carrier carrier : Carrier.values()) {
      String url = "http://" + carrier.host() + "/small";
      var result =
          network.client().exec(Lab.LONG, "curl", "-sSf", "-m", "30", "-x", Proxy.PORT.url(), url);
      assertThat(result.out()).as(result.err()).isEqualTo("it works\n");
    }
  }

  private void assertUnharmed() throws Exception {
    for (Program victim : victims) {
      assertThat(victim.waitFor(Lab.LONG)).as(victim.errors()).isZero();
    }
    for (Carrier carrier : Carrier.values()) {
      assertThat(Files.mismatch(got(carrier), file)).as("download by " + carrier).isEqualTo(-1);
    }
    Silence.Answers kernel = network.silence().answers();
    assertThat(kernel.resets() + kernel.openings()).as("answers of the kernel").isZero();
    List<Integer> pid = List.of((int) network.pid(Proxy.PORT));
    assertThat(Processes.memoryKib(pid, "VmHWM")).isLessThan(MOST_RESIDENT_KIB);
  }

  @Test
  void handshakesThatNobodyFinishesTakeNoPlaceFromOthers() throws Exception {
    Hostile.silenceStrangers(network.client(), directory);
    Lab.await(
        "more than there are places",
        () -> {
          forger.halfOpen(HALF_OPEN);
          return count("evicted") > 0;
        });
    assertServed();
    assertThat(port().path("byStage").path("opening").asLong()).isGreaterThan(HALF_OPEN);
    assertThat(port().path("connections").asLong()).isLessThanOrEqualTo(MOST_CONNECTIONS);
    assertThat(port().path("heldBytes").asLong()).isZero();
    assertThat(count("accepted")).isGreaterThan(MOST_CONNECTIONS);
    assertThat(count("full")).isZero();
    assertUnharmed();
  }

  @Test
  void forgedSegmentsOutsideOfTheWindowDoNothing() throws Exception {
    long before = count("out_of_window");
    for (int victim : victimPorts) {
      forger.outside(victim, nextOf(victim), FORGED);
    }
    assertServed();
    Lab.await("they are counted", () -> count("out_of_window") - before > FORGED);
    assertUnharmed();
  }

  @Test
  void forgedSegmentsInTheWindowEndNoConnectionButTheirOwn() throws Exception {
    int lost = FIRST_PORT + ports++;
    long before = count("relayed");
    Program sacrifice = download(Carrier.OVERLAY, lost, directory.resolve("lost"));
    try {
      Lab.await("it has begun", () -> count("relayed") > before);
      forger.inside(lost, nextOf(lost), FORGED, true);
      for (int victim : victimPorts) {
        forger.inside(victim, nextOf(victim), 200, false);
      }
      assertServed();
      assertUnharmed();
    } finally {
      sacrifice.close();
    }
  }

  /** The number of the next byte of a program, overheard. */
  private int nextOf(int programPort) throws Exception {
    Burst burst = new Burst();
    Lab.await(
        "a segment from port " + programPort,
        () -> {
          for (int received = capture.receive(); received > 0; received = capture.receive()) {
            for (int i = 0; i < received; i++) {
              if (capture.burst(i, burst)) {
                int source = Tcp.srcPort(burst.buffer(), burst.transport());
                int seq = Tcp.seq(burst.buffer(), burst.transport());
                next.put(source, seq + burst.payloadBytes());
              }
            }
          }
          return next.containsKey(programPort);
        });
    return Objects.requireNonNull(next.get(programPort));
  }

  @Test
  void largeHeadsShareTheMemoryAndSmallRequestsAreServed() throws Exception {
    String namespace = network.client().namespace();
    try (Loris loris = Netns.in(namespace, () -> Loris.open(LARGE_HEADS))) {
      Lab.await(
          "the memory is full",
          () -> {
            JsonNode port = port();
            assertThat(port.path("heldBytes").asLong()).isLessThanOrEqualTo(MOST_HELD_BYTES);
            return port.path("events").path("held_full").asLong() > 0;
          });
      assertThat(port().path("heldBytes").asLong()).isGreaterThan(FULL_BYTES * 9 / 10);
      assertServed();
      assertThat(count("gave_way")).isPositive();
      assertThat(port().path("answers").path("503").asLong()).isPositive();
      loris.drip();
      assertThat(port().path("heldBytes").asLong()).isLessThanOrEqualTo(MOST_HELD_BYTES);
    }
    Lab.await("it is given back", () -> port().path("heldBytes").asLong() < 1 << 20);
    assertUnharmed();
  }
}
