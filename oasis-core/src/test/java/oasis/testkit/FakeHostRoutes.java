// SPDX-License-Identifier: Apache-2.0
package oasis.testkit;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import oasis.os.HostRoutes;
import oasis.packet.Address;

/** Routes, neighbours and links in memory. Counts how often it is asked. */
public final class FakeHostRoutes implements HostRoutes {
  /** State of a neighbour whose address is confirmed. */
  public static final int REACHABLE = 0x02;

  /** State of a neighbour whose address is old. */
  public static final int STALE = 0x04;

  /** State of a neighbour that does not answer. */
  public static final int FAILED = 0x20;

  private static final int UNREACHABLE = -101;
  private static final int NOT_FOUND = -2;
  private static final int ETHERNET = 1;
  private static final int UP = 1;

  private record Hop(int interfaceIndex, Address address) {}

  private final Map<Address, Consumer<Route>> routes = new HashMap<>();
  private final Map<Hop, Consumer<Neighbour>> neighbours = new HashMap<>();
  private final Map<Integer, Consumer<Link>> links = new HashMap<>();
  private int routeQuestions;
  private int neighbourQuestions;
  private int linkQuestions;
  private int lastMark;

  /** Sets a route to one address over an interface, which more settings may follow. */
  public void route(String to, int interfaceIndex, Consumer<Route> more) {
    routes.put(
        Address.parse(to),
        route -> {
          route.type = 1;
          route.interfaceIndex = interfaceIndex;
          more.accept(route);
        });
  }

  /** Sets a route by a gateway. */
  public void route(String to, int interfaceIndex, String gateway) {
    Address address = Address.parse(gateway);
    route(
        to,
        interfaceIndex,
        route -> {
          route.hasGateway = true;
          route.gatewayHi = address.hi();
          route.gatewayLo = address.lo();
        });
  }

  /** Removes a route. */
  public void noRoute(String to) {
    routes.remove(Address.parse(to));
  }

  /** Sets a neighbour. */
  public void neighbour(int interfaceIndex, String address, int state, long mac) {
    neighbours.put(
        new Hop(interfaceIndex, Address.parse(address)),
        neighbour -> {
          neighbour.interfaceIndex = interfaceIndex;
          neighbour.state = state;
          neighbour.hasMac = mac != 0;
          neighbour.mac = mac;
        });
  }

  /** Sets an Ethernet link that is up, which more settings may follow. */
  public void ethernet(int index, long mac, int mtu, Consumer<Link> more) {
    links.put(
        index,
        link -> {
          link.index = index;
          link.type = ETHERNET;
          link.flags = UP;
          link.mtu = mtu;
          link.hasMac = true;
          link.mac = mac;
          more.accept(link);
        });
  }

  /** How often it was asked for a route. */
  public int routeQuestions() {
    return routeQuestions;
  }

  /** How often it was asked for a neighbour. */
  public int neighbourQuestions() {
    return neighbourQuestions;
  }

  /** How often it was asked for a link. */
  public int linkQuestions() {
    return linkQuestions;
  }

  /** The mark of the last question for a route. */
  public int lastMark() {
    return lastMark;
  }

  @Override
  public int route(long hi, long lo, int mark, Route into) {
    routeQuestions++;
    lastMark = mark;
    into.clear();
    Consumer<Route> answer = routes.get(new Address(hi, lo));
    if (answer == null) {
      return UNREACHABLE;
    }
    answer.accept(into);
    return 0;
  }

  @Override
  public int neighbour(int interfaceIndex, long hi, long lo, Neighbour into) {
    neighbourQuestions++;
    into.clear();
    Consumer<Neighbour> answer = neighbours.get(new Hop(interfaceIndex, new Address(hi, lo)));
    if (answer == null) {
      return NOT_FOUND;
    }
    answer.accept(into);
    return 0;
  }

  @Override
  public int link(int interfaceIndex, Link into) {
    linkQuestions++;
    into.clear();
    Consumer<Link> answer = links.get(interfaceIndex);
    if (answer == null) {
      return NOT_FOUND;
    }
    answer.accept(into);
    return 0;
  }
}
