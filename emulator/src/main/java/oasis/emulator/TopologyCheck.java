// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import oasis.emulator.Topology.End;
import oasis.emulator.Topology.LinkSpec;
import oasis.emulator.Topology.NodeSpec;
import oasis.emulator.Topology.RouteSpec;
import oasis.link.LinkSettings;

/** Refuses topologies that could not be built or would surprise, each by one sentence. */
final class TopologyCheck {
  static final int MAX_NODES = 1000;
  static final int MAX_LINKS = 2000;
  private static final int MIN_MTU = 576;
  private static final int MAX_MTU = 9000;
  private static final int ETHERNET_HEADER_BYTES = 14;

  /** Safe as part of a namespace's name, of a file's name and in a command line. */
  private static final Pattern NODE_NAME = Pattern.compile("[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?");

  private static final Pattern OTHER_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

  private TopologyCheck() {}

  static void check(
      String name, List<NodeSpec> nodes, List<LinkSpec> links, List<RouteSpec> routes) {
    if (!OTHER_NAME.matcher(name).matches()) {
      throw new TopologyException(
          "the topology's name \"" + name + "\" may hold only letters, digits, '.', '_' and '-'");
    }
    Set<String> names = nodes(nodes);
    Map<Integer, LinkSpec> addresses = links(links, names);
    routes(routes, links, names, addresses.keySet());
  }

  private static Set<String> nodes(List<NodeSpec> nodes) {
    if (nodes.isEmpty() || nodes.size() > MAX_NODES) {
      throw new TopologyException("a topology has 1 to " + MAX_NODES + " nodes");
    }
    Set<String> names = new HashSet<>();
    for (NodeSpec node : nodes) {
      if (!NODE_NAME.matcher(node.name()).matches()) {
        throw new TopologyException(
            "node name \""
                + node.name()
                + "\" must be 1 to 32 lower-case letters, digits and hyphens, a letter first",
            node);
      }
      if (!names.add(node.name())) {
        throw new TopologyException("there are two nodes named \"" + node.name() + "\"", node);
      }
    }
    return names;
  }

  private static Map<Integer, LinkSpec> links(List<LinkSpec> links, Set<String> nodes) {
    if (links.size() > MAX_LINKS) {
      throw new TopologyException("a topology has at most " + MAX_LINKS + " links");
    }
    Set<String> names = new HashSet<>();
    Map<Integer, LinkSpec> addresses = new HashMap<>();
    Map<Ip4Prefix, LinkSpec> networks = new HashMap<>();
    for (LinkSpec link : links) {
      if (!OTHER_NAME.matcher(link.name()).matches() || !names.add(link.name())) {
        throw new TopologyException(
            "link name \""
                + link.name()
                + "\" must be unique and hold only letters, digits, '.', '_' and '-'",
            link);
      }
      if (link.mtu() < MIN_MTU || link.mtu() > MAX_MTU) {
        throw new TopologyException(
            "mtu of link \"" + link.name() + "\" must be " + MIN_MTU + " to " + MAX_MTU, link);
      }
      end(link, link.a(), nodes, addresses);
      end(link, link.b(), nodes, addresses);
      ends(link, networks);
    }
    return addresses;
  }

  private static void end(
      LinkSpec link, End end, Set<String> nodes, Map<Integer, LinkSpec> addresses) {
    if (!nodes.contains(end.node())) {
      throw new TopologyException(
          "link \"" + link.name() + "\" ends at \"" + end.node() + "\", which is no node", link);
    }
    Ip4Prefix address = end.address();
    int first = address.address() >>> 24;
    if (first == 0 || first == 127 || first >= 224) {
      throw new TopologyException(address + " is not an address for a link's end", link);
    }
    boolean pointToPoint = address.bits() == 31;
    if (address.bits() > 31
        || address.bits() < 8
        || (!pointToPoint
            && (address.address() == address.network().address()
                || !address.contains(address.address() + 1)))) {
      throw new TopologyException(
          address + " must be a host's address within a prefix of 8 to 31 bits", link);
    }
    LinkSpec other = addresses.putIfAbsent(address.address(), link);
    if (other != null) {
      throw new TopologyException(
          "address " + address.host() + " is used twice, on link \"" + other.name() + "\" too",
          link);
    }
    LinkSettings out = end.outbound();
    if (out.bitsPerSecond() > 0 && out.queueBytes() < link.mtu() + ETHERNET_HEADER_BYTES) {
      throw new TopologyException(
          "the queue of link \"" + link.name() + "\" is shorter than one packet of its MTU", link);
    }
  }

  private static void ends(LinkSpec link, Map<Ip4Prefix, LinkSpec> networks) {
    if (link.a().node().equals(link.b().node())) {
      throw new TopologyException(
          "link \"" + link.name() + "\" has both ends at \"" + link.a().node() + "\"", link);
    }
    Ip4Prefix network = link.a().address().network();
    if (!network.equals(link.b().address().network())) {
      throw new TopologyException(
          "the ends of link \""
              + link.name()
              + "\" are in different networks: "
              + link.a().address()
              + " and "
              + link.b().address(),
          link);
    }
    for (Map.Entry<Ip4Prefix, LinkSpec> other : networks.entrySet()) {
      if (other.getKey().overlaps(network)) {
        throw new TopologyException(
            "links \""
                + other.getValue().name()
                + "\" and \""
                + link.name()
                + "\" have overlapping networks: each link needs its own",
            link);
      }
    }
    networks.put(network, link);
  }

  private static void routes(
      List<RouteSpec> routes, List<LinkSpec> links, Set<String> nodes, Set<Integer> addresses) {
    Set<String> seen = new HashSet<>();
    for (RouteSpec route : routes) {
      if (!nodes.contains(route.node())) {
        throw new TopologyException(
            "a route belongs to \"" + route.node() + "\", which is no node", route);
      }
      if (!route.to().equals(route.to().network())) {
        throw new TopologyException(
            "route to " + route.to() + " has host bits; did you mean " + route.to().network() + "?",
            route);
      }
      if (!addresses.contains(route.via().address()) || !neighbour(route, links)) {
        throw new TopologyException(
            "next hop "
                + route.via().host()
                + " is not the other end of a link of \""
                + route.node()
                + "\"",
            route);
      }
      if (!seen.add(route.node() + " " + route.to())) {
        throw new TopologyException(
            "node \"" + route.node() + "\" has two routes to " + route.to(), route);
      }
    }
  }

  private static boolean neighbour(RouteSpec route, List<LinkSpec> links) {
    int via = route.via().address();
    return links.stream()
        .anyMatch(
            link ->
                (link.a().node().equals(route.node()) && link.b().address().address() == via)
                    || (link.b().node().equals(route.node())
                        && link.a().address().address() == via));
  }
}
