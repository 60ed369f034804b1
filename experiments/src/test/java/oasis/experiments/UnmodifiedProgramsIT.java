// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oasis.emulator.Program;
import oasis.lab.Lab;
import oasis.lab.Servers;
import oasis.testkit.Gen;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Programs as Debian ships them go by the overlay, by name and by header rule, and work. */
@Timeout(180)
class UnmodifiedProgramsIT {
  private static final String NAME_RULE = "name:*.overlay.test lab";
  private static final Pattern FAKE = Pattern.compile("198\\.18\\.[0-9]+\\.[0-9]+");

  @TempDir static Path directory;
  private static Lab lab;
  private static final Map<Way, Program> IPERF_SERVERS = new EnumMap<>(Way.class);
  private static byte[] big;

  /** The two ways into the overlay, and the plain way for comparison. */
  enum Way {
    NAME(Servers.NAME, 80, 22, 5201),
    HEADER(Servers.PLAIN_NAME, 8080, 2222, 5202),
    NONE(Servers.PLAIN_NAME, 80, 22, 5203);

    final String host;
    final int web;
    final int ssh;
    final int iperf;

    Way(String host, int web, int ssh, int iperf) {
      this.host = host;
      this.web = web;
      this.ssh = ssh;
      this.iperf = iperf;
    }

    /** Address that the server sees. */
    String peer() {
      return this == NONE ? Lab.CLIENT : Lab.EXIT;
    }
  }

  @BeforeAll
  static void network() throws Exception {
    Lab.assumePossible();
    lab = Lab.start(directory);
    big = new Gen(20).bytes(20_000_000);
    Files.createDirectories(lab.servers().www());
    Files.write(lab.servers().www().resolve("big"), big);
    Files.writeString(lab.servers().www().resolve("page"), "<h1>Reached.</h1>\n");
    lab.servers().startWeb(80, 8080);
    lab.servers().startSsh(22, 2222);
    for (Way way : Way.values()) {
      IPERF_SERVERS.put(way, lab.servers().startIperf(way.iperf));
    }
    lab.daemons().startExit();
    lab.daemons()
        .startClientWithRules(
            NAME_RULE,
            "tcp dport 8080 lab",
            "tcp dport 2222 lab",
            "tcp dport 5202 lab",
            "udp dport 5202 lab",
            "icmp dst " + Lab.SERVER + "/32 lab");
  }

  @AfterAll
  static void end() {
    if (lab != null) {
      lab.close();
    }
  }

  @Test
  void pingByName() throws Exception {
    String out = lab.run("ping", "-c", "3", "-i", "0.2", Servers.NAME);
    assertThat(out)
        .contains(" 0% packet loss")
        .containsPattern("PING " + Servers.NAME + " \\(198.18");
    // ping asks for the name of each address that answers.
    assertThat(out).containsPattern("64 bytes from " + Servers.NAME + " \\(198.18");
    assertCarried("icmp", Servers.NAME, NAME_RULE);
  }

  @Test
  void pingByHeader() throws Exception {
    assertThat(lab.run("ping", "-c", "3", "-i", "0.2", Lab.SERVER)).contains(" 0% packet loss");
    assertCarried("icmp", "null", "icmp dst " + Lab.SERVER + "/32 lab");
  }

  private static void assertCarried(String protocol, String name, String rule) throws Exception {
    assertThat(lab.daemons().ask("flows"))
        .anySatisfy(
            flow -> {
              assertThat(flow.path("protocol").asText()).isEqualTo(protocol);
              assertThat(flow.path("name").asText()).isEqualTo(name);
              assertThat(flow.path("rule").asText()).isEqualTo(rule);
              assertThat(flow.path("carrier").asText()).isEqualTo("lab");
              assertThat(flow.path("inPkts").asInt()).isEqualTo(3);
            });
    assertThat(lab.daemons().askExit("flows"))
        .anySatisfy(
            flow -> {
              assertThat(flow.path("protocol").asText()).isEqualTo(protocol);
              assertThat(flow.path("destination").asText()).isEqualTo(Lab.SERVER);
              assertThat(flow.path("inPkts").asInt()).isEqualTo(3);
            });
  }

  @ParameterizedTest
  @EnumSource
  void curlFetchesAPageAndTwentyMegabytes(Way way) throws Exception {
    String url = "http://" + way.host + ":" + way.web;
    assertThat(lab.run("curl", "-sSf", url + "/page")).isEqualTo("<h1>Reached.</h1>\n");
    Path fetched = directory.resolve("fetched-" + way);
    String form = "%{remote_ip} %{local_port} %header{x-peer}";
    String[] seen =
        lab.run("curl", "-sSf", "-w", form, "-o", fetched.toString(), url + "/big").split(" ", -1);
    assertThat(Lab.sha256(Files.readAllBytes(fetched))).isEqualTo(Lab.sha256(big));
    assertThat(seen[2]).as("the peer that nginx sees").isEqualTo(way.peer());
    JsonNode flow = flowByCommandLine(Integer.parseInt(seen[1]));
    if (way == Way.NONE) {
      assertThat(flow.isMissingNode()).as("%s", flow).isTrue();
      assertThat(seen[0]).isEqualTo(Lab.SERVER);
      return;
    }
    assertThat(flow.path("carrier").asText()).isEqualTo("lab");
    assertThat(flow.path("destination").asText()).isEqualTo(Lab.SERVER + ":" + way.web);
    assertThat(flow.path("seen").asText()).isEqualTo(seen[0] + ":" + way.web);
    assertThat(flow.path("inBytes").asLong()).isGreaterThan(big.length);
    if (way == Way.NAME) {
      assertThat(seen[0]).matches(FAKE);
      assertThat(flow.path("name").asText()).isEqualTo(Servers.NAME);
      assertThat(flow.path("rule").asText()).isEqualTo(NAME_RULE);
    } else {
      assertThat(seen[0]).isEqualTo(Lab.SERVER);
      assertThat(flow.path("name").isNull()).isTrue();
      assertThat(flow.path("rule").asText()).isEqualTo("tcp dport 8080 lab");
    }
  }

  /** What {@code oasis client flows} says of a connection; a missing node when nothing. */
  private static JsonNode flowByCommandLine(int localPort) throws Exception {
    for (JsonNode flow : Lab.json(lab.daemons().tell("flows", "--json"))) {
      if (flow.path("program").asText().equals(Lab.CLIENT + ":" + localPort)
          || flow.path("program").asText().equals("198.18.0.1:" + localPort)) {
        return flow;
      }
    }
    return MissingNode.getInstance();
  }

  @Test
  void digGetsAFakeThatHasTheName() throws Exception {
    String fake = lab.run("dig", "+short", Servers.NAME, "A").strip();
    assertThat(fake).matches(FAKE);
    assertThat(lab.run("dig", "+short", Servers.NAME, "A").strip())
        .as("asked again")
        .isEqualTo(fake);
    assertThat(lab.run("dig", "+short", "-x", fake).strip()).isEqualTo(Servers.NAME + ".");
    Matcher ttl =
        Pattern.compile("\\s([0-9]+)\\s+IN\\s+A\\s").matcher(lab.run("dig", Servers.NAME, "A"));
    assertThat(ttl.find()).isTrue();
    assertThat(Integer.parseInt(ttl.group(1))).isLessThanOrEqualTo(5);
  }

  @Test
  void aMatchedNameHasNoIpv6AddressButExists() throws Exception {
    assertThat(lab.run("dig", Servers.NAME, "AAAA"))
        .contains("status: NOERROR", "ANSWER: 0")
        .doesNotContain("2001:db8");
    assertThat(lab.run("dig", "nothing.overlay.test", "A")).contains("status: NXDOMAIN");
  }

  @Test
  void namesThatNoRuleMatchesKeepTheirAnswers() throws Exception {
    assertThat(lab.run("dig", "+short", Servers.PLAIN_NAME, "A").strip()).isEqualTo(Lab.SERVER);
    assertThat(lab.run("dig", "+short", Servers.PLAIN_NAME, "AAAA").strip())
        .isEqualTo("2001:db8::2");
  }

  @ParameterizedTest
  @EnumSource
  void sshRunsACommand(Way way) throws Exception {
    String out =
        lab.run(
            lab.servers()
                .ssh(way.ssh, way.host, "echo $SSH_CONNECTION; seq 100000 | md5sum")
                .toArray(String[]::new));
    String[] lines = out.split("\n", -1);
    assertThat(lines[0]).startsWith(way.peer() + " ").endsWith(" " + Lab.SERVER + " " + way.ssh);
    assertThat(lines[1]).isEqualTo(lab.run("sh", "-c", "seq 100000 | md5sum").strip());
  }

  @ParameterizedTest
  @EnumSource
  void iperf3RunsBothWaysAndByUdp(Way way) throws Exception {
    for (String how : List.of("", "--reverse", "--udp --bitrate 20M", "--udp -R --bitrate 20M")) {
      List<String> argv = new ArrayList<>(List.of("iperf3", "--client", way.host, "--json"));
      argv.addAll(List.of("--port", Integer.toString(way.iperf), "--time", "1"));
      argv.addAll(how.isEmpty() ? List.of() : List.of(how.split(" ", -1)));
      JsonNode result = Lab.json(lab.run(argv.toArray(String[]::new)));
      JsonNode end = result.path("end");
      long received = end.path(how.contains("udp") ? "sum" : "sum_received").path("bytes").asLong();
      assertThat(received).as("%s %s", way, how).isGreaterThan(1_000_000);
      if (how.contains("udp")) {
        assertThat(end.path("sum").path("lost_percent").asDouble()).isLessThan(50);
      }
    }
    Matcher peers =
        Pattern.compile("Accepted connection from ([0-9.]+)").matcher(serverOutput(way));
    assertThat(peers.results().map(peer -> peer.group(1)))
        .as("the peers that the server sees")
        .hasSize(4)
        .containsOnly(way.peer());
  }

  private static String serverOutput(Way way) throws Exception {
    return Objects.requireNonNull(IPERF_SERVERS.get(way)).output();
  }
}
