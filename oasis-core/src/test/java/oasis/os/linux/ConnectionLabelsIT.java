// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import oasis.os.CommandRunner;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.rules.NftPrograms;
import oasis.rules.Programs;
import oasis.rules.Rule;
import oasis.rules.RuleSet;
import oasis.testkit.NoAllocation;
import oasis.testkit.Packets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the kernel has noted at connections is read back, in a namespace of the test's own. */
final class ConnectionLabelsIT {
  private static final String NAMESPACE = "oas-labels-" + ProcessHandle.current().pid();
  private static final CommandRunner OUTSIDE = new LinuxCommandRunner();
  private static final CommandRunner INSIDE = LinuxCommandRunner.inNamespace(NAMESPACE);
  private static final long OF_ROOT = 1L << 63 | 1;
  private static final long OF_ANOTHER = 1L << 63 | 2;

  private ConnectionLabels labels;

  @BeforeAll
  static void create() throws Exception {
    assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "needs root");
    Netns.create(OUTSIDE, NAMESPACE);
    INSIDE.check("ip", "link", "add", "d0", "type", "veth", "peer", "name", "d1");
    INSIDE.check("ip", "link", "set", "d0", "up");
    INSIDE.check("ip", "link", "set", "d1", "up");
    INSIDE.check("ip", "addr", "add", "192.0.2.1/24", "dev", "d0");
    INSIDE.check("ip", "addr", "add", "2001:db8::1/64", "dev", "d0", "nodad");
    RuleSet rules = RuleSet.compile(List.of(Rule.parse("uid 0 ron"), Rule.parse("uid 4711 ron")));
    INSIDE.check(
        List.of("nft", "-f", "-"),
        "table inet t {\nchain programs {\n"
            + NftPrograms.notes(rules, path -> null)
            + "}\nchain out {\ntype route hook output priority mangle;\n"
            + "ct state new jump programs\n}\n"
            + "chain nat {\ntype nat hook postrouting priority srcnat;\n"
            + "ip daddr 192.0.2.9 udp dport 9 snat ip to 192.0.2.77:5555\n}\n}\n");
  }

  @AfterAll
  static void delete() throws Exception {
    Netns.delete(OUTSIDE, NAMESPACE);
  }

  @BeforeEach
  void open() throws Exception {
    labels = Netns.in(NAMESPACE, ConnectionLabels::open);
  }

  @AfterEach
  void close() {
    labels.close();
  }

  private static int sendUdp(String to, int port) throws Exception {
    return Netns.in(
        NAMESPACE,
        () -> {
          try (DatagramSocket socket = new DatagramSocket()) {
            socket.send(
                new DatagramPacket(
                    new byte[1], 1, new InetSocketAddress(InetAddress.getByName(to), port)));
            return socket.getLocalPort();
          }
        });
  }

  @Test
  void datagramsOfASocketThatIsGoneAreKnown() throws Exception {
    int port = sendUdp("192.0.2.2", 7);
    int port6 = sendUdp("2001:db8::2", 7);
    FlowKey key = Packets.key(Ip.UDP, "192.0.2.1", port, "192.0.2.2", 7);
    assertThat(labels.upper(key)).isEqualTo(OF_ROOT);
    assertThat(labels.upper(Packets.key(Ip.UDP, "2001:db8::1", port6, "2001:db8::2", 7)))
        .isEqualTo(OF_ROOT);
    assertThat(labels.upper(Packets.key(Ip.UDP, "192.0.2.1", port, "192.0.2.2", 8)))
        .isEqualTo(Programs.UNKNOWN);
    long[] seen = {0};
    NoAllocation.check(100, () -> seen[0] += labels.upper(key));
    assertThat(seen[0]).isNotZero();
  }

  @Test
  void connectionsBehindTheHostsOwnTranslationAreFound() throws Exception {
    sendUdp("192.0.2.9", 9);
    assertThat(labels.upper(Packets.key(Ip.UDP, "192.0.2.77", 5555, "192.0.2.9", 9)))
        .isEqualTo(OF_ROOT);
  }

  @Test
  void tcpAndEchoesOfOtherUsersAreKnown() throws Exception {
    for (String to : List.of("192.0.2.3", "2001:db8::3")) {
      String from = to.equals("192.0.2.3") ? "192.0.2.1" : "2001:db8::1";
      boolean v4 = from.equals("192.0.2.1");
      try (SocketChannel channel = Netns.in(NAMESPACE, SocketChannel::open)) {
        channel.bind(new InetSocketAddress(0)).configureBlocking(false);
        channel.connect(new InetSocketAddress(InetAddress.getByName(to), 80));
        int port = channel.socket().getLocalPort();
        assertThat(labels.upper(Packets.key(Ip.TCP, from, port, to, 80))).isEqualTo(OF_ROOT);
      }
      List<String> ping =
          List.of("setpriv", "--reuid", "4711", "--clear-groups", "ping", "-c1", "-W1", "-e99", to);
      INSIDE.run(ping, "");
      FlowKey echo = Packets.key(v4 ? Ip.ICMP : Ip.ICMP6, from, 99, to, 99);
      assertThat(labels.upper(echo)).isEqualTo(OF_ANOTHER);
    }
  }
}
