// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import oasis.emulator.Program;
import oasis.lab.Blob;
import oasis.lab.Family;
import oasis.lab.Lab;
import oasis.lab.Servers;
import oasis.os.CommandRunner;
import oasis.packet.Address;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Programs as Debian ships them go by the overlay, by name and by header rule, and work: over both
 * address families, over carriers of either family, and by the mediated underlay.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(
    value = Deployment.class,
    names = {"KERNEL", "PACKET", "MEDIATED"})
@Timeout(600)
class UnmodifiedProgramsIT extends EachDeployment {
  private static final String NAME_RULE = "name:*.overlay.test lab";
  private static final String WEB_RULE = "tcp dport 8080 lab";

  private static final Map<Way, Program> IPERF_SERVERS = new EnumMap<>(Way.class);
  private static Blob big;

  UnmodifiedProgramsIT(Deployment deployment) {
    super(deployment);
  }

  /** The two ways into the overlay, and the one that no rule matches. */
  enum Way {
    NAME(80, 22, 5201),
    HEADER(8080, 2222, 5202),
    NONE(80, 22, 5203);

    final int web;
    final int ssh;
    final int iperf;

    Way(int web, int ssh, int iperf) {
      this.web = web;
      this.ssh = ssh;
      this.iperf = iperf;
    }

    String host() {
      return this == NAME ? Servers.NAME : Servers.PLAIN_NAME;
    }
  }

  static Stream<Arguments> variants() {
    return Stream.of(Family.values())
        .flatMap(family -> Stream.of(Way.values()).map(way -> Arguments.of(family, way)));
  }

  @BeforeAll
  static void network() throws Exception {
    lab = Lab.start(directory);
    lab.servers().startWeb(80, 8080);
    big = Blob.write(lab.servers().www().resolve("big"), 20_000_000, 20);
    lab.servers().startSsh(22, 2222);
    for (Way way : Way.values()) {
      IPERF_SERVERS.put(way, lab.servers().startIperf(way.iperf));
    }
  }

  @BeforeParameterizedClassInvocation
  static void begin(Deployment deployment) throws Exception {
    deployment.start(
        lab,
        List.of(
            NAME_RULE,
            WEB_RULE,
            "tcp dport 2222-2223 lab",
            "tcp dport 5202 lab",
            "udp dport 5202 lab",
            pingRule(Family.IPV4),
            pingRule(Family.IPV6)));
  }

  private static String pingRule(Family family) {
    return "icmp dst " + family.server() + "/" + family.bits() + " lab";
  }

  /** The address that the server sees. */
  private String peer(Family family, Way way) {
    return way == Way.NONE ? family.client() : deployment.peer(family);
  }

  /** What a flow of ours shows for that way; a missing node when it is none of ours. */
  private void assertFlow(JsonNode flow, Way way, String rule) {
    if (deployment.mediates()) {
      assertThat(flow.path("carrier").asText()).isEqualTo("underlay");
      assertThat(flow.path("rule").isNull()).isTrue();
    } else if (way == Way.NONE) {
      assertThat(flow.isMissingNode()).as("%s", flow).isTrue();
    } else {
      assertThat(flow.path("carrier").asText()).isEqualTo("lab");
      assertThat(flow.path("rule").asText()).isEqualTo(way == Way.NAME ? NAME_RULE : rule);
      assertThat(flow.path("name").asText()).isEqualTo(way == Way.NAME ? Servers.NAME : "null");
    }
  }

  @ParameterizedTest
  @EnumSource
  void pingByName(Family family) throws Exception {
    String out = lab.run("ping", family.option(), "-c", "3", "-i", "0.2", Servers.NAME);
    assertThat(out).contains(" 0% packet loss");
    if (!deployment.mediates()) {
      // ping asks for the name of each address that answers. By its first line "ping -4" gives no
      // name at all, with any DNS server: glibc has none for it.
      assertThat(out)
          .containsPattern("PING .*\\(" + family.fakes())
          .containsPattern("64 bytes from " + Servers.NAME + " \\(" + family.fakes());
    }
    assertPinged(family, Way.NAME);
  }

  @ParameterizedTest
  @EnumSource
  void pingByHeader(Family family) throws Exception {
    assertThat(lab.run("ping", "-c", "3", "-i", "0.2", family.server()))
        .contains(" 0% packet loss");
    assertPinged(family, Way.HEADER);
  }

  private void assertPinged(Family family, Way way) throws Exception {
    assertThat(lab.daemons().ask("flows"))
        .anySatisfy(
            flow -> {
              assertThat(flow.path("protocol").asText()).startsWith("icmp");
              assertThat(flow.path("destination").asText()).contains(family.server());
              assertFlow(flow, way, pingRule(family));
              assertThat(flow.path("inPkts").asInt()).isEqualTo(3);
            });
    if (!deployment.mediates()) {
      assertThat(lab.daemons().askExit("flows"))
          .anySatisfy(
              flow -> {
                assertThat(flow.path("protocol").asText()).startsWith("icmp");
                assertThat(flow.path("destination").asText()).contains(family.server());
                assertThat(flow.path("inPkts").asInt()).isEqualTo(3);
              });
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void curlFetchesTwentyMegabytes(Family family, Way way) throws Exception {
    String fetched = lab.file("fetched").toString();
    String[] seen =
        lab.run(
                "curl",
                family.option(),
                "-sSf",
                "-w",
                "%{remote_ip} %{local_port} %header{x-peer}",
                "-o",
                fetched,
                "http://" + way.host() + ":" + way.web + "/big")
            .split(" ", -1);
    assertThat(lab.run("sha256sum", fetched)).startsWith(big.sha256() + " ");
    assertThat(seen[2]).as("the peer that nginx sees").isEqualTo(peer(family, way));
    JsonNode flow = flowByCommandLine(Integer.parseInt(seen[1]));
    assertFlow(flow, way, WEB_RULE);
    if (way == Way.NAME && !deployment.mediates()) {
      assertThat(seen[0]).startsWith(family.fakes());
    } else {
      assertThat(seen[0]).isEqualTo(family.server());
    }
    if (!flow.isMissingNode()) {
      assertThat(flow.path("destination").asText())
          .isEqualTo(family.endpoint(family.server(), way.web));
      assertThat(flow.path("seen").asText()).isEqualTo(family.endpoint(seen[0], way.web));
      assertThat(flow.path("inBytes").asLong()).isGreaterThan(big.bytes());
    }
  }

  /** What {@code oasis client flows} says of a connection; a missing node when nothing. */
  private static JsonNode flowByCommandLine(int localPort) throws Exception {
    for (JsonNode flow : Lab.json(lab.daemons().tell("flows", "--json"))) {
      if (flow.path("program").asText().endsWith(":" + localPort)
          && flow.path("protocol").asText().equals("tcp")) {
        return flow;
      }
    }
    return MissingNode.getInstance();
  }

  @ParameterizedTest
  @EnumSource
  void digGetsAFakeThatHasTheName(Family family) throws Exception {
    String type = family.recordType();
    String address = lab.run("dig", "+short", Servers.NAME, type).strip();
    if (deployment.mediates()) {
      assertThat(address).isEqualTo(family.server());
      return;
    }
    assertThat(address).startsWith(family.fakes());
    assertThat(lab.run("dig", "+short", Servers.NAME, type).strip()).isEqualTo(address);
    assertThat(lab.run("dig", "+short", "-x", address).strip()).isEqualTo(Servers.NAME + ".");
    Matcher ttl =
        Pattern.compile("\\s([0-9]+)\\s+IN\\s+" + type + "\\s")
            .matcher(lab.run("dig", Servers.NAME, type));
    assertThat(ttl.find()).isTrue();
    assertThat(Integer.parseInt(ttl.group(1))).isLessThanOrEqualTo(5);
  }

  @ParameterizedTest
  @EnumSource
  void otherNamesKeepTheirAnswers(Family family) throws Exception {
    assertThat(lab.run("dig", "@" + family.dns(), "nothing.overlay.test", family.recordType()))
        .contains("status: NXDOMAIN");
    assertThat(
            lab.run("dig", "@" + family.dns(), "+short", Servers.PLAIN_NAME, family.recordType())
                .strip())
        .isEqualTo(family.server());
  }

  @ParameterizedTest
  @MethodSource("variants")
  void sshRunsACommand(Family family, Way way) throws Exception {
    List<String> words =
        lab.servers().ssh(way.ssh, way.host(), "echo $SSH_CONNECTION; seq 100000 | md5sum");
    words.add(1, family.option());
    String[] lines = lab.run(words.toArray(String[]::new)).split("\n", -1);
    assertThat(lines[0])
        .startsWith(peer(family, way) + " ")
        .endsWith(" " + family.server() + " " + way.ssh);
    assertThat(lines[1]).isEqualTo(lab.run("sh", "-c", "seq 100000 | md5sum").strip());
  }

  @ParameterizedTest
  @MethodSource("variants")
  void scpCopiesAFileThereAndBack(Family family, Way way) throws Exception {
    String there = "root@" + way.host() + ":" + lab.file("there-" + family + way);
    String back = lab.file("back").toString();
    copy(family, way, big.file().toString(), there);
    copy(family, way, there, back);
    assertThat(lab.run("sha256sum", back)).startsWith(big.sha256() + " ");
  }

  private static void copy(Family family, Way way, String from, String to) throws Exception {
    List<String> words = lab.servers().scp(way.ssh, from, to);
    words.add(1, family.option());
    lab.run(words.toArray(String[]::new));
  }

  /** Whoever answers for the destination must not take what it would refuse. */
  @ParameterizedTest
  @EnumSource
  void aPortThatIsClosedIsRefusedAtOnce(Family family) throws Exception {
    for (String host : List.of(Servers.NAME, Servers.PLAIN_NAME)) {
      CommandRunner.Result closed =
          lab.client()
              .exec(Lab.LONG, "curl", family.option(), "-sSm", "20", "http://" + host + ":2223/");
      assertThat(closed.status()).as("could not connect: %s", closed.err()).isEqualTo(7);
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void iperf3RunsBothWaysAndByUdp(Family family, Way way) throws Exception {
    Program server = Objects.requireNonNull(IPERF_SERVERS.get(way));
    int before = peers(server).size();
    for (String how : List.of("-n 40M", "-R -n 40M", "-u -b 20M -n 2M", "-u -b 20M -n 2M -R")) {
      List<String> argv = new ArrayList<>(List.of("iperf3", "--client", way.host(), "--json"));
      argv.addAll(List.of(family.option(), "--port", Integer.toString(way.iperf)));
      argv.addAll(List.of(how.split(" ", -1)));
      // It serves one client at a time and refuses another one until it has reported.
      Lab.await("the server to be ready", () -> isReady(server));
      JsonNode result = Lab.json(lab.run(argv.toArray(String[]::new)));
      assertThat(result.path("error").asText()).as("%s %s", way, how).isEmpty();
      JsonNode end = result.path("end");
      boolean udp = how.contains("-u");
      long received = end.path(udp ? "sum" : "sum_received").path("bytes").asLong();
      assertThat(received).as("%s %s: %s", way, how, end).isGreaterThan(1_000_000);
      if (udp) {
        assertThat(end.path("sum").path("lost_percent").asDouble()).isLessThan(50);
      }
    }
    Lab.await("the server's log", () -> peers(server).size() >= before + 4);
    assertThat(peers(server).subList(before, peers(server).size()))
        .as("the peers that the server sees")
        .hasSize(4)
        .containsOnly(Address.parse(peer(family, way)));
  }

  private static boolean isReady(Program server) throws Exception {
    long listened = server.output().lines().filter(l -> l.startsWith("Server listening")).count();
    return listened > peers(server).size();
  }

  private static List<Address> peers(Program server) throws Exception {
    return Pattern.compile("Accepted connection from ([0-9a-f.:]+),")
        .matcher(server.output())
        .results()
        .map(UnmodifiedProgramsIT::address)
        .toList();
  }

  private static Address address(MatchResult peer) {
    return Address.parse(peer.group(1));
  }
}
