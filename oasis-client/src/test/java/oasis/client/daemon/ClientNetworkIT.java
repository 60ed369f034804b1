// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import oasis.io.Endpoint;
import oasis.io.LinuxDatagramPort;
import oasis.os.OsException;
import oasis.os.ReservedPorts;
import oasis.os.linux.LinuxNftOwner;
import oasis.os.linux.Netns;
import oasis.packet.Address;
import oasis.rules.Rule;
import oasis.rules.RuleException;
import oasis.rules.RuleSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** The client's kernel state in namespaces, with a real TUN device and real connections. */
final class ClientNetworkIT {
  private static final int SILENCE_MS = 250;
  private static final int FAILS_AT_ONCE_MS = 1_000;
  private static int count;

  private HostInNamespace net;
  private ClientNetwork network;

  @BeforeAll
  static void needsRoot() throws IOException {
    assumeTrue(
        Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0)
            && Files.exists(Path.of("/dev/net/tun")),
        "needs root and /dev/net/tun");
  }

  @BeforeEach
  void open(TestInfo info) throws Exception {
    net = new HostInNamespace(Integer.toString(++count));
    network = new ClientNetwork(net.runner, () -> LinuxNftOwner.inNamespace(net.host));
  }

  @AfterEach
  void close() throws Exception {
    network.close();
    net.close();
  }

  private static ClientNetworkConfig config(String... texts) throws RuleException {
    List<Rule> rules = new ArrayList<>();
    for (String text : texts) {
      rules.add(Rule.parse(text));
    }
    return ClientNetworkConfig.defaults(1400, RuleSet.compile(rules));
  }

  private void sendUdp(String address, int port) throws Exception {
    Netns.in(
        net.host,
        () -> {
          try (DatagramSocket socket = new DatagramSocket()) {
            socket.send(
                new DatagramPacket(
                    new byte[10], 10, new InetSocketAddress(address(address), port)));
          }
          return true;
        });
  }

  private static InetAddress address(String text) throws IOException {
    return InetAddress.getByName(text);
  }

  private static void connect(String namespace, String address, int port) throws Exception {
    Netns.in(
        namespace,
        () -> {
          try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address(address), port), FAILS_AT_ONCE_MS);
          }
          return true;
        });
  }

  @Test
  void onlyWhatTheRulesNameReachesTheTunDevice() throws Exception {
    network.apply(
        config(
            "udp dport 7001 dst 192.0.2.2 underlay",
            "udp dport 7000-7009 ron",
            "name:*.edu ron",
            "tcp dport 80 dst 203.0.113.0/24 web"));
    assertThat(net.diverted(SILENCE_MS)).isEmpty();
    sendUdp(HostInNamespace.NEIGHBOUR, 7000);
    assertThat(net.diverted(SILENCE_MS)).containsExactly("17 192.0.2.2 7000");
    sendUdp(HostInNamespace.NEIGHBOUR, 7001);
    sendUdp(HostInNamespace.NEIGHBOUR, 7010);
    sendUdp("192.0.2.1", 7000);
    sendUdp("127.0.0.1", 53);
    sendUdp("224.0.0.251", 7000);
    sendUdp("169.254.1.1", 7000);
    assertThat(net.diverted(SILENCE_MS)).isEmpty();
    sendUdp(HostInNamespace.NEIGHBOUR, 53);
    assertThat(net.diverted(SILENCE_MS)).containsExactly("17 192.0.2.2 53");
    sendUdp("198.18.7.7", 9999);
    assertThat(net.diverted(SILENCE_MS)).containsExactly("17 198.18.7.7 9999");
    assertThatThrownBy(() -> connect(net.host, "203.0.113.5", 80))
        .isInstanceOf(SocketTimeoutException.class);
    assertThat(net.diverted(SILENCE_MS)).isNotEmpty().containsOnly("6 203.0.113.5 80");
  }

  @Test
  void ourOwnSocketsAreExemptAndTheirReservedPortsAreNotTracked() throws Exception {
    network.apply(config("any ron"));
    Address there = Address.parse(HostInNamespace.NEIGHBOUR);
    try (LinuxDatagramPort port =
            Netns.in(
                net.host,
                () ->
                    LinuxDatagramPort.open(
                        Endpoint.anyIpv4(61_234), null, ClientNetwork.EXEMPT_MARK));
        DatagramSocket server =
            Netns.in(net.neighbour, () -> new DatagramSocket(7000, address("0.0.0.0")))) {
      port.sendEmpty(there.hi(), there.lo(), 7000);
      port.flush();
      server.setSoTimeout(FAILS_AT_ONCE_MS);
      DatagramPacket packet = new DatagramPacket(new byte[10], 10);
      server.receive(packet);
      assertThat(packet.getPort()).isEqualTo(61_234);
    }
    assertThat(net.diverted(SILENCE_MS)).isEmpty();
    assertThat(net.runner.check("conntrack", "-L")).doesNotContain("61234");
  }

  @Test
  void aLiveConnectionIsNotMovedByAnyRuleThatComesOrGoes() throws Exception {
    network.apply(config());
    try (ServerSocket server = Netns.in(net.neighbour, () -> new ServerSocket(7000));
        Socket client =
            Netns.in(net.host, () -> new Socket(address(HostInNamespace.NEIGHBOUR), 7000));
        Socket accepted = server.accept()) {
      accepted.setSoTimeout(FAILS_AT_ONCE_MS);
      network.apply(config("tcp dport 7000 ron"));
      client.getOutputStream().write(1);
      assertThat(accepted.getInputStream().read()).isEqualTo(1);
      assertThat(net.diverted(SILENCE_MS)).isEmpty();

      try (SocketChannel later = Netns.in(net.host, SocketChannel::open)) {
        later.configureBlocking(false);
        later.connect(new InetSocketAddress(address(HostInNamespace.NEIGHBOUR), 7000));
        assertThat(net.diverted(SILENCE_MS)).containsExactly("6 192.0.2.2 7000");
        network.apply(config());
        // Its next packet, the SYN again, still follows the decision of the first.
        assertThat(net.diverted(1_500)).isNotEmpty().containsOnly("6 192.0.2.2 7000");
      }
      client.getOutputStream().write(2);
      assertThat(accepted.getInputStream().read()).isEqualTo(2);
      assertThat(net.diverted(SILENCE_MS)).isEmpty();
    }
  }

  @Test
  void serversOfThisHostAreLeftAlone() throws Exception {
    network.apply(config("any ron"));
    try (ServerSocket server = Netns.in(net.host, () -> new ServerSocket(7000));
        Socket client = Netns.in(net.neighbour, () -> new Socket(address("192.0.2.1"), 7000));
        Socket accepted = server.accept()) {
      accepted.getOutputStream().write(3);
      client.setSoTimeout(FAILS_AT_ONCE_MS);
      assertThat(client.getInputStream().read()).isEqualTo(3);
    }
    assertThat(net.diverted(SILENCE_MS)).isEmpty();
  }

  @Test
  void theKernelIsSilentOnReservedPortsAndAnswersOnOthers() throws Exception {
    network.apply(config());
    assertThatThrownBy(() -> connect(net.neighbour, "192.0.2.1", 60_000))
        .isInstanceOf(ConnectException.class);
    assertThatThrownBy(() -> connect(net.neighbour, "192.0.2.1", 61_000))
        .isInstanceOf(SocketTimeoutException.class);
    assertThat(ReservedPorts.text(ReservedPorts.read(net.runner))).isEqualTo("61000-64999");
    try (ServerSocket server =
        Netns.in(net.host, () -> new ServerSocket(62_000, 1, address("127.0.0.1")))) {
      connect(net.host, "127.0.0.1", server.getLocalPort());
    }
  }

  @Test
  void whenTheClientDiesNothingIsDivertedAndFakesFailAtOnce() throws Exception {
    network.apply(config("udp dport 7000 ron"));
    sendUdp(HostInNamespace.NEIGHBOUR, 7000);
    assertThat(net.diverted(SILENCE_MS)).hasSize(1);
    List<Long> holders = net.processes("nft");
    assertThat(holders).hasSize(1);
    ProcessHandle holder = ProcessHandle.of(holders.get(0)).orElseThrow();
    holder.destroyForcibly();
    holder.onExit().join();
    assertThat(net.runner.check("nft", "list", "tables")).isBlank();
    sendUdp(HostInNamespace.NEIGHBOUR, 7000);
    assertThat(net.diverted(SILENCE_MS)).isEmpty();

    net.tun.close();
    sendUdp(HostInNamespace.NEIGHBOUR, 7000);
    assertThatThrownBy(() -> connect(net.host, "198.18.7.7", 80))
        .isInstanceOf(NoRouteToHostException.class);

    assertThat(ClientNetwork.cleanUp(net.runner, config()))
        .containsExactly(
            "ip rule from all fwmark 0x10000000/0x10000000 lookup 4710",
            "unreachable route 198.18.0.0/16",
            "reserved ports 61000-64999");
    assertThat(ClientNetwork.cleanUp(net.runner, config())).isEmpty();
  }

  @Test
  void whatIsAppliedAgainIsRepairedWithoutLoadingTheSameRulesTwice() throws Exception {
    ClientNetworkConfig config = config("udp dport 7000 ron");
    network.apply(config);
    net.runner.check("ip", "rule", "del", "priority", "4710");
    net.runner.check("ip", "route", "flush", "table", "4710");
    network.apply(config);
    sendUdp(HostInNamespace.NEIGHBOUR, 7000);
    assertThat(net.diverted(SILENCE_MS)).hasSize(1);
    ProcessHandle holder = ProcessHandle.of(net.processes("nft").get(0)).orElseThrow();
    holder.destroyForcibly();
    holder.onExit().join();
    network.apply(config);
    sendUdp(HostInNamespace.NEIGHBOUR, 7000);
    assertThat(net.diverted(SILENCE_MS)).hasSize(1);
    assertThat(net.runner.check("ip", "rule", "show", "priority", "4710").lines()).hasSize(1);
  }

  @Test
  void closingUndoesAllButTheUnreachableRoute() throws Exception {
    net.runner.check("sysctl", "-q", "-w", "net/ipv4/ip_local_reserved_ports=8080,62000-62010");
    String rules = net.runner.check("ip", "rule");
    String routes = net.runner.check("ip", "route", "show", "table", "all");
    network.apply(config("any ron"));
    assertThatThrownBy(() -> ClientNetwork.cleanUp(net.runner, config()))
        .isInstanceOf(OsException.class)
        .hasMessageContaining("stop that client first");
    network.close();
    assertThat(net.runner.check("nft", "list", "tables")).isBlank();
    assertThat(net.runner.check("ip", "rule")).isEqualTo(rules);
    assertThat(ReservedPorts.text(ReservedPorts.read(net.runner))).isEqualTo("8080,62000-62010");
    String left = net.runner.check("ip", "-4", "route", "show", "table", "all");
    assertThat(left).contains("unreachable 198.18.0.0/16 metric 4294967295");
    assertThat(ClientNetwork.cleanUp(net.runner, config()))
        .containsExactly("unreachable route 198.18.0.0/16");
    assertThat(net.runner.check("ip", "route", "show", "table", "all")).isEqualTo(routes);
  }

  @Test
  void aRouteInsideTheFakeRangeIsRefusedByName() throws Exception {
    net.runner.check("ip", "route", "add", "198.18.5.0/24", "via", HostInNamespace.NEIGHBOUR);
    assertThatThrownBy(() -> network.apply(config()))
        .isInstanceOf(OsException.class)
        .hasMessage(
            "the fake range 198.18.0.0/16 collides with a route of this host (198.18.5.0/24 via"
                + " 192.0.2.2 dev eth0): choose another one with --fake-range");
    assertThat(net.runner.check("ip", "route", "show", "type", "unreachable")).isEmpty();
    net.runner.check("ip", "route", "del", "198.18.5.0/24");
    net.runner.check("ip", "route", "add", "128.0.0.0/1", "via", HostInNamespace.NEIGHBOUR);
    network.apply(config());
  }
}
