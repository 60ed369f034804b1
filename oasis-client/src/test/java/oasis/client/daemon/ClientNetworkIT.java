// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oasis.io.Endpoint;
import oasis.io.LinuxDatagramPort;
import oasis.os.OsException;
import oasis.os.ReservedPorts;
import oasis.os.linux.LinuxNftOwner;
import oasis.os.linux.Netns;
import oasis.packet.Address;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** The client's kernel state in namespaces, with a real TUN device and real connections. */
final class ClientNetworkIT {
  private static final int SILENCE_MS = HostInNamespace.SILENCE_MS;
  private static final int FAILS_AT_ONCE_MS = HostInNamespace.FAILS_AT_ONCE_MS;
  private static final String FAKES6 = "fdc6:1200:4710::/112";
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
    net = new HostInNamespace(Integer.toString(++count));
    network = new ClientNetwork(net.runner, () -> LinuxNftOwner.inNamespace(net.host), () -> own);
  }

  @AfterEach
  void close() throws Exception {
    network.close();
    net.close();
  }

  @Test
  void onlyWhatTheRulesNameReachesTheTunDevice() throws Exception {
    network.apply(
        HostInNamespace.config(
            "udp dport 7001 dst 192.0.2.2 underlay",
            "udp dport 7000-7009 ron",
            "name:*.edu ron",
            "tcp dport 80 dst 203.0.113.0/24 web"));
    assertThat(net.diverted(SILENCE_MS)).isEmpty();
    net.sendUdp(HostInNamespace.NEIGHBOUR, 7000);
    assertThat(net.diverted(SILENCE_MS)).containsExactly("17 192.0.2.2 7000");
    net.sendUdp(HostInNamespace.NEIGHBOUR, 7001);
    net.sendUdp(HostInNamespace.NEIGHBOUR, 7010);
    net.sendUdp(HostInNamespace.HOST, 7000);
    net.sendUdp("127.0.0.1", 53);
    net.sendUdp("224.0.0.251", 7000);
    net.sendUdp("169.254.1.1", 7000);
    assertThat(net.diverted(SILENCE_MS)).isEmpty();
    net.sendUdp(HostInNamespace.NEIGHBOUR, 53);
    assertThat(net.diverted(SILENCE_MS)).containsExactly("17 192.0.2.2 53");
    net.sendUdp("198.18.7.7", 9999);
    assertThat(net.diverted(SILENCE_MS)).containsExactly("17 198.18.7.7 9999");
    assertThatThrownBy(() -> HostInNamespace.connect(net.host, "203.0.113.5", 80))
        .isInstanceOf(SocketTimeoutException.class);
    assertThat(net.diverted(SILENCE_MS)).isNotEmpty().containsOnly("6 203.0.113.5 80");
  }

  @Test
  void dnsQueriesAreDivertedOnlyFromTheAddressThatOc0Has() throws Exception {
    own = List.of();
    network.apply(HostInNamespace.config("udp dport 53 dst 192.0.2.99 ron"));
    net.sendUdp(HostInNamespace.NEIGHBOUR, 53);
    net.sendUdp(HostInNamespace.NEIGHBOUR6, 53);
    assertThat(net.diverted(SILENCE_MS)).isEmpty();
    net.sendUdp("192.0.2.99", 53);
    assertThat(net.diverted(SILENCE_MS)).as("by its rule").containsExactly("17 192.0.2.99 53");
    own = List.of(Address.parse(HostInNamespace.HOST), Address.parse("2001:db8::77"));
    network.followAddresses();
    net.sendUdp(HostInNamespace.NEIGHBOUR, 53);
    net.sendUdp(HostInNamespace.NEIGHBOUR6, 53);
    assertThat(net.diverted(SILENCE_MS))
        .as("of IPv6 the network counts")
        .containsExactly("17 192.0.2.2 53", "17 2001:db8::2 53");
  }

  @Test
  void ourOwnSocketsAreExemptAndTheirReservedPortsAreNotTracked() throws Exception {
    network.apply(HostInNamespace.config("any ron"));
    Address there = Address.parse(HostInNamespace.NEIGHBOUR);
    try (LinuxDatagramPort port =
            Netns.in(
                net.host,
                () ->
                    LinuxDatagramPort.open(
                        Endpoint.anyIpv4(61_234), null, ClientNetwork.EXEMPT_MARK));
        DatagramSocket server =
            Netns.in(
                net.neighbour,
                () -> new DatagramSocket(7000, HostInNamespace.address("0.0.0.0")))) {
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
    network.apply(HostInNamespace.config());
    try (ServerSocket server = Netns.in(net.neighbour, () -> new ServerSocket(7000));
        Socket client =
            Netns.in(
                net.host,
                () -> new Socket(HostInNamespace.address(HostInNamespace.NEIGHBOUR), 7000));
        Socket accepted = server.accept()) {
      accepted.setSoTimeout(FAILS_AT_ONCE_MS);
      network.apply(HostInNamespace.config("tcp dport 7000 ron"));
      client.getOutputStream().write(1);
      assertThat(accepted.getInputStream().read()).isEqualTo(1);
      assertThat(net.diverted(SILENCE_MS)).isEmpty();

      try (SocketChannel later = Netns.in(net.host, SocketChannel::open)) {
        later.configureBlocking(false);
        later.connect(
            new InetSocketAddress(HostInNamespace.address(HostInNamespace.NEIGHBOUR), 7000));
        assertThat(net.diverted(SILENCE_MS)).containsExactly("6 192.0.2.2 7000");
        network.apply(HostInNamespace.config());
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
    network.apply(HostInNamespace.config("any ron"));
    try (ServerSocket server = Netns.in(net.host, () -> new ServerSocket(7000));
        Socket client =
            Netns.in(
                net.neighbour,
                () -> new Socket(HostInNamespace.address(HostInNamespace.HOST), 7000));
        Socket accepted = server.accept()) {
      accepted.getOutputStream().write(3);
      client.setSoTimeout(FAILS_AT_ONCE_MS);
      assertThat(client.getInputStream().read()).isEqualTo(3);
    }
    assertThat(net.diverted(SILENCE_MS)).isEmpty();
  }

  @Test
  void theKernelIsSilentOnReservedPortsAndAnswersOnOthers() throws Exception {
    network.apply(HostInNamespace.config());
    assertThatThrownBy(() -> HostInNamespace.connect(net.neighbour, HostInNamespace.HOST, 60_000))
        .isInstanceOf(ConnectException.class);
    assertThatThrownBy(() -> HostInNamespace.connect(net.neighbour, HostInNamespace.HOST6, 60_000))
        .isInstanceOf(ConnectException.class);
    for (String host : List.of(HostInNamespace.HOST, HostInNamespace.HOST6)) {
      assertThatThrownBy(() -> HostInNamespace.connect(net.neighbour, host, 61_000))
          .isInstanceOf(SocketTimeoutException.class);
    }
    assertThat(ReservedPorts.text(ReservedPorts.read(net.runner))).isEqualTo("61000-64999");
    try (ServerSocket server =
        Netns.in(
            net.host, () -> new ServerSocket(62_000, 1, HostInNamespace.address("127.0.0.1")))) {
      HostInNamespace.connect(net.host, "127.0.0.1", server.getLocalPort());
    }
  }

  @Test
  void whenTheClientDiesNothingIsDivertedAndFakesFailAtOnce() throws Exception {
    network.apply(HostInNamespace.config("udp dport 7000 ron"));
    net.sendUdp(HostInNamespace.NEIGHBOUR, 7000);
    net.sendUdp(HostInNamespace.NEIGHBOUR6, 7000);
    assertThat(net.diverted(SILENCE_MS)).hasSize(2);
    List<Long> holders = net.processes("nft");
    assertThat(holders).hasSize(1);
    ProcessHandle holder = ProcessHandle.of(holders.get(0)).orElseThrow();
    holder.destroyForcibly();
    holder.onExit().join();
    assertThat(net.runner.check("nft", "list", "tables")).isBlank();
    net.sendUdp(HostInNamespace.NEIGHBOUR, 7000);
    net.sendUdp(HostInNamespace.NEIGHBOUR6, 7000);
    assertThat(net.diverted(SILENCE_MS)).isEmpty();

    net.tun.close();
    net.sendUdp(HostInNamespace.NEIGHBOUR, 7000);
    net.sendUdp(HostInNamespace.NEIGHBOUR6, 7000);
    for (String fake : List.of("198.18.7.7", "fdc6:1200:4710::77")) {
      assertThatThrownBy(() -> HostInNamespace.connect(net.host, fake, 80))
          .isInstanceOf(NoRouteToHostException.class);
    }

    assertThat(ClientNetwork.prepare(net.runner, HostInNamespace.config()))
        .containsExactly(
            "ip rule from all fwmark 0x10000000/0x10000000 lookup 4710",
            "ip -6 rule from all fwmark 0x10000000/0x10000000 lookup 4710",
            "reserved ports 61000-64999");
    assertThat(ClientNetwork.cleanUp(net.runner, HostInNamespace.config()))
        .containsExactly("unreachable route 198.18.0.0/16", "unreachable route " + FAKES6);
    assertThat(ClientNetwork.cleanUp(net.runner, HostInNamespace.config())).isEmpty();
  }

  @Test
  void whatIsAppliedAgainIsRepairedWithoutLoadingTheSameRulesTwice() throws Exception {
    ClientNetworkConfig config = HostInNamespace.config("udp dport 7000 ron");
    network.apply(config);
    for (String family : List.of("-4", "-6")) {
      net.runner.check("ip", family, "rule", "del", "priority", "4710");
      net.runner.check("ip", family, "route", "flush", "table", "4710");
    }
    network.apply(config);
    net.sendUdp(HostInNamespace.NEIGHBOUR, 7000);
    net.sendUdp(HostInNamespace.NEIGHBOUR6, 7000);
    assertThat(net.diverted(SILENCE_MS)).hasSize(2);
    ProcessHandle holder = ProcessHandle.of(net.processes("nft").get(0)).orElseThrow();
    holder.destroyForcibly();
    holder.onExit().join();
    network.apply(config);
    net.sendUdp(HostInNamespace.NEIGHBOUR, 7000);
    assertThat(net.diverted(SILENCE_MS)).hasSize(1);
    for (String family : List.of("-4", "-6")) {
      assertThat(net.runner.check("ip", family, "rule", "show", "priority", "4710").lines())
          .hasSize(1);
    }
  }

  @Test
  void closingUndoesAllButTheUnreachableRoute() throws Exception {
    net.runner.check("sysctl", "-q", "-w", "net/ipv4/ip_local_reserved_ports=8080,62000-62010");
    String before = routing();
    network.apply(HostInNamespace.config("any ron"));
    assertThatThrownBy(() -> ClientNetwork.cleanUp(net.runner, HostInNamespace.config()))
        .isInstanceOf(OsException.class)
        .hasMessageContaining("stop that client first");
    network.close();
    assertThat(net.runner.check("nft", "list", "tables")).isBlank();
    assertThat(ReservedPorts.text(ReservedPorts.read(net.runner))).isEqualTo("8080,62000-62010");
    assertThat(routing().lines().filter(line -> !before.contains(line)))
        .as("only the unreachable routes are left")
        .hasSize(2)
        .allMatch(line -> line.startsWith("unreachable "));
    assertThat(ClientNetwork.cleanUp(net.runner, HostInNamespace.config()))
        .containsExactly("unreachable route 198.18.0.0/16", "unreachable route " + FAKES6);
    assertThat(routing()).isEqualTo(before);
  }

  /** Rules and routes of both families, but for those that the kernel makes when it pleases. */
  private String routing() throws Exception {
    StringBuilder all = new StringBuilder();
    for (String family : List.of("-4", "-6")) {
      all.append(net.runner.check("ip", family, "rule"));
      all.append(net.runner.check("ip", family, "route", "show", "table", "all"));
    }
    return all.toString().replaceAll("(?m)^.*fe80::.*\n", "");
  }

  @Test
  void aRouteInsideTheFakeRangeIsRefusedByName() throws Exception {
    net.runner.check("ip", "route", "add", "198.18.5.0/24", "via", HostInNamespace.NEIGHBOUR);
    assertThatThrownBy(() -> network.apply(HostInNamespace.config()))
        .isInstanceOf(OsException.class)
        .hasMessage(
            "the fake range 198.18.0.0/16 collides with a route of this host (198.18.5.0/24 via"
                + " 192.0.2.2 dev eth0): choose another one with --fake-range");
    assertThat(net.runner.check("ip", "route", "show", "type", "unreachable")).isEmpty();
    net.runner.check("ip", "route", "del", "198.18.5.0/24");
    net.runner.check("ip", "route", "add", "128.0.0.0/1", "via", HostInNamespace.NEIGHBOUR);
    net.runner.check("ip", "route", "add", "fdc6:1200::/32", "dev", "eth0");
    assertThatThrownBy(() -> network.apply(HostInNamespace.config()))
        .isInstanceOf(OsException.class)
        .hasMessageStartingWith(
            "the fake range " + FAKES6 + " collides with a route of this host (fdc6:1200::/32 dev")
        .hasMessageEndingWith("choose another one with --fake-range6");
    net.runner.check("ip", "route", "del", "fdc6:1200::/32", "dev", "eth0");
    network.apply(HostInNamespace.config());
  }

  @Test
  void whatARuleLeavesToTheUnderlayIsNeverMarked() throws Exception {
    network.apply(HostInNamespace.config("udp dport 7001 underlay", "any ron"));
    for (String there : List.of(HostInNamespace.NEIGHBOUR, HostInNamespace.NEIGHBOUR6)) {
      net.sendUdp(there, 7001);
    }
    assertThat(captured()).isZero();
    for (String there : List.of(HostInNamespace.NEIGHBOUR, HostInNamespace.NEIGHBOUR6)) {
      net.sendUdp(there, 7002);
    }
    assertThat(captured()).isEqualTo(2);
  }

  /** Packets that the chain which marks new connections has seen. */
  private int captured() throws Exception {
    String chain = net.runner.check("nft", "list", "chain", "inet", "oasis", "capture");
    Matcher counter = Pattern.compile("counter packets ([0-9]+) ").matcher(chain);
    assertThat(counter.find()).as(chain).isTrue();
    return Integer.parseInt(counter.group(1));
  }
}
