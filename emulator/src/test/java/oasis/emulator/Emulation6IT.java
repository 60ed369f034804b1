// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import oasis.emulator.hub.WireReport;
import oasis.link.LinkSettings;
import oasis.os.CommandRunner;
import oasis.testkit.Gen;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Emulations whose links carry IPv6. */
@Timeout(600)
class Emulation6IT {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final long MS = 1_000_000;
  private static final LinkSettings SHAPED = LinkSettings.delay(2 * MS).withRate(200_000_000);

  @TempDir Path directory;

  @BeforeAll
  static void onlyAsRoot() {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root for namespaces");
  }

  private Emulation start(Topology topology) throws Exception {
    return Emulation.start(
        topology,
        new Emulation.Options(
            directory.resolve("out"), directory.resolve("state"), Duration.ofMillis(5)));
  }

  /** Two hosts with both families, and a router between them. */
  private static Topology line(LinkSettings settings) {
    return Topology.builder("line6")
        .seed(3)
        .host("a", "fd00:1::53")
        .router("r")
        .host("b")
        .link(
            Topology.End.of("a", "10.1.0.2/24", "fd00:1::2/64", settings),
            Topology.End.of("r", "10.1.0.1/24", "fd00:1::1/64", settings))
        .link(
            Topology.End.of("b", "10.2.0.2/24", "fd00:2::2/64", settings),
            Topology.End.of("r", "10.2.0.1/24", "fd00:2::1/64", settings))
        .build();
  }

  private static Topology pair(LinkSettings settings) {
    return Topology.builder("pair6")
        .host("a")
        .host("b")
        .link("a", "fd00::1/64", "b", "fd00::2/64", settings)
        .build();
  }

  @Test
  void aPingTakesTheDelayAndNothingElseCrossesTheLink() throws Exception {
    try (Emulation emulation = start(pair(LinkSettings.delay(20 * MS)))) {
      String out =
          emulation.node("a").exec(SOON, "ping", "-6", "-c", "20", "-i", "0.02", "fd00::2").out();
      assertThat(out).contains("20 received");
      double least = Double.parseDouble(out.replaceAll("(?s).*mdev = ([0-9.]+)/.*", "$1"));
      assertThat(least).isBetween(39.9, 59.0);
      // No neighbour discovery, no router solicitation, no report of multicast groups.
      assertThat(emulation.report().wires())
          .extracting(WireReport::received)
          .containsExactly(20L, 20L);
    }
  }

  @Test
  void bothFamiliesAreRouted() throws Exception {
    try (Emulation emulation = start(line(LinkSettings.delay(MS)))) {
      Node a = emulation.node("a");
      Node b = emulation.node("b");
      assertThat(a.devices()).containsExactly("eth0");
      assertThat(a.address()).isEqualTo("10.1.0.2");
      assertThat(a.address4()).isEqualTo("10.1.0.2");
      assertThat(b.address6()).isEqualTo("fd00:2::2");
      for (String address : List.of(b.address4(), b.address6())) {
        CommandRunner.Result result = a.exec(SOON, "ping", "-c", "3", "-i", "0.05", address);
        assertThat(result.status()).as(result.out() + result.err()).isZero();
        assertThat(result.out()).contains("ttl=63");
      }
      assertThat(a.exec(SOON, "cat", "/etc/resolv.conf").out()).contains("nameserver fd00:1::53");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everyByteOfTcpAndUdpArrives(boolean shaped) throws Exception {
    Gen gen = new Gen(Gen.baseSeed());
    Path file = Files.write(directory.resolve("content"), gen.bytes(3_000_000));
    Path small = Files.write(directory.resolve("small"), gen.bytes(1_000));
    try (Emulation emulation = start(line(shaped ? SHAPED : LinkSettings.UNSHAPED))) {
      Node a = emulation.node("a");
      Node b = emulation.node("b");
      Program tcp = b.start("socat", "-u", "TCP6-LISTEN:7000", "STDOUT");
      Listeners.await(b, "-tln", "7000");
      assertThat(a.exec(SOON, "socat", "-u", "FILE:" + file, "TCP6:[fd00:2::2]:7000").status())
          .isZero();
      assertThat(tcp.waitFor(SOON)).isZero();
      assertThat(tcp.outputFile()).hasSameBinaryContentAs(file);

      Program udp = b.start("socat", "-u", "UDP6-RECVFROM:7001", "STDOUT");
      Listeners.await(b, "-uln", "7001");
      a.exec(SOON, "socat", "-u", "FILE:" + small, "UDP6-SENDTO:[fd00:2::2]:7001");
      assertThat(udp.waitFor(SOON)).isZero();
      assertThat(udp.outputFile()).hasSameBinaryContentAs(small);

      for (Node node : List.of(a, b)) {
        assertThat(node.exec(SOON, "nstat", "-asz").out())
            .containsPattern("TcpInCsumErrors +0 ")
            .containsPattern("Udp6InCsumErrors +0 ")
            .containsPattern("Icmp6InCsumErrors +0 ");
      }
      assertThat(emulation.report().wires())
          .allSatisfy(wire -> assertThat(wire.oversized() + wire.badStamps()).isZero());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void neighboursAreDiscoveredThroughALink(boolean shaped) throws Exception {
    try (Emulation emulation = start(pair(shaped ? SHAPED : LinkSettings.UNSHAPED))) {
      Node a = emulation.node("a");
      a.exec(SOON, "ip", "-6", "neigh", "flush", "dev", "eth0", "nud", "permanent");
      CommandRunner.Result result = a.exec(SOON, "ping", "-6", "-c", "2", "-i", "0.1", "fd00::2");
      assertThat(result.out()).as(result.err()).contains("2 received");
      assertThat(a.exec(SOON, "ip", "-6", "neigh").out()).contains("REACHABLE");
      // Link-local addresses are discovered too: nobody has written them down.
      String own = emulation.node("b").exec(SOON, "ip", "-6", "addr", "show", "eth0").out();
      String local = own.replaceAll("(?s).*inet6 (fe80:[0-9a-f:]+)/64.*", "$1");
      result = a.exec(SOON, "ping", "-6", "-c", "2", "-i", "0.1", local + "%eth0");
      assertThat(result.out()).as(result.err()).contains("2 received");
    }
  }

  @Test
  void aPacketLongerThanTheNextLinkIsAnsweredWithItsMtu() throws Exception {
    Topology topology =
        TopologyReader.parse(
            "narrow.xml",
            """
            <topology xmlns="urn:oasis:topology:1" name="narrow" routing="auto">
              <node name="a"/>
              <node name="r" forwarding="yes"/>
              <node name="b"/>
              <link><end node="a" address6="fd00:1::2/64"/><end node="r" address6="fd00:1::1/64"/></link>
              <link mtu="1280" delay="1ms">
                <end node="r" address6="fd00:2::1/64"/><end node="b" address6="fd00:2::2/64"/>
              </link>
            </topology>
            """
                .getBytes(UTF_8));
    try (Emulation emulation = start(topology)) {
      CommandRunner.Result result =
          emulation
              .node("a")
              .exec(SOON, "ping", "-6", "-M", "do", "-s", "1400", "-c", "1", "fd00:2::2");
      assertThat(result.out() + result.err()).contains("mtu=1280");
    }
  }
}
