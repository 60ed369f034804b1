// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
 * permanent, and IPv6 is off on the links, so that the kernel sends nothing of its own: the
 * sequence of packets on a link, and with it the losses, is that of the programs. Used by the
 * thread that starts the emulation.
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
    own.add(new Attachment(link, linkIndex, end, peer, "eth" + own.size()));
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

  /** Addresses of a node, in the order of its devices. */
  List<Ip4Prefix> addresses(String node) {
    return attachmentsOf(node).stream().map(at -> at.end().address()).toList();
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
          .add(
              "route add "
                  + route.to()
                  + " via "
                  + route.via().host()
                  + congestionControl(route.node()));
    }
    for (NodeSpec node : topology.nodes()) {
      configure(node, routes.getOrDefault(node.name(), List.of()));
    }
  }

  private void setUp(NodeSpec node) throws OsException {
    Map<String, String> made = new LinkedHashMap<>(required(node));
    for (Map.Entry<String, String> setting : made.entrySet()) {
      Sysctl.write(setting.getKey(), setting.getValue());
    }
    setCongestionControl(made);
    settings.put(node.name(), made);
    if (!node.dns().isEmpty()) {
      StringBuilder text = new StringBuilder();
      node.dns().forEach(server -> text.append("nameserver ").append(server.host()).append('\n'));
      Path directory = Removal.RESOLVER_ROOT.resolve(namespace(node.name()));
      try {
        Files.createDirectories(directory);
        Files.write(directory.resolve("resolv.conf"), text.toString().getBytes(UTF_8));
      } catch (IOException e) {
        throw new OsException("resolv.conf of " + node.name() + ": " + e.getMessage(), e);
      }
    }
  }

  /** A new namespace inherits some settings of the host's; these are stated for each node. */
  private static Map<String, String> required(NodeSpec node) {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("net/ipv4/ip_forward", node.forwarding() ? "1" : "0");
    settings.put("net/ipv4/conf/all/rp_filter", "0");
    settings.put("net/ipv4/conf/default/rp_filter", "0");
    settings.put("net/ipv6/conf/default/disable_ipv6", "1");
    return settings;
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
    List<String> lines = new ArrayList<>();
    lines.add("link set lo up");
    for (Attachment at : attachmentsOf(node.name())) {
      lines.add("addr add " + at.end().address() + " dev " + at.device());
      lines.add("link set " + at.device() + " up");
      Ip4Prefix own = at.end().address();
      lines.add(
          ("route replace " + own.network() + " dev " + at.device())
              + (" proto kernel scope link src " + own.host() + congestionControl(node.name())));
      lines.add(
          ("neigh replace " + at.peer().address().host() + " dev " + at.device())
              + (" lladdr " + hardwareAddress(peer(at)) + " nud permanent"));
    }
    lines.addAll(routes);
    String namespace = namespace(node.name());
    inside(
        namespace,
        () -> {
          for (Attachment at : attachmentsOf(node.name())) {
            if (at.link().shaped()) {
              Offloads.off(at.device());
            }
          }
        });
    batch(namespace, lines);
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
