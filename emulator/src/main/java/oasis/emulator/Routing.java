// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import oasis.emulator.Topology.End;
import oasis.emulator.Topology.LinkSpec;
import oasis.emulator.Topology.NodeSpec;
import oasis.emulator.Topology.RouteSpec;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Prefix;
import org.jspecify.annotations.Nullable;

/**
 * Computes the routes of one address family along the paths of least delay; of equal ones, the path
 * of fewer hops. Only nodes that forward are passed through. A host with one link to a router gets
 * a default route alone.
 */
final class Routing {
  private static final Prefix ANYWHERE4 = new Prefix(0, Addresses.V4_PREFIX, 0);
  private static final Prefix ANYWHERE6 = new Prefix(0, 0, 0);

  /** A link in one direction; the addresses are those of its ends in the family. */
  private record Hop(End from, End to, LinkAddress gateway) {
    long cost() {
      return from.outbound().delayNs() + 1;
    }

    Address via() {
      return gateway.address();
    }
  }

  /** A link that carries the family. */
  private record Network(String nodeA, String nodeB, LinkAddress a, LinkAddress b) {
    boolean touches(String node) {
      return nodeA.equals(node) || nodeB.equals(node);
    }
  }

  private record Visit(String node, long cost, @Nullable Hop first) {}

  private final Prefix anywhere;
  private final Map<String, NodeSpec> nodes = new HashMap<>();
  private final Map<String, List<Hop>> hops = new HashMap<>();
  private final List<Network> networks = new ArrayList<>();

  private Routing(Topology topology, boolean v4) {
    anywhere = v4 ? ANYWHERE4 : ANYWHERE6;
    for (NodeSpec node : topology.nodes()) {
      nodes.put(node.name(), node);
      hops.put(node.name(), new ArrayList<>());
    }
    for (LinkSpec link : topology.links()) {
      LinkAddress a = link.a().address(v4);
      LinkAddress b = link.b().address(v4);
      if (a != null && b != null) {
        networks.add(new Network(link.a().node(), link.b().node(), a, b));
        hopsOf(link.a().node()).add(new Hop(link.a(), link.b(), b));
        hopsOf(link.b().node()).add(new Hop(link.b(), link.a(), a));
      }
    }
  }

  /** All routes of a topology: the explicit ones, then the computed ones. */
  static List<RouteSpec> routes(Topology topology) {
    List<RouteSpec> routes = new ArrayList<>(topology.routes());
    if (topology.autoRouting()) {
      Set<String> explicit = new HashSet<>();
      topology.routes().forEach(route -> explicit.add(route.node() + " " + route.to()));
      for (Routing routing : List.of(new Routing(topology, true), new Routing(topology, false))) {
        for (NodeSpec node : topology.nodes()) {
          routing.computed(node).stream()
              .filter(route -> !explicit.contains(route.node() + " " + route.to()))
              .forEach(routes::add);
        }
      }
    }
    return routes;
  }

  private List<Hop> hopsOf(String node) {
    return hops.getOrDefault(node, List.of());
  }

  private boolean forwards(String node) {
    NodeSpec spec = nodes.get(node);
    return spec != null && spec.forwarding();
  }

  private List<RouteSpec> computed(NodeSpec node) {
    List<Hop> own = hopsOf(node.name());
    if (!node.forwarding() && own.size() == 1 && forwards(own.get(0).to().node())) {
      return List.of(new RouteSpec(node.name(), anywhere, own.get(0).via()));
    }
    Map<String, Hop> first = firstHops(node.name());
    List<RouteSpec> routes = new ArrayList<>();
    for (Network network : networks) {
      if (!network.touches(node.name())) {
        toNetwork(routes, node.name(), network, first);
      }
    }
    return routes;
  }

  /** One route if both ends are reached the same way, else one for each. */
  private static void toNetwork(
      List<RouteSpec> routes, String node, Network network, Map<String, Hop> first) {
    Hop toA = first.get(network.nodeA());
    Hop toB = first.get(network.nodeB());
    if (toA != null && toA.equals(toB)) {
      routes.add(new RouteSpec(node, network.a().network(), toA.via()));
      return;
    }
    if (toA != null) {
      routes.add(new RouteSpec(node, single(network.a()), toA.via()));
    }
    if (toB != null) {
      routes.add(new RouteSpec(node, single(network.b()), toB.via()));
    }
  }

  private static Prefix single(LinkAddress end) {
    Address address = end.address();
    return new Prefix(address.hi(), address.lo(), address.isV4() ? 32 : 128);
  }

  /** Dijkstra's algorithm; gives the first hop towards each node that can be reached. */
  private Map<String, Hop> firstHops(String source) {
    Map<String, Hop> first = new HashMap<>();
    Set<String> done = new HashSet<>();
    PriorityQueue<Visit> queue = new PriorityQueue<>(Comparator.comparingLong(Visit::cost));
    queue.add(new Visit(source, 0, null));
    while (!queue.isEmpty()) {
      Visit visit = queue.remove();
      if (!done.add(visit.node())) {
        continue;
      }
      if (visit.first() != null) {
        first.put(visit.node(), visit.first());
      }
      if (visit.node().equals(source) || forwards(visit.node())) {
        for (Hop hop : hopsOf(visit.node())) {
          Hop start = visit.first() == null ? hop : visit.first();
          queue.add(new Visit(hop.to().node(), visit.cost() + hop.cost(), start));
        }
      }
    }
    return first;
  }
}
