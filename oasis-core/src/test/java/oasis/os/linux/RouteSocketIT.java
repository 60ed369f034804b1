// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import oasis.os.HostRoutes;
import oasis.packet.Address;
import oasis.testkit.NoAllocation;
import oasis.testkit.TestNamespace;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Answers of the kernel, held against what {@code ip} was told. */
class RouteSocketIT {
  private final HostRoutes.Route route = new HostRoutes.Route();
  private final HostRoutes.Neighbour neighbour = new HostRoutes.Neighbour();
  private final HostRoutes.Link link = new HostRoutes.Link();
  private TestNamespace left;
  private TestNamespace right;
  private RouteSocket socket;
  private int eth0;

  @BeforeEach
  void open() throws Exception {
    left = new TestNamespace("iosend");
    right = new TestNamespace("iosend");
    left.join("eth0", "10.8.0.1/24", right, "eth0", "10.8.0.2/24");
    left.run("ip addr add fd00:8::1/64 dev eth0 nodad");
    socket = left.in(RouteSocket::open);
    eth0 = left.in(() -> Sys.ifNameToIndex("eth0"));
  }

  @AfterEach
  void close() throws Exception {
    if (socket != null) {
      socket.close();
    }
    left.close();
    right.close();
  }

  private int ask(String destination, int mark) {
    Address to = Address.parse(destination);
    return socket.route(to.hi(), to.lo(), mark, route);
  }

  private int askNeighbour(String address) {
    Address a = Address.parse(address);
    return socket.neighbour(eth0, a.hi(), a.lo(), neighbour);
  }

  private String gateway() {
    return route.hasGateway ? new Address(route.gatewayHi, route.gatewayLo).toString() : "none";
  }

  @Test
  void routesOfBothFamiliesAreFound() throws Exception {
    left.run("ip route add 10.9.0.0/24 via 10.8.0.2 mtu 1300");
    left.run("ip route add 10.10.0.0/24 via inet6 fd00:8::2 dev eth0");
    left.run("ip -6 route add fd00:9::/64 via fd00:8::2 mtu 1400");
    assertThat(ask("10.8.0.7", 0)).isZero();
    assertThat(route.unicast()).isTrue();
    assertThat(gateway()).isEqualTo("none");
    assertThat(route.interfaceIndex).isEqualTo(eth0);
    assertThat(new Address(route.sourceHi, route.sourceLo)).hasToString("10.8.0.1");
    assertThat(ask("10.9.0.7", 0)).isZero();
    assertThat(gateway()).isEqualTo("10.8.0.2");
    assertThat(route.mtu).isEqualTo(1300);
    assertThat(ask("10.10.0.7", 0)).isZero();
    assertThat(gateway()).as("of an IPv4 route").isEqualTo("fd00:8::2");
    assertThat(ask("fd00:8::7", 0)).isZero();
    assertThat(gateway()).isEqualTo("none");
    assertThat(ask("fd00:9::7", 0)).isZero();
    assertThat(gateway()).isEqualTo("fd00:8::2");
    assertThat(route.mtu).isEqualTo(1400);
    assertThat(new Address(route.sourceHi, route.sourceLo)).hasToString("fd00:8::1");
  }

  @Test
  void whatIsNotAnotherHostIsNotUnicast() throws Exception {
    for (String to : new String[] {"10.8.0.1", "127.0.0.1", "10.8.0.255", "fd00:8::1", "::1"}) {
      assertThat(ask(to, 0)).as(to).isZero();
      assertThat(route.unicast()).as(to).isFalse();
    }
  }

  @Test
  void aDestinationWithoutARouteHasAnErrorOrNoUnicastRoute() throws Exception {
    assertThat(ask("198.51.100.1", 0)).isEqualTo(-Errno.ENETUNREACH);
    left.run("ip -6 route add unreachable default metric 4000");
    int result = ask("2001:db8::1", 0);
    assertThat(result < 0 || !route.unicast()).isTrue();
    left.run("ip route add blackhole 198.51.100.0/24");
    result = ask("198.51.100.1", 0);
    assertThat(result < 0 || !route.unicast()).isTrue();
  }

  @Test
  void theMarkChoosesTheTable() throws Exception {
    left.run("ip rule add fwmark 0x20000000/0x20000000 table 99");
    left.run("ip route add 198.51.100.0/24 via 10.8.0.9 table 99");
    assertThat(ask("198.51.100.1", 0)).isNegative();
    assertThat(ask("198.51.100.1", 0x2000_0000)).isZero();
    assertThat(gateway()).isEqualTo("10.8.0.9");
  }

  @Test
  void neighboursAreFoundWithTheirState() throws Exception {
    assertThat(askNeighbour("10.8.0.77")).isEqualTo(-Errno.ENOENT);
    left.run("ip neigh add 10.8.0.77 lladdr 02:12:34:56:78:9a dev eth0 nud reachable");
    left.run("ip neigh add fd00:8::77 lladdr 02:12:34:56:78:9b dev eth0 nud stale");
    assertThat(askNeighbour("10.8.0.77")).isZero();
    assertThat(neighbour.mac).isEqualTo(0x0212_3456_789aL);
    assertThat(neighbour.usable()).isTrue();
    assertThat(neighbour.stale()).isFalse();
    assertThat(askNeighbour("fd00:8::77")).isZero();
    assertThat(neighbour.mac).isEqualTo(0x0212_3456_789bL);
    assertThat(neighbour.interfaceIndex).isEqualTo(eth0);
    assertThat(neighbour.stale()).isTrue();
  }

  @Test
  void linksAreFound() throws Exception {
    left.run("ip link set eth0 address 02:00:00:00:00:07 mtu 1400");
    left.run("sysctl -qw net.ipv6.conf.eth0.mtu=1300");
    assertThat(socket.link(eth0, link)).isZero();
    assertThat(link.index).isEqualTo(eth0);
    assertThat(link.mac).isEqualTo(0x0200_0000_0007L);
    assertThat(link.mtu).isEqualTo(1400);
    assertThat(link.mtu6).isEqualTo(1300);
    assertThat(link.ethernet()).isTrue();
    left.run("ip link set eth0 down");
    assertThat(socket.link(eth0, link)).isZero();
    assertThat(link.ethernet()).as("down").isFalse();
    assertThat(socket.link(1, link)).isZero();
    assertThat(link.ethernet()).as("loopback").isFalse();
    assertThat(socket.link(9999, link)).isEqualTo(-Errno.ENODEV);
  }

  @Test
  void askingAllocatesNothing() {
    Address to = Address.parse("10.8.0.7");
    NoAllocation.check(
        500,
        () -> {
          socket.route(to.hi(), to.lo(), 0, route);
          socket.neighbour(eth0, to.hi(), to.lo(), neighbour);
          socket.link(eth0, link);
        });
  }

  @Test
  void changesAreHeardByTheirKind() throws Exception {
    // Addresses that the kernel makes by itself become usable at any time.
    try (RouteWatch all = left.in(() -> RouteWatch.open(RouteWatch.ALL));
        RouteWatch routesOnly = left.in(() -> RouteWatch.open(RouteWatch.ROUTE))) {
      left.run("ip route add 10.9.0.0/24 via 10.8.0.2");
      assertThat(all.read() & RouteWatch.ROUTE).as("a route").isPositive();
      left.run("ip -6 route add fd00:9::/64 via fd00:8::2");
      assertThat(all.read() & RouteWatch.ROUTE).as("an IPv6 route").isPositive();
      left.run("ip -6 rule add fwmark 1 table 99");
      assertThat(all.read() & RouteWatch.ROUTE).as("a rule").isPositive();
      assertThat(routesOnly.read()).isEqualTo(RouteWatch.ROUTE);
      left.run("ip neigh add 10.8.0.77 lladdr 02:12:34:56:78:9a dev eth0");
      assertThat(all.read() & RouteWatch.NEIGHBOUR).as("a neighbour").isPositive();
      left.run("ip link set eth0 alias x");
      assertThat(all.read() & RouteWatch.LINK).as("a link").isPositive();
      left.run("ip addr add 10.8.7.1/32 dev eth0");
      assertThat(all.read() & RouteWatch.ADDRESS).as("an address").isPositive();
      assertThat(routesOnly.read() & ~RouteWatch.ROUTE).isZero();
    }
  }

  @Test
  void lostMessagesCountAsEveryKindOfChange() throws Exception {
    try (RouteWatch watch = left.in(() -> RouteWatch.open(RouteWatch.ROUTE))) {
      StringBuilder batch = new StringBuilder();
      for (int i = 0; i < 4000; i++) {
        batch.append("route add 10.20.").append(i >> 8).append('.').append(i & 255);
        batch.append(" via 10.8.0.2\n");
      }
      left.runner().check(List.of("ip", "-batch", "-"), batch.toString());
      int heard = 0;
      for (int now = watch.read(); now != 0; now = watch.read()) {
        heard |= now;
      }
      assertThat(heard).isEqualTo(RouteWatch.ALL);
    }
  }
}
