// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import oasis.emulator.Topology.End;
import oasis.emulator.Topology.LinkSpec;
import oasis.emulator.Topology.NodeSpec;
import oasis.emulator.Topology.RouteSpec;
import oasis.link.LinkSettings;
import oasis.packet.Address;

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
    links(links, names);
    routes(routes, links, names);
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
      RoleCheck.check(node);
    }
    return names;
  }

  private static void links(List<LinkSpec> links, Set<String> nodes) {
    if (links.size() > MAX_LINKS) {
      throw new TopologyException("a topology has at most " + MAX_LINKS + " links");
    }
    Set<String> names = new HashSet<>();
    AddressCheck addresses = new AddressCheck();
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
      end(link, link.a(), nodes);
      end(link, link.b(), nodes);
      if (link.a().node().equals(link.b().node())) {
        throw new TopologyException(
            "link \"" + link.name() + "\" has both ends at \"" + link.a().node() + "\"", link);
      }
      addresses.add(link);
    }
  }

  private static void end(LinkSpec link, End end, Set<String> nodes) {
    if (!nodes.contains(end.node())) {
      throw new TopologyException(
          "link \"" + link.name() + "\" ends at \"" + end.node() + "\", which is no node", link);
    }
    LinkSettings out = end.outbound();
    if (out.bitsPerSecond() > 0 && out.queueBytes() < link.mtu() + ETHERNET_HEADER_BYTES) {
      throw new TopologyException(
          "the queue of link \"" + link.name() + "\" is shorter than one packet of its MTU", link);
    }
  }

  private static void routes(List<RouteSpec> routes, List<LinkSpec> links, Set<String> nodes) {
    Set<String> seen = new HashSet<>();
    for (RouteSpec route : routes) {
      if (!nodes.contains(route.node())) {
        throw new TopologyException(
            "a route belongs to \"" + route.node() + "\", which is no node", route);
      }
      if (route.to().isV4() != route.via().isV4()) {
        throw new TopologyException(
            "route to " + route.to() + " has next hop " + route.via() + " of the other family",
            route);
      }
      if (!neighbour(route, links)) {
        throw new TopologyException(
            "next hop "
                + route.via()
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
    return links.stream()
        .anyMatch(
            link ->
                (link.a().node().equals(route.node()) && has(link.b(), route.via()))
                    || (link.b().node().equals(route.node()) && has(link.a(), route.via())));
  }

  private static boolean has(End end, Address address) {
    return end.addresses().stream().anyMatch(own -> own.address().equals(address));
  }
}
