// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import oasis.link.LinkSettings;
import oasis.packet.Address;
import oasis.packet.Prefix;
import org.jspecify.annotations.Nullable;

/**
 * What to emulate: nodes, the links between them, and routes. Immutable and checked: every instance
 * can be built. {@link #read} loads the XML form (docs/emulator.md, docs/topology.xsd), {@link
 * #builder} makes one in code.
 *
 * @param name names the run in results
 * @param seed of the random losses: equal seeds lose the same packets
 * @param autoRouting whether every node gets routes to all links' networks, along the paths of
 *     least delay; explicit routes go first
 * @param nodes at least one
 * @param links between two nodes each
 * @param routes explicit routes
 */
public record Topology(
    String name,
    long seed,
    boolean autoRouting,
    List<NodeSpec> nodes,
    List<LinkSpec> links,
    List<RouteSpec> routes) {

  /** MTU of a link that names none, in bytes. */
  public static final int DEFAULT_MTU = 1500;

  /**
   * A host or router.
   *
   * @param name lower-case letters, digits and hyphens, a letter first, at most 32
   * @param forwarding whether it passes packets on for others
   * @param dns servers for its {@code /etc/resolv.conf}; empty = the host's own file
   * @param cores where it works, or null for all
   * @param role what it runs ({@link Roles}), or null
   * @param options of its role
   */
  public record NodeSpec(
      String name,
      boolean forwarding,
      List<Address> dns,
      @Nullable Cores cores,
      @Nullable Role role,
      List<RoleOption> options) {
    public NodeSpec {
      dns = List.copyOf(dns);
      options = List.copyOf(options);
    }
  }

  /**
   * One option of a role, as on the command line of what plays it.
   *
   * @param name without hyphens before it
   * @param value null for an option that takes none
   */
  public record RoleOption(String name, @Nullable String value) {
    /** {@code --name value}. */
    List<String> words() {
      return value == null ? List.of("--" + name) : List.of("--" + name, value);
    }
  }

  /**
   * One end of a link. It has an IPv4 address, an IPv6 address, or both.
   *
   * @param node the node it is in
   * @param address4 IPv4 address of the node on this link, or null
   * @param address6 IPv6 address of the node on this link, or null
   * @param outbound what the link does to packets that this end sends
   */
  public record End(
      String node,
      @Nullable LinkAddress address4,
      @Nullable LinkAddress address6,
      LinkSettings outbound) {

    /** An end with one address, of either family. */
    public static End of(String node, String address, LinkSettings outbound) {
      LinkAddress only = LinkAddress.parse(address);
      return new End(node, only.isV4() ? only : null, only.isV4() ? null : only, outbound);
    }

    /** An end with an IPv4 and an IPv6 address, in this order. */
    public static End of(String node, String address4, String address6, LinkSettings outbound) {
      return new End(node, LinkAddress.parse(address4), LinkAddress.parse(address6), outbound);
    }

    /** Its addresses, IPv4 first. */
    public List<LinkAddress> addresses() {
      return Stream.of(Optional.ofNullable(address4), Optional.ofNullable(address6))
          .flatMap(Optional::stream)
          .toList();
    }

    /** Its address of a family, or null. */
    @Nullable LinkAddress address(boolean v4) {
      return v4 ? address4 : address6;
    }
  }

  /**
   * A link between two nodes. The first link of a node is its {@code eth0}, the next {@code eth1}.
   *
   * @param name unique; keys its random losses
   * @param mtu largest IP packet in bytes, 576 to 9000
   */
  public record LinkSpec(String name, End a, End b, int mtu) {
    /** Whether the link does anything to packets; if not, it is a plain veth pair. */
    public boolean shaped() {
      return !a.outbound().equals(LinkSettings.UNSHAPED)
          || !b.outbound().equals(LinkSettings.UNSHAPED);
    }
  }

  /**
   * A route of one node.
   *
   * @param node whose table it goes to
   * @param to the destinations; 0.0.0.0/0 and ::/0 are the default routes
   * @param via the next hop, of the same family, on one of the node's links
   */
  public record RouteSpec(String node, Prefix to, Address via) {}

  public Topology {
    nodes = List.copyOf(nodes);
    links = List.copyOf(links);
    routes = List.copyOf(routes);
    TopologyCheck.check(name, nodes, links, routes);
  }

  /**
   * Reads a topology file.
   *
   * @throws TopologyException when it cannot be read or is not a valid topology; the message names
   *     file and line
   */
  public static Topology read(Path file) {
    return TopologyReader.read(file);
  }

  /** Starts a topology in code, with seed 1 and automatic routing. */
  public static Builder builder(String name) {
    return new Builder(name);
  }

  /** Collects the parts of a topology. */
  public static final class Builder {
    private final String name;
    private final List<NodeSpec> nodes = new ArrayList<>();
    private final List<LinkSpec> links = new ArrayList<>();
    private final List<RouteSpec> routes = new ArrayList<>();
    private long seed = 1;
    private boolean autoRouting = true;
    private @Nullable Cores cores;

    private Builder(String name) {
      this.name = name;
    }

    /** Sets the seed of the random losses. */
    public Builder seed(long newSeed) {
      seed = newSeed;
      return this;
    }

    /** Leaves routing to {@link #route}. */
    public Builder explicitRoutingOnly() {
      autoRouting = false;
      return this;
    }

    /** Sets where the nodes work that are added from now on; null for all cores. */
    public Builder cores(@Nullable Cores newCores) {
      cores = newCores;
      return this;
    }

    /** Adds a node that does not forward; DNS servers are optional. */
    public Builder host(String node, String... dns) {
      return node(node, false, dns);
    }

    /** Adds a node that forwards. */
    public Builder router(String node, String... dns) {
      return node(node, true, dns);
    }

    private Builder node(String node, boolean forwarding, String... dns) {
      List<Address> servers = new ArrayList<>();
      for (String server : dns) {
        servers.add(Address.parse(server));
      }
      nodes.add(new NodeSpec(node, forwarding, servers, cores, null, List.of()));
      return this;
    }

    /** Adds a plain veth pair, at the speed of the machine; the addresses are of one family. */
    public Builder link(String nodeA, String addressA, String nodeB, String addressB) {
      return link(nodeA, addressA, nodeB, addressB, LinkSettings.UNSHAPED);
    }

    /**
     * Adds a link that does the same both ways.
     *
     * @param nodeA a node
     * @param addressA its address with prefix length, {@code 10.0.1.2/24} or {@code
     *     2001:db8:1::2/64}
     * @param nodeB another node
     * @param addressB its address, in the same network
     */
    public Builder link(
        String nodeA, String addressA, String nodeB, String addressB, LinkSettings settings) {
      return link(End.of(nodeA, addressA, settings), End.of(nodeB, addressB, settings));
    }

    /** Adds a plain veth pair that carries both families. */
    public Builder link(
        String nodeA,
        String address4A,
        String address6A,
        String nodeB,
        String address4B,
        String address6B) {
      return link(
          End.of(nodeA, address4A, address6A, LinkSettings.UNSHAPED),
          End.of(nodeB, address4B, address6B, LinkSettings.UNSHAPED));
    }

    /** Adds a link whose directions may differ; see {@link End#of}. */
    public Builder link(End a, End b) {
      links.add(new LinkSpec(defaultLinkName(links, a, b), a, b, DEFAULT_MTU));
      return this;
    }

    /** Adds a route. */
    public Builder route(String node, String to, String via) {
      routes.add(new RouteSpec(node, Prefix.parse(to), Address.parse(via)));
      return this;
    }

    /** Checks and makes the topology. */
    public Topology build() {
      return new Topology(name, seed, autoRouting, nodes, links, routes);
    }
  }

  /** {@code a-b}, and {@code a-b-2} for a second link between the same nodes. */
  static String defaultLinkName(List<LinkSpec> before, End a, End b) {
    String base = a.node() + "-" + b.node();
    String candidate = base;
    for (int i = 2; hasLink(before, candidate); i++) {
      candidate = base + "-" + i;
    }
    return candidate;
  }

  private static boolean hasLink(List<LinkSpec> links, String name) {
    return links.stream().anyMatch(link -> link.name().equals(name));
  }
}
