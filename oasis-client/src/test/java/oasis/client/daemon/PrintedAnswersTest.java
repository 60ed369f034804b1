// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import oasis.io.control.ControlServer;
import oasis.io.control.Response;
import oasis.io.control.Routes;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What the commands print of a client's answers. */
@Timeout(60)
class PrintedAnswersTest {
  @TempDir private Path directory;
  private Path socket;
  private ControlServer server;
  private final AtomicInteger asked = new AtomicInteger();

  @BeforeEach
  void start() throws Exception {
    socket = directory.resolve("client.sock");
    server =
        ControlServer.start(
            socket,
            Routes.builder()
                .get("/v1/status", request -> now(Map.of("carriers", carriers())))
                .get(
                    "/v1/flows",
                    request -> {
                      asked.incrementAndGet();
                      return now(List.of(Map.of("protocol", "tcp", "carrier", "ron")));
                    })
                .get(
                    "/v1/dns",
                    request ->
                        now(
                            List.of(
                                Map.of(
                                    "name",
                                    "www.example.edu",
                                    "fake",
                                    "198.18.0.2",
                                    "real",
                                    "192.0.2.7",
                                    "flows",
                                    3))))
                .post(
                    "/v1/overlays/ron",
                    request -> now(Map.of("name", "ron", "version", 4, "versionBefore", 3)))
                .post("/v1/reload", request -> now(Map.of("overlays", 2, "rules", 5)))
                .build());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static CompletionStage<Response> now(Object json) {
    return CompletableFuture.completedFuture(Response.json(json));
  }

  private static List<Map<String, @Nullable Object>> carriers() {
    Map<String, @Nullable Object> underlay = new LinkedHashMap<>();
    underlay.put("name", "underlay");
    underlay.put("state", "alive");
    underlay.put("chosen", true);
    Map<String, @Nullable Object> ron = new LinkedHashMap<>();
    ron.put("name", "ron");
    ron.put("state", "alive");
    ron.put("entry", "192.0.2.10:7400");
    ron.put("rttUs", 12_345);
    ron.put("silentMs", 340);
    ron.put("chosen", true);
    return List.of(underlay, ron);
  }

  private String run(String... words) {
    StringWriter out = new StringWriter();
    CommandLine line = ClientMain.commandLine();
    line.setOut(new PrintWriter(out));
    String[] all = Arrays.copyOf(words, words.length + 2);
    all[words.length] = "--control";
    all[words.length + 1] = socket.toString();
    assertThat(line.execute(all)).isZero();
    return out.toString();
  }

  @Test
  void carriersAreATableWithTheirRoundTripTimes() {
    assertThat(run("carriers").lines().map(line -> line.replaceAll(" +", " ")))
        .containsExactly(
            "CARRIER ENTRY STATE RTT HEARD NEW FLOWS MTU OUT IN",
            "underlay - alive - - - - - 0 B 0 B",
            "ron 192.0.2.10:7400 alive 12.3 ms 340 ms yes - - 0 B 0 B");
    assertThat(run("carriers", "--json")).startsWith("[").contains("\"rttUs\" : 12345");
  }

  @Test
  void namesAndTheirFakesAreATable() {
    assertThat(run("dns")).contains("www.example.edu  198.18.0.2  192.0.2.7  3");
    assertThat(run("dns", "--json")).contains("\"fake\" : \"198.18.0.2\"");
  }

  @Test
  void watchedFlowsArePrintedAgainAndAgainUntilInterrupted() throws Exception {
    Thread watch = new Thread(() -> run("flows", "--watch"));
    watch.start();
    while (asked.get() < 2) {
      Thread.sleep(10);
    }

    watch.interrupt();

    watch.join(10_000);
    assertThat(watch.isAlive()).isFalse();
  }

  @Test
  void theOutcomeOfAChangeIsOneLine() {
    assertThat(run("overlay", "update", "ron")).isEqualTo("ron: version 3 is now 4\n");
    assertThat(run("reload")).isEqualTo("In force: 2 overlays, 5 rules\n");
  }
}
