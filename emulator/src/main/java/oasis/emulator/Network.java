// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import oasis.emulator.Topology.End;
import oasis.emulator.Topology.LinkSpec;
import oasis.emulator.Topology.NodeSpec;
import oasis.emulator.Topology.RouteSpec;
import oasis.emulator.hub.HubLink;
import oasis.emulator.hub.Offloads;
import oasis.emulator.hub.WarmUp;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.os.linux.Netns;
import oasis.os.linux.Sysctl;
import org.jspecify.annotations.Nullable;

/**
 * Makes the namespaces, devices, addresses, neighbours and routes of a topology. Neighbours are
 * permanent, IPv6 is off on links that have no IPv6 address, and silent on the others, so that the
 * kernel sends nothing of its own: the sequence of packets on a link, and with it the losses, is
 * that of the programs. Used by the thread that starts the emulation.
 */
final class Network {
  /** The namespace of the hub; no node's name has an underscore. */
  private static final String HUB = "_hub";

  private static final String CONGESTION_CONTROL = "net/ipv4/tcp_congestion_control";
  private static final String ROUTE_CONGESTION_CONTROL = "congctl of all routes";
  private static final String ALGORITHM = "cubic";

  private final Topology topology;
  private final String id;
  private final CommandRunner runner;

  /** Device numbers, given in the order of the topology's links. */
  private record Attachment(LinkSpec link, int linkIndex, End end, End peer, String device) {}

  private final Map<String, List<Attachment>> attachments = new LinkedHashMap<>();
  private final Map<String, Map<String, String>> settings = new LinkedHashMap<>();
  private final Set<String> loopbacksWithIp6 = new HashSet<>();

  Network(Topology topology, String id, CommandRunner runner) {
    this.topology = topology;
    this.id = id;
    this.runner = runner;
    topology.nodes().forEach(node -> attachments.put(node.name(), new ArrayList<>()));
    for (int i = 0; i < topology.links().size(); i++) {
      LinkSpec link = topology.links().get(i);
      attach(link, i, link.a(), link.b());
      attach(link, i, link.b(), link.a());
    }
  }

  private void attach(LinkSpec link, int linkIndex, End end, End peer) {
    List<Attachment> own = attachmentsOf(end.node());
    own.add(new Attachment(link, linkIndex, end, peer, device(own.size())));
  }

  private List<Attachment> attachmentsOf(String node) {
    return attachments.getOrDefault(node, List.of());
  }

  String namespace(String node) {
    return "oas-" + id + "-" + node;
  }

  String hubNamespace() {
    return namespace(HUB);
  }

  private boolean hasHub() {
    return topology.links().stream().anyMatch(LinkSpec::shaped);
  }

  /** All namespaces of this emulation. */
  List<String> namespaces() {
    List<String> names = new ArrayList<>();
    topology.nodes().forEach(node -> names.add(namespace(node.name())));
    if (hasHub()) {
      names.add(hubNamespace());
    }
    return names;
  }

  /** A node's ends of links, in the order of its devices. */
  List<End> ends(String node) {
    return attachmentsOf(node).stream().map(Attachment::end).toList();
  }

  /** The name of a node's device. */
  static String device(int index) {
    return "eth" + index;
  }

  /** The shaped links, for the hub. */
  List<HubLink> hubLinks() {
    List<HubLink> links = new ArrayList<>();
    for (int i = 0; i < topology.links().size(); i++) {
      LinkSpec link = topology.links().get(i);
      if (link.shaped()) {
        links.add(
            new HubLink(
                link.name(),
                "l" + i + "a",
                "l" + i + "b",
                link.mtu(),
                link.a().outbound(),
                link.b().outbound(),
                topology.seed()));
      }
    }
    return links;
  }

  /** Makes everything. */
  void build() throws OsException {
    for (NodeSpec node : topology.nodes()) {
      requireCores(node);
    }
    batch(null, namespaces().stream().map(name -> "netns add " + name).toList());
    for (NodeSpec node : topology.nodes()) {
      inside(namespace(node.name()), () -> setUp(node));
    }
    if (hasHub()) {
      inside(hubNamespace(), () -> Sysctl.write("net/ipv6/conf/default/disable_ipv6", "1"));
    }
    batch(null, devices());
    if (hasHub()) {
      hubDevicesUp();
    }
    Map<String, List<String>> routes = new TreeMap<>();
    for (RouteSpec route : Routing.routes(topology)) {
      routes
          .computeIfAbsent(route.node(), name -> new ArrayList<>())
          .add("route add " + route.to() + " via " + route.via() + congestionControl(route.node()));
    }
    for (NodeSpec node : topology.nodes()) {
      configure(node, routes.getOrDefault(node.name(), List.of()));
    }
  }

  private static void requireCores(NodeSpec node) throws OsException {
    int there = Runtime.getRuntime().availableProcessors();
    Cores cores = node.cores();
    if (cores != null && cores.highest() >= there) {
      throw new OsException(
          "node " + node.name() + ": cores " + cores.list() + " of a machine that has " + there);
    }
  }

  private void setUp(NodeSpec node) throws OsException {
    Map<String, String> made = Devices.ofNode(node.forwarding());
    for (Map.Entry<String, String> setting : made.entrySet()) {
      Sysctl.write(setting.getKey(), setting.getValue());
    }
    setCongestionControl(made);
    settings.put(node.name(), made);
    if (Devices.loopbackHasIp6()) {
      loopbacksWithIp6.add(node.name());
    }
    if (!node.dns().isEmpty()) {
      StringBuilder text = new StringBuilder();
      node.dns().forEach(server -> text.append("nameserver ").append(server).append('\n'));
      Path directory = Removal.RESOLVER_ROOT.resolve(namespace(node.name()));
      try {
        Files.createDirectories(directory);
        Files.write(directory.resolve("resolv.conf"), text.toString().getBytes(UTF_8));
      } catch (IOException e) {
        throw new OsException("resolv.conf of " + node.name() + ": " + e.getMessage(), e);
      }
    }
  }

  /**
   * Sets CUBIC. A namespace may make only those algorithms its default that the host lists in
   * tcp_allowed_congestion_control, which is the host's business; routes may name any.
   */
  private static void setCongestionControl(Map<String, String> made) throws OsException {
    try {
      Sysctl.write(CONGESTION_CONTROL, ALGORITHM);
    } catch (OsException refused) {
      String available = Sysctl.read("net/ipv4/tcp_available_congestion_control");
      if (List.of(available.split(" ", -1)).contains(ALGORITHM)) {
        made.put(ROUTE_CONGESTION_CONTROL, ALGORITHM);
      }
    }
    made.put(CONGESTION_CONTROL, Sysctl.read(CONGESTION_CONTROL));
  }

  private String congestionControl(String node) {
    String algorithm = settings.getOrDefault(node, Map.of()).get(ROUTE_CONGESTION_CONTROL);
    return algorithm == null ? "" : " congctl " + algorithm;
  }

  /**
   * The kernel's own routes to the loopback addresses, with the algorithm. A proxy that carries
   * packets makes what enters there a connection over links.
   */
  private List<String> loopbackRoutes(String node) throws OsException {
    String algorithm = congestionControl(node);
    if (algorithm.isEmpty()) {
      return List.of();
    }
    String local = " dev lo table local proto kernel";
    List<String> lines = new ArrayList<>();
    for (String to : List.of("127.0.0.0/8", "127.0.0.1")) {
      lines.add("route replace local " + to + local + " scope host src 127.0.0.1" + algorithm);
    }
    if (loopbacksWithIp6.contains(node)) {
      // The metric of the kernel's own, 0, cannot be asked for, so it cannot be replaced.
      lines.add("route del local ::1 dev lo table local");
      lines.add("route add local ::1" + local + " metric 1" + algorithm);
    }
    return lines;
  }

  /** The kernel settings that were made, for each node. */
  Map<String, Map<String, String>> settings() {
    return settings;
  }

  private List<String> devices() {
    List<String> lines = new ArrayList<>();
    for (List<Attachment> own : attachments.values()) {
      for (Attachment at : own) {
        boolean isA = at.end().equals(at.link().a());
        String device = device(at);
        if (at.link().shaped()) {
          lines.add(
              device
                  + (" type veth peer name l" + at.linkIndex() + (isA ? "a" : "b"))
                  + (" netns " + hubNamespace() + " mtu " + at.link().mtu()));
        } else if (isA) {
          Attachment peer = peer(at);
          lines.add(device + " type veth peer" + device(peer).substring("link add".length()));
        }
      }
    }
    if (hasHub()) {
      lines.add(
          ("link add " + WarmUp.DEVICE_A + " netns " + hubNamespace())
              + (" type veth peer name " + WarmUp.DEVICE_B + " netns " + hubNamespace()));
    }
    return lines;
  }

  private String device(Attachment at) {
    return ("link add name " + at.device() + " netns " + namespace(at.end().node()))
        + (" address " + hardwareAddress(at) + " mtu " + at.link().mtu());
  }

  private Attachment peer(Attachment at) {
    return attachmentsOf(at.peer().node()).stream()
        .filter(other -> other.link().equals(at.link()))
        .findFirst()
        .orElseThrow();
  }

  /** Locally administered: 02, 00, the link's number, 00, and 00 or 01 for the end. */
  private static String hardwareAddress(Attachment at) {
    return String.format(
        "02:00:%02x:%02x:00:%02x",
        at.linkIndex() >> 8, at.linkIndex() & 255, at.end().equals(at.link().a()) ? 0 : 1);
  }

  private void hubDevicesUp() throws OsException {
    List<String> devices = new ArrayList<>(List.of(WarmUp.DEVICE_A, WarmUp.DEVICE_B));
    for (HubLink link : hubLinks()) {
      devices.add(link.deviceA());
      devices.add(link.deviceB());
    }
    inside(
        hubNamespace(),
        () -> {
          for (String device : devices) {
            Offloads.off(device);
          }
        });
    batch(hubNamespace(), devices.stream().map(device -> "link set " + device + " up").toList());
  }

  private void configure(NodeSpec node, List<String> routes) throws OsException {
    String namespace = namespace(node.name());
    inside(
        namespace,
        () -> {
          for (Attachment at : attachmentsOf(node.name())) {
            Devices.silence(at.device(), at.end().address6() != null);
            if (at.link().shaped()) {
              Offloads.off(at.device());
            }
          }
        });
    List<String> lines = new ArrayList<>();
    lines.add("link set lo up");
    lines.addAll(loopbackRoutes(node.name()));
    for (Attachment at : attachmentsOf(node.name())) {
      lines.add("link set " + at.device() + " up");
      for (LinkAddress own : at.end().addresses()) {
        lines.add("addr add " + own + " dev " + at.device() + (own.isV4() ? "" : " nodad"));
        lines.add(
            ("route replace " + own.network() + " dev " + at.device())
                + (" proto kernel " + (own.isV4() ? "scope link " : "metric 256 "))
                + ("src " + own.host() + congestionControl(node.name())));
      }
      for (LinkAddress neighbour : at.peer().addresses()) {
        lines.add(
            ("neigh replace " + neighbour.host() + " dev " + at.device())
                + (" lladdr " + hardwareAddress(peer(at)) + " nud permanent"));
      }
    }
    lines.addAll(routes);
    batch(namespace, lines);
    receiveAt(node);
  }

  /** Lets the node's devices receive on its cores ("receive packet steering"), if it has any. */
  private void receiveAt(NodeSpec node) throws OsException {
    Cores cores = node.cores();
    if (cores == null || attachmentsOf(node.name()).isEmpty()) {
      return;
    }
    // "ip netns exec" mounts the namespace's own /sys.
    String script =
        "for queue in /sys/class/net/eth*/queues/rx-*; do echo $0 > $queue/rps_cpus || exit; done";
    List<String> command = new ArrayList<>(List.of("ip", "netns", "exec", namespace(node.name())));
    command.addAll(List.of("sh", "-c", script, cores.mask()));
    runner.check(command, "");
  }

  private void batch(@Nullable String namespace, List<String> lines) throws OsException {
    if (lines.isEmpty()) {
      return;
    }
    List<String> command = new ArrayList<>(List.of("ip"));
    if (namespace != null) {
      command.addAll(List.of("-n", namespace));
    }
    command.addAll(List.of("-batch", "-"));
    runner.check(command, String.join("\n", lines) + "\n");
  }

  private interface Work {
    void run() throws OsException;
  }

  private static void inside(String namespace, Work work) throws OsException {
    try {
      Netns.in(
          namespace,
          () -> {
            work.run();
            return true;
          });
    } catch (OsException e) {
      throw e;
    } catch (Exception e) {
      throw new OsException(namespace + ": " + e.getMessage(), e);
    }
  }
}
