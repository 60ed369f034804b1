// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import oasis.emulator.Node;
import oasis.lab.Blob;
import oasis.lab.Capture;
import oasis.lab.Family;
import oasis.lab.Lab;
import oasis.lab.MtuProbe;
import oasis.lab.Servers;
import oasis.os.CommandRunner;
import oasis.os.linux.Errno;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Programs learn the MTU of their path as they would without us, and no packet is fragmented. */
@ParameterizedClass(name = "{0}")
@EnumSource(Deployment.class)
@Timeout(600)
class PathMtuIT extends EachDeployment {
  private static final int CARRIER_MTU = 1400;
  private static final int FAR_MTU = 1300;
  private static final int LINK_MTU = 1500;
  private static final int DATAGRAMS = 9003;
  private static final int TCP_HEADER_BYTES = 20;
  private static final int ECHO_HEADER_BYTES = 8;
  private static final List<String> RULES =
      List.of(Transfers.RULE, "udp dport 9003 lab", "icmp lab", "name:*.overlay.test lab");

  private static Transfers transfers;

  PathMtuIT(Deployment deployment) {
    super(deployment);
  }

  @BeforeAll
  static void network() throws Exception {
    lab = Lab.start(directory);
    transfers = Transfers.start(lab, Blob.write(lab.file("blob"), 2_000_000, 5));
    lab.servers().startDiscard(DATAGRAMS);
  }

  @BeforeParameterizedClassInvocation
  static void begin(Deployment deployment) throws Exception {
    deployment.start(lab, RULES);
  }

  @ParameterizedTest
  @EnumSource
  void aDatagramThatFitsPassesWhole(Family family) throws Exception {
    forgetMtus();
    try (Capture capture = datagrams();
        MtuProbe probe = MtuProbe.open(lab.client(), family.server(), DATAGRAMS)) {
      assertThat(probe.send(1350)).isZero();
      assertThat(probe.send(CARRIER_MTU)).isZero();
      capture.await("UDP, length " + payload(family, 1350));
      capture.await("UDP, length " + payload(family, CARRIER_MTU));
      assertThat(capture.stop()).noneMatch(line -> line.contains("frag")).hasSize(2);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aDatagramThatIsTooBigTellsTheMtuAtOnce(Family family) throws Exception {
    forgetMtus();
    try (MtuProbe probe = MtuProbe.open(lab.client(), family.server(), DATAGRAMS)) {
      assertThat(probe.send(9000)).isEqualTo(Errno.EMSGSIZE);
      assertThat(probe.send(CARRIER_MTU + 1)).isIn(0, Errno.EMSGSIZE);
      Lab.await("the MTU is known after one packet", () -> probe.mtu() == CARRIER_MTU);
      assertThat(probe.send(CARRIER_MTU + 1)).isEqualTo(Errno.EMSGSIZE);
      assertThat(probe.send(CARRIER_MTU)).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aNamesAddressHasTheMtuOfTheCarrier(Family family) throws Exception {
    forgetMtus();
    try (MtuProbe probe = MtuProbe.open(lab.client(), address(family), DATAGRAMS)) {
      assertThat(probe.mtu()).isEqualTo(deployment == Deployment.MEDIATED ? LINK_MTU : CARRIER_MTU);
    }
    assertThat(echo(family, Servers.NAME, CARRIER_MTU).out()).contains(" 0% packet loss");
  }

  @ParameterizedTest
  @EnumSource
  void pingLearnsIt(Family family) throws Exception {
    forgetMtus();
    assertThat(echo(family, family.server(), CARRIER_MTU).out()).contains(" 0% packet loss");
    CommandRunner.Result tooBig = echo(family, family.server(), CARRIER_MTU + 1);
    assertThat(tooBig.status()).isEqualTo(1);
    assertThat(tooBig.out() + tooBig.err()).containsPattern("mtu ?[=:] ?" + CARRIER_MTU);
    CommandRunner.Result jumbo = echo(family, family.server(), 9000);
    assertThat(jumbo.status()).isEqualTo(1);
    assertThat(jumbo.out() + jumbo.err()).containsPattern("mtu ?[=:] ?" + CARRIER_MTU);
  }

  @ParameterizedTest
  @EnumSource
  void aSmallerMtuFarAwayIsLearned(Family family) throws Exception {
    String route = family.server() + "/" + family.bits();
    lab.runIn(
        lab.router(),
        ("ip " + family.option() + " route add " + route + " dev " + serverDevice())
            .concat(" mtu lock " + FAR_MTU)
            .split(" ", -1));
    try {
      for (String to : List.of(family.server(), address(family))) {
        forgetMtus();
        try (Capture capture = datagrams();
            MtuProbe probe = MtuProbe.open(lab.client(), to, DATAGRAMS)) {
          assertThat(probe.send(CARRIER_MTU)).isZero();
          Lab.await("the MTU is known after one packet", () -> probe.mtu() == FAR_MTU);
          assertThat(probe.send(FAR_MTU + 1)).isEqualTo(Errno.EMSGSIZE);
          assertThat(probe.send(FAR_MTU)).isZero();
          capture.await("UDP, length " + payload(family, FAR_MTU));
          assertThat(capture.stop()).noneMatch(line -> line.contains("frag")).hasSize(1);
        }
      }
      forgetMtus();
      transfers.assertUp(deployment, family);
    } finally {
      lab.runIn(lab.router(), "ip", family.option(), "route", "del", route);
    }
  }

  @ParameterizedTest
  @EnumSource
  void connectionsUseSegmentsThatFit(Family family) throws Exception {
    forgetMtus();
    String syn = "(tcp[tcpflags] & tcp-syn != 0 or (ip6 and ip6[6] == 6 and ip6[53] & 2 != 0))";
    String server = " host " + family.server() + " and ";
    String mss = "mss " + (CARRIER_MTU - family.headerBytes() - TCP_HEADER_BYTES) + ",";
    try (Capture atServer = Capture.start(lab.server(), "eth0", "dst" + server + syn);
        Capture atClient = Capture.start(lab.client(), "oas0", "src" + server + syn)) {
      transfers.assertUp(deployment, family);
      assertThat(atServer.stop())
          .as("SYN at the server")
          .hasSize(1)
          .first()
          .asString()
          .contains(mss);
      assertThat(atClient.stop())
          .as("SYN, ACK at the client")
          .hasSize(1)
          .first()
          .asString()
          .contains(mss);
    }
  }

  private static Capture datagrams() throws Exception {
    return Capture.start(
        lab.server(),
        "eth0",
        "udp dst port " + DATAGRAMS + " or ip[6:2] & 0x3fff != 0 or ip6 proto 44");
  }

  private static int payload(Family family, int packetBytes) {
    return packetBytes - family.headerBytes() - 8;
  }

  /** What the kernels of client and exit node learned about paths; their routes stay. */
  private static void forgetMtus() throws Exception {
    for (Node node : List.of(lab.client(), lab.exit())) {
      for (Family family : Family.values()) {
        lab.runIn(node, "ip", family.option(), "route", "flush", "cache");
      }
    }
  }

  private static String serverDevice() throws Exception {
    return lab.router().devices().get(2);
  }

  /** The address that a program gets for the name. */
  private static String address(Family family) throws Exception {
    String type = family == Family.IPV4 ? "A" : "AAAA";
    return lab.run("dig", "+short", Servers.NAME, type).strip();
  }

  /** One ping of a size, with the IP header. */
  private static CommandRunner.Result echo(Family family, String host, int packetBytes)
      throws Exception {
    int data = packetBytes - family.headerBytes() - ECHO_HEADER_BYTES;
    String words = "ping " + family.option() + " -M do -c 1 -W 10 -s " + data + " " + host;
    return lab.client().exec(Lab.LONG, words.split(" ", -1));
  }
}
