// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import oasis.exit.engine.ExitLimits;
import oasis.io.Endpoint;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Prefix;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The settings of an exit node as text. Each is an option of {@code exit run} and an element of its
 * configuration file, see {@link ConfigSource}.
 */
final class ExitOptions {
  private static final Address LOOPBACK = new Address(0, Addresses.v4(0x7f00_0001));
  private static final Address ANY = new Address(0, 0);

  @Mixin private ExitMain.Socket socket = new ExitMain.Socket();

  @Option(
      names = "--listen",
      paramLabel = "[ADDRESS:]PORT",
      defaultValue = "4700",
      description = "UDP port for clients (default: ${DEFAULT-VALUE}).")
  private String listen = "";

  @Option(
      names = "--allow",
      paramLabel = "PREFIX",
      description = "Network whose hosts may be clients; may be repeated.")
  private List<String> allow = new ArrayList<>();

  @Option(names = "--open", description = "Let every address on the Internet be a client.")
  private boolean open;

  @Option(
      names = "--allow-destination",
      paramLabel = "PREFIX",
      description = "Destination that is reachable although it is private; may be repeated.")
  private List<String> allowDestination = new ArrayList<>();

  @Option(
      names = "--closed-ports",
      paramLabel = "PORT[,PORT]|none",
      defaultValue = "25",
      description = "TCP ports of destinations that no client reaches (default: ${DEFAULT-VALUE}).")
  private String closedPorts = "";

  @Option(
      names = "--mtu",
      paramLabel = "BYTES",
      defaultValue = "1400",
      description = "MTU of the tunnel (default: ${DEFAULT-VALUE}).")
  private int mtu;

  @Option(
      names = "--max-flows",
      paramLabel = "N",
      defaultValue = "65536",
      description = "Flows at a time (default: ${DEFAULT-VALUE}).")
  private int maxFlows;

  @Option(
      names = "--max-flows-per-client",
      paramLabel = "N",
      defaultValue = "16384",
      description = "Live flows of one client (default: ${DEFAULT-VALUE}).")
  private int maxFlowsPerClient;

  @Mixin private NatOptions nat = new NatOptions();
  @Mixin private QueueOptions queues = new QueueOptions();
  @Mixin private MemberOptions members = new MemberOptions();

  @Option(
      names = "--max-clients",
      paramLabel = "N",
      defaultValue = "4096",
      description = "Clients at a time (default: ${DEFAULT-VALUE}).")
  private int maxClients;

  @Mixin private BackendOptions behind = new BackendOptions();
  @Mixin private LogOptions logs = new LogOptions();

  @Option(
      names = "--metrics",
      paramLabel = "[ADDRESS:]PORT",
      description =
          "Serve metrics for Prometheus by HTTP at this TCP port, without an address on 127.0.0.1"
              + " only.")
  private @Nullable String metrics;

  /** How much is logged: error, warn, info or debug. */
  String log() {
    return logs.level();
  }

  /**
   * What the options say.
   *
   * @throws IllegalArgumentException in one line that names the option
   */
  ExitConfig config() {
    logs.level();
    return new ExitConfig(
        listen(listen),
        prefixes("--allow", allow),
        open,
        members.members(),
        prefixes("--allow-destination", allowDestination),
        closedPorts(),
        prefixes("--pool", List.of(behind.pool())).get(0),
        prefixes("--pool6", List.of(behind.pool6())).get(0),
        behind.tun(),
        mtu,
        new ExitLimits(
            maxClients,
            ExitLimits.DEFAULT.sourcesPerClient(),
            maxFlows,
            maxFlowsPerClient,
            ExitLimits.DEFAULT.repliesPerSecond()),
        nat.behaviour(),
        queues.config(),
        behind.backend(),
        behind.raw(),
        socket.control,
        logs.flowLog(),
        metrics == null ? null : endpoint("--metrics", metrics, LOOPBACK));
  }

  private List<Integer> closedPorts() {
    if (closedPorts.equals("none")) {
      return List.of();
    }
    List<Integer> ports = new ArrayList<>();
    for (String each : closedPorts.split(",", -1)) {
      if (!each.matches("[0-9]{1,5}") || Integer.parseInt(each) > 0xffff) {
        throw new IllegalArgumentException(
            "--closed-ports takes ports or none, not '" + each + "'");
      }
      ports.add(Integer.parseInt(each));
    }
    return ports;
  }

  /** The constant that a word names, in lower case. */
  static <E extends Enum<E>> E word(String option, String text, E[] constants) {
    List<String> words = new ArrayList<>();
    for (E each : constants) {
      String name = each.name().toLowerCase(Locale.ROOT).replace('_', '-');
      if (name.equals(text)) {
        return each;
      }
      words.add(name);
    }
    throw new IllegalArgumentException(
        "%s takes %s, not '%s'".formatted(option, String.join(", ", words), text));
  }

  /** The endpoint of {@code --listen}; without an address all of both IP versions. */
  static Endpoint listen(String text) {
    return endpoint("--listen", text, ANY);
  }

  private static Endpoint endpoint(String option, String text, Address otherwise) {
    int colon = text.lastIndexOf(':');
    String port = text.substring(colon + 1);
    if (!port.matches("[0-9]{1,5}") || Integer.parseInt(port) > 0xffff) {
      throw new IllegalArgumentException(option + " takes [ADDRESS:]PORT, not '" + text + "'");
    }
    Address address = otherwise;
    if (colon >= 0) {
      try {
        address = Address.parse(text.substring(0, colon).replaceAll("^\\[(.*)]$", "$1"));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(option + ": " + e.getMessage(), e);
      }
    }
    return new Endpoint(address.hi(), address.lo(), Integer.parseInt(port));
  }

  private static List<Prefix> prefixes(String option, List<String> texts) {
    List<Prefix> prefixes = new ArrayList<>();
    for (String text : texts) {
      for (String each : text.split(",", -1)) {
        try {
          prefixes.add(Prefix.parse(each));
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException(option + ": " + e.getMessage(), e);
        }
      }
    }
    return prefixes;
  }
}
