// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import oasis.packet.Address;
import oasis.testkit.FakeHostRoutes;
import oasis.testkit.Gen;
import oasis.testkit.NoAllocation;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NextHopsTest {
  private static final long OWN_MAC = 0x0200_0000_0001L;
  private static final long GATEWAY_MAC = 0xfedc_ba98_7654L;
  private static final long SECOND_NS = 1_000_000_000L;

  private final FakeHostRoutes host = new FakeHostRoutes();
  private final NextHops hops = new NextHops(host, 7, 4, 1);
  private long now = 5;

  @BeforeEach
  void network() {
    host.ethernet(2, OWN_MAC, 1500, link -> {});
    host.route("192.0.2.1", 2, "10.0.0.1");
    host.route("2001:db8::1", 2, "fe80::1");
    host.neighbour(2, "10.0.0.1", FakeHostRoutes.REACHABLE, GATEWAY_MAC);
    host.neighbour(2, "fe80::1", FakeHostRoutes.REACHABLE, GATEWAY_MAC);
  }

  private int find(String destination) {
    Address address = Address.parse(destination);
    return hops.find(address.hi(), address.lo(), now);
  }

  private String header(int hop, int version) {
    ByteBuffer b = ByteBuffer.allocate(20);
    hops.putHeader(hop, b, 3, version);
    return HexFormat.of().formatHex(b.array(), 3, 3 + NextHops.ETHERNET_BYTES);
  }

  @Test
  void aDestinationBehindAGatewayGetsTheGatewaysHeader() {
    int hop = find("192.0.2.1");
    assertThat(hops.headerKnown(hop)).isTrue();
    assertThat(hops.interfaceIndex(hop)).isEqualTo(2);
    assertThat(hops.mtu(hop)).isEqualTo(1500);
    assertThat(header(hop, 4)).isEqualTo("fedcba9876540200000000010800");
    assertThat(header(find("2001:db8::1"), 6)).isEqualTo("fedcba98765402000000000186dd");
    assertThat(host.lastMark()).isEqualTo(7);
  }

  @Test
  void aDestinationOnTheLinkIsItsOwnNeighbour() {
    host.route("10.0.0.9", 2, route -> {});
    host.neighbour(2, "10.0.0.9", FakeHostRoutes.REACHABLE, 0xa);
    assertThat(header(find("10.0.0.9"), 4)).startsWith("00000000000a");
  }

  @Test
  void theGatewayOfAnIpv4RouteMayHaveAnIpv6Address() {
    host.route("192.0.2.2", 2, "fe80::1");
    assertThat(hops.headerKnown(find("192.0.2.2"))).isTrue();
  }

  @Test
  void anAnswerIsBelievedForTwoSeconds() {
    find("192.0.2.1");
    now += NextHops.VALID_NS - 1;
    find("192.0.2.1");
    assertThat(host.routeQuestions()).isEqualTo(1);
    now += 1;
    host.neighbour(2, "10.0.0.1", FakeHostRoutes.REACHABLE, 0xb);
    assertThat(header(find("192.0.2.1"), 4)).startsWith("00000000000b");
    assertThat(host.routeQuestions()).isEqualTo(2);
  }

  @Test
  void aChangeMakesEveryDestinationBeAskedForAgain() {
    find("192.0.2.1");
    now += SECOND_NS;
    host.neighbour(2, "10.0.0.1", FakeHostRoutes.REACHABLE, 0xb);
    hops.changed(false);
    assertThat(header(find("192.0.2.1"), 4)).startsWith("00000000000b");
    assertThat(host.linkQuestions()).as("only neighbours and routes changed").isEqualTo(1);
    find("192.0.2.1");
    assertThat(host.routeQuestions()).isEqualTo(2);
  }

  @Test
  void manyChangesAreNotAskedAfterOneByOne() {
    for (int i = 0; i < 10; i++) {
      hops.changed(true);
      find("192.0.2.1");
      now += NextHops.SETTLE_NS / 10;
    }
    assertThat(host.routeQuestions()).isEqualTo(1);
    find("192.0.2.1");
    assertThat(host.routeQuestions()).isEqualTo(2);
  }

  @Test
  void aChangedLinkIsAskedForAgain() {
    find("192.0.2.1");
    now += SECOND_NS;
    host.ethernet(2, OWN_MAC, 1400, link -> {});
    hops.changed(true);
    assertThat(hops.mtu(find("192.0.2.1"))).isEqualTo(1400);
  }

  @Test
  void aNeighbourNotYetResolvedIsLookedForAgainSoon() {
    host.neighbour(2, "10.0.0.1", FakeHostRoutes.FAILED, 0);
    assertThat(hops.headerKnown(find("192.0.2.1"))).isFalse();
    assertThat(hops.mtu(find("192.0.2.1"))).isEqualTo(1500);
    host.neighbour(2, "10.0.0.1", FakeHostRoutes.REACHABLE, GATEWAY_MAC);
    assertThat(hops.headerKnown(find("192.0.2.1"))).isFalse();
    now += NextHops.RETRY_NS;
    assertThat(hops.headerKnown(find("192.0.2.1"))).isTrue();
  }

  @Test
  void aFailedNeighbourWithAnOldAddressIsNotUsed() {
    host.neighbour(2, "10.0.0.1", FakeHostRoutes.FAILED, GATEWAY_MAC);
    assertThat(hops.headerKnown(find("192.0.2.1"))).isFalse();
  }

  @Test
  void aStaleNeighbourIsSaidOnceForEachAnswer() {
    host.neighbour(2, "10.0.0.1", FakeHostRoutes.STALE, GATEWAY_MAC);
    int hop = find("192.0.2.1");
    assertThat(hops.headerKnown(hop)).isTrue();
    assertThat(hops.takeStale(hop)).isTrue();
    assertThat(hops.takeStale(hop)).isFalse();
    now += NextHops.VALID_NS;
    assertThat(hops.takeStale(find("192.0.2.1"))).isTrue();
    host.neighbour(2, "10.0.0.1", FakeHostRoutes.REACHABLE, GATEWAY_MAC);
    now += NextHops.VALID_NS;
    assertThat(hops.takeStale(find("192.0.2.1"))).isFalse();
  }

  @Test
  void whatIsNotAnEthernetNeighbourHasNoHeader() {
    host.ethernet(3, OWN_MAC, 1400, link -> link.type = 0xfffe);
    host.ethernet(4, OWN_MAC, 1400, link -> link.flags = 0x81);
    host.ethernet(5, OWN_MAC, 1400, link -> link.flags = 0);
    host.route("192.0.2.3", 3, route -> {});
    host.route("192.0.2.4", 4, route -> {});
    host.route("192.0.2.5", 5, route -> {});
    host.route("192.0.2.6", 2, route -> route.type = 2);
    assertThat(hops.headerKnown(find("192.0.2.3"))).as("a tunnel").isFalse();
    assertThat(hops.mtu(find("192.0.2.3"))).isEqualTo(1400);
    assertThat(hops.headerKnown(find("192.0.2.4"))).as("without ARP").isFalse();
    assertThat(hops.headerKnown(find("192.0.2.5"))).as("down").isFalse();
    assertThat(hops.headerKnown(find("192.0.2.6"))).as("this host").isFalse();
    host.route("192.0.2.7", 2, route -> route.encapsulates = true);
    assertThat(hops.headerKnown(find("192.0.2.7"))).as("wrapped").isFalse();
    assertThat(host.neighbourQuestions()).isZero();
  }

  @Test
  void aDestinationWithoutARouteHasNeitherHeaderNorMtu() {
    int hop = find("198.51.100.1");
    assertThat(hops.headerKnown(hop)).isFalse();
    assertThat(hops.mtu(hop)).isZero();
    host.route("198.51.100.1", 77, "10.0.0.1");
    now += NextHops.RETRY_NS;
    assertThat(hops.mtu(find("198.51.100.1"))).as("over a link that is gone").isZero();
    host.route("198.51.100.1", 0, "10.0.0.1");
    now += NextHops.RETRY_NS;
    assertThat(hops.mtu(find("198.51.100.1"))).as("over no link").isZero();
  }

  @Test
  void theMtuIsTheLeastOfLinkRouteAndRouterAdvertisement() {
    host.ethernet(3, OWN_MAC, 1400, link -> link.mtu6 = 1280);
    host.route("192.0.2.8", 3, route -> route.mtu = 1300);
    host.route("2001:db8::8", 3, route -> route.mtu = 1300);
    host.route("192.0.2.9", 3, route -> route.mtu = 9000);
    assertThat(hops.mtu(find("192.0.2.8"))).isEqualTo(1300);
    assertThat(hops.mtu(find("2001:db8::8"))).isEqualTo(1280);
    assertThat(hops.mtu(find("192.0.2.9"))).isEqualTo(1400);
  }

  @Test
  void aFullCacheMakesRoomForTheNextDestination() {
    for (int i = 0; i < 100; i++) {
      String to = "192.0.2." + (100 + i);
      host.route(to, 2, "10.0.0.1");
      assertThat(hops.headerKnown(find(to))).isTrue();
      assertThat(hops.size()).isLessThanOrEqualTo(4);
    }
    assertThat(host.routeQuestions()).isEqualTo(100);
    find("192.0.2.199");
    find("192.0.2.196");
    assertThat(host.routeQuestions()).isEqualTo(100);
  }

  @Test
  void moreLinksThanAreKeptInMindAreAskedForAgain() {
    NextHops many = new NextHops(host, 0, 64, 1);
    for (int i = 1; i <= 40; i++) {
      host.ethernet(i, OWN_MAC, 1000 + i, link -> {});
      host.route("192.0.2." + i, i, route -> {});
    }
    for (int round = 0; round < 2; round++) {
      for (int i = 1; i <= 40; i++) {
        Address address = Address.parse("192.0.2." + i);
        assertThat(many.mtu(many.find(address.hi(), address.lo(), now))).isEqualTo(1000 + i);
      }
      now += NextHops.VALID_NS;
    }
  }

  @Test
  void aSwitchOfSocketsIsSaidOnce() {
    int hop = find("192.0.2.1");
    assertThat(hops.switchTo(hop, true)).isTrue();
    assertThat(hops.switchTo(hop, true)).isFalse();
    now += NextHops.VALID_NS;
    assertThat(hops.switchTo(find("192.0.2.1"), true)).as("after a new answer").isFalse();
    assertThat(hops.switchTo(hop, false)).isTrue();
  }

  @Test
  void theNewestOfManyAnswersIsTheOneThatCounts() {
    Gen.cases(
        50,
        gen -> {
          FakeHostRoutes routes = new FakeHostRoutes();
          NextHops cache = new NextHops(routes, 0, 8, gen.anyLong());
          routes.ethernet(1, OWN_MAC, 1500, link -> {});
          long time = gen.anyLong();
          for (int i = 0; i < 200; i++) {
            String to = "10.0.0." + gen.range(1, 20);
            long mac = gen.range(1L, 1L << 40);
            routes.route(to, 1, route -> {});
            routes.neighbour(1, to, FakeHostRoutes.REACHABLE, mac);
            cache.changed(gen.flip());
            time += NextHops.SETTLE_NS;
            Address address = Address.parse(to);
            int hop = cache.find(address.hi(), address.lo(), time);
            ByteBuffer b = ByteBuffer.allocate(16);
            cache.putHeader(hop, b, 2, 4);
            assertThat(b.getLong(0)).isEqualTo(mac);
          }
        });
  }

  @Test
  void findingAllocatesNothing() {
    Address four = Address.parse("192.0.2.1");
    NoAllocation.check(10_000, () -> hops.find(four.hi(), four.lo(), now));
  }
}
