// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import oasis.link.LinkSettings;
import org.junit.jupiter.api.Test;

class RoutingTest {
  private static final LinkSettings FAST = LinkSettings.delay(1_000_000);
  private static final LinkSettings SLOW = LinkSettings.delay(30_000_000);

  private static List<String> routes(Topology topology, String node) {
    return Routing.routes(topology).stream()
        .filter(route -> route.node().equals(node))
        .map(route -> route.to() + " " + route.via())
        .toList();
  }

  /** A triangle of routers whose direct side is slower than the detour, and a host at each. */
  private static Topology.Builder triangle() {
    return Topology.builder("triangle")
        .host("h1")
        .host("h2")
        .router("r1")
        .router("r2")
        .router("r3")
        .link("h1", "10.1.0.2/24", "r1", "10.1.0.1/24")
        .link("h2", "10.2.0.2/24", "r2", "10.2.0.1/24")
        .link("r1", "10.12.0.1/24", "r2", "10.12.0.2/24", SLOW)
        .link("r1", "10.13.0.1/24", "r3", "10.13.0.3/24", FAST)
        .link("r3", "10.23.0.3/24", "r2", "10.23.0.2/24", FAST);
  }

  @Test
  void aHostWithOneLinkToARouterHasADefaultRoute() {
    assertThat(routes(triangle().build(), "h1")).containsExactly("0.0.0.0/0 10.1.0.1");
  }

  @Test
  void routesFollowTheLeastDelay() {
    assertThat(routes(triangle().build(), "r1"))
        .contains("10.2.0.0/24 10.13.0.3", "10.23.0.0/24 10.13.0.3");
    assertThat(routes(triangle().build(), "r3"))
        .containsExactlyInAnyOrder(
            "10.1.0.0/24 10.13.0.1", "10.2.0.0/24 10.23.0.2",
            "10.12.0.1/32 10.13.0.1", "10.12.0.2/32 10.23.0.2");
  }

  @Test
  void anExplicitRouteGoesFirst() {
    Topology topology = triangle().route("r1", "10.2.0.0/24", "10.12.0.2").build();
    assertThat(routes(topology, "r1"))
        .contains("10.2.0.0/24 10.12.0.2")
        .doesNotContain("10.2.0.0/24 10.13.0.3");
  }

  @Test
  void nodesThatDoNotForwardAreNotPassedThrough() {
    Topology topology =
        Topology.builder("chain")
            .host("a")
            .host("b")
            .host("c")
            .link("a", "10.0.1.1/24", "b", "10.0.1.2/24")
            .link("b", "10.0.2.2/24", "c", "10.0.2.3/24")
            .build();
    assertThat(routes(topology, "a")).containsExactly("10.0.2.2/32 10.0.1.2");
  }

  @Test
  void eachFamilyIsRoutedOnTheLinksThatCarryIt() {
    // IPv4 goes straight; IPv6, which the straight link does not carry, takes the detour.
    Topology topology =
        Topology.builder("families")
            .host("h1")
            .router("r1")
            .router("r2")
            .router("r3")
            .link("h1", "10.1.0.2/24", "fd00:1::2/64", "r1", "10.1.0.1/24", "fd00:1::1/64")
            .link("r1", "10.12.0.1/24", "r2", "10.12.0.2/24", FAST)
            .link("r1", "fd00:13::1/64", "r3", "fd00:13::3/64", SLOW)
            .link("r3", "10.23.0.3/24", "fd00:23::3/64", "r2", "10.23.0.2/24", "fd00:23::2/64")
            .build();
    assertThat(routes(topology, "h1")).containsExactly("0.0.0.0/0 10.1.0.1", "::/0 fd00:1::1");
    assertThat(routes(topology, "r1"))
        .containsExactlyInAnyOrder("10.23.0.0/24 10.12.0.2", "fd00:23::/64 fd00:13::3");
  }

  @Test
  void explicitRoutingComputesNothing() {
    assertThat(Routing.routes(triangle().explicitRoutingOnly().build())).isEmpty();
  }
}
