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
import org.jspecify.annotations.Nullable;

/**
 * Computes routes along the paths of least delay; of equal ones, the path of fewer hops. Only nodes
 * that forward are passed through. A host with one link to a router gets a default route alone.
 */
final class Routing {
  private static final Ip4Prefix ANYWHERE = new Ip4Prefix(0, 0);

  private record Hop(End from, End to) {
    long cost() {
      return from.outbound().delayNs() + 1;
    }
  }

  private record Visit(String node, long cost, @Nullable Hop first) {}

  private final Topology topology;
  private final Map<String, NodeSpec> nodes = new HashMap<>();
  private final Map<String, List<Hop>> hops = new HashMap<>();

  private Routing(Topology topology) {
    this.topology = topology;
    for (NodeSpec node : topology.nodes()) {
      nodes.put(node.name(), node);
      hops.put(node.name(), new ArrayList<>());
    }
    for (LinkSpec link : topology.links()) {
      hopsOf(link.a().node()).add(new Hop(link.a(), link.b()));
      hopsOf(link.b().node()).add(new Hop(link.b(), link.a()));
    }
  }

  /** All routes of a topology: the explicit ones, then the computed ones. */
  static List<RouteSpec> routes(Topology topology) {
    List<RouteSpec> routes = new ArrayList<>(topology.routes());
    if (topology.autoRouting()) {
      Set<String> explicit = new HashSet<>();
      topology.routes().forEach(route -> explicit.add(route.node() + " " + route.to()));
      Routing routing = new Routing(topology);
      for (NodeSpec node : topology.nodes()) {
        routing.computed(node).stream()
            .filter(route -> !explicit.contains(route.node() + " " + route.to()))
            .forEach(routes::add);
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
      return List.of(new RouteSpec(node.name(), ANYWHERE, host(own.get(0))));
    }
    Map<String, Hop> first = firstHops(node.name());
    List<RouteSpec> routes = new ArrayList<>();
    for (LinkSpec link : topology.links()) {
      if (!link.a().node().equals(node.name()) && !link.b().node().equals(node.name())) {
        toLink(routes, node.name(), link, first);
      }
    }
    return routes;
  }

  /** One route if both ends are reached the same way, else one for each. */
  private static void toLink(
      List<RouteSpec> routes, String node, LinkSpec link, Map<String, Hop> first) {
    Hop toA = first.get(link.a().node());
    Hop toB = first.get(link.b().node());
    if (toA != null && toA.equals(toB)) {
      routes.add(new RouteSpec(node, link.a().address().network(), host(toA)));
      return;
    }
    if (toA != null) {
      routes.add(new RouteSpec(node, single(link.a()), host(toA)));
    }
    if (toB != null) {
      routes.add(new RouteSpec(node, single(link.b()), host(toB)));
    }
  }

  private static Ip4Prefix single(End end) {
    return new Ip4Prefix(end.address().address(), 32);
  }

  private static Ip4Prefix host(Hop hop) {
    return single(hop.to());
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
