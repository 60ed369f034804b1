// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.SocketTimeoutException;
import java.util.List;
import oasis.io.Endpoint;
import oasis.io.LinuxDatagramPort;
import oasis.os.linux.LinuxNftOwner;
import oasis.os.linux.Netns;
import oasis.packet.Address;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** What is peculiar to IPv6 and to mediation in the client's kernel state. */
final class ClientNetworkIpv6IT {
  private static final int SILENCE_MS = HostInNamespace.SILENCE_MS;
  private static int count;

  private HostInNamespace net;
  private ClientNetwork network;
  private List<Address> own = HostInNamespace.OWN;

  @BeforeAll
  static void needsRoot() throws IOException {
    HostInNamespace.assumePossible();
  }

  @BeforeEach
  void open(TestInfo info) throws Exception {
    net = new HostInNamespace("6" + ++count);
    network = new ClientNetwork(net.runner, () -> LinuxNftOwner.inNamespace(net.host), () -> own);
  }

  @AfterEach
  void close() throws Exception {
    network.close();
    net.close();
  }

  @Test
  void onlyWhatTheRulesNameReachesTheTunDeviceByIpv6Either() throws Exception {
    network.apply(
        HostInNamespace.config(
            "udp dport 7001 dst 2001:db8::2 underlay",
            "udp dport 7000-7009 ron",
            "icmp dst 2001:db8:1::/48 ron",
            "tcp dport 80 dst 2001:db8:1::/48 web"));
    net.sendUdp(HostInNamespace.NEIGHBOUR6, 7000);
    assertThat(net.diverted(SILENCE_MS)).containsExactly("17 2001:db8::2 7000");
    net.sendUdp(HostInNamespace.NEIGHBOUR6, 7001);
    net.sendUdp(HostInNamespace.NEIGHBOUR6, 7010);
    net.sendUdp(HostInNamespace.HOST6, 7000);
    net.sendUdp("::1", 53);
    net.sendUdp("ff02::fb%" + net.index(), 7000);
    net.sendUdp("fe80::77%" + net.index(), 7000);
    net.sendUdp("fe80::77%" + net.index(), 53);
    assertThat(net.diverted(SILENCE_MS)).isEmpty();
    net.sendUdp(HostInNamespace.NEIGHBOUR6, 53);
    assertThat(net.diverted(SILENCE_MS)).containsExactly("17 2001:db8::2 53");
    net.sendUdp("fdc6:1200:4710::77", 9999);
    assertThat(net.diverted(SILENCE_MS)).containsExactly("17 fdc6:1200:4710::77 9999");
    assertThatThrownBy(() -> HostInNamespace.connect(net.host, "2001:db8:1::5", 80))
        .isInstanceOf(SocketTimeoutException.class);
    assertThat(net.diverted(SILENCE_MS)).isNotEmpty().containsOnly("6 2001:db8:1::5 80");
    net.runner.run(List.of("ping", "-c", "1", "-W", "1", "2001:db8:1::6"), "");
    assertThat(net.diverted(SILENCE_MS))
        .hasSize(1)
        .allMatch(flow -> flow.startsWith("58 2001:db8:1"));
  }

  @Test
  void neighbourDiscoveryIsNeverDiverted() throws Exception {
    // A link that has just come up takes up to a second until it carries packets.
    net.runner.check("ping", "-c", "1", "-w", "5", HostInNamespace.NEIGHBOUR6);
    network.apply(HostInNamespace.config("any ron").mediated());
    Address there = Address.parse(HostInNamespace.NEIGHBOUR6);
    try (LinuxDatagramPort port =
            Netns.in(
                net.host,
                () ->
                    LinuxDatagramPort.open(
                        Endpoint.anyIpv6(61_234), null, ClientNetwork.EXEMPT_MARK));
        DatagramSocket server =
            Netns.in(
                net.neighbour, () -> new DatagramSocket(7000, HostInNamespace.address("::")))) {
      net.runner.check("ip", "-6", "neigh", "flush", "dev", "eth0");
      port.sendEmpty(there.hi(), there.lo(), 7000);
      port.flush();
      server.setSoTimeout(HostInNamespace.FAILS_AT_ONCE_MS);
      DatagramPacket packet = new DatagramPacket(new byte[10], 10);
      server.receive(packet);
      assertThat(packet.getPort()).isEqualTo(61_234);
    }
    assertThat(net.diverted(SILENCE_MS)).isEmpty();
    assertThat(net.sentToTun()).isZero();
  }

  @Test
  void anIdleTunDeviceCarriesNoPacket() throws Exception {
    // A router joins groups of its own, and says so.
    net.runner.check("sysctl", "-q", "-w", "net.ipv6.conf.all.forwarding=1");
    network.apply(HostInNamespace.config("any ron").mediated());
    net.runner.check("sysctl", "-q", "-w", "net.ipv6.conf.all.forwarding=0");
    net.runner.check("sysctl", "-q", "-w", "net.ipv6.conf.all.forwarding=1");
    net.runner.run(List.of("ping", "-c", "1", "-W", "1", "-I", "oas0", "ff02::fb"), "");
    net.runner.run(List.of("ping", "-c", "1", "-W", "1", "-I", "oas0", "224.0.0.251"), "");
    // Solicitations and reports are repeated within seconds.
    assertThat(net.diverted(5_000)).isEmpty();
    assertThat(net.sentToTun()).isZero();
    assertThat(net.runner.check("ip", "-6", "addr", "show", "dev", "oas0"))
        .contains("fdc6:1200:4710::1/128")
        .doesNotContain("fe80::");
    assertThat(net.runner.check("ip", "-6", "route", "show", "table", "all"))
        .doesNotContain("multicast ff00::/8 dev oas0");
  }

  @Test
  void aMediatedHostGivesAllButWhatMustStay() throws Exception {
    network.apply(HostInNamespace.config("udp dport 7001 underlay").mediated());
    net.sendUdp(HostInNamespace.NEIGHBOUR, 7001);
    net.sendUdp(HostInNamespace.NEIGHBOUR6, 7001);
    assertThat(net.diverted(SILENCE_MS))
        .containsExactlyInAnyOrder("17 192.0.2.2 7001", "17 2001:db8::2 7001");
    net.sendUdp(HostInNamespace.HOST, 7001);
    net.sendUdp(HostInNamespace.HOST6, 7001);
    net.sendUdp("224.0.0.251", 7001);
    net.sendUdp("169.254.1.1", 7001);
    net.sendUdp("ff02::fb%" + net.index(), 7001);
    net.sendUdp("fe80::77%" + net.index(), 7001);
    assertThat(net.diverted(SILENCE_MS)).isEmpty();
  }

  @Test
  void aHostWhoseIpv6IsOffWorksAsBefore() throws Exception {
    assertThat(ipv6Seen()).isTrue();
    net.runner.check("sysctl", "-q", "-w", "net.ipv6.conf.all.disable_ipv6=1");
    assertThat(ipv6Seen()).isFalse();
    String before = net.runner.check("ip", "-6", "rule");
    network.apply(HostInNamespace.config("udp dport 7000 ron").withoutIpv6());
    net.sendUdp(HostInNamespace.NEIGHBOUR, 7000);
    assertThat(net.diverted(SILENCE_MS)).containsExactly("17 192.0.2.2 7000");
    assertThat(net.runner.check("ip", "-6", "rule")).isEqualTo(before);
    network.close();
    assertThat(ClientNetwork.cleanUp(net.runner, HostInNamespace.config().withoutIpv6()))
        .containsExactly("unreachable route 198.18.0.0/16");
  }

  /** Whether a client that starts in the host's namespace would use IPv6. */
  private boolean ipv6Seen() throws Exception {
    return Netns.in(
        net.host, () -> Settings.defaults().networkConfig(ClientOptions.DEFAULTS).ipv6());
  }
}
