// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import oasis.exit.engine.ExitLimits;
import oasis.io.Endpoint;
import oasis.io.RawSender;
import oasis.os.OsException;
import oasis.packet.Address;
import oasis.packet.Prefix;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code exit run}. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    description = "Runs an exit node in the foreground until SIGTERM or SIGINT.")
final class RunCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();
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

  @Option(
      names = "--max-clients",
      paramLabel = "N",
      defaultValue = "4096",
      description = "Clients at a time (default: ${DEFAULT-VALUE}).")
  private int maxClients;

  @Option(
      names = "--pool",
      paramLabel = "PREFIX",
      defaultValue = ExitConfig.DEFAULT_POOL,
      description =
          "Addresses that stand for clients inside this node (default: ${DEFAULT-VALUE}).")
  private String pool = "";

  @Option(
      names = "--pool6",
      paramLabel = "PREFIX",
      defaultValue = ExitConfig.DEFAULT_POOL6,
      description = "The same for IPv6 (default: ${DEFAULT-VALUE}).")
  private String pool6 = "";

  @Option(
      names = "--backend",
      paramLabel = "BACKEND",
      defaultValue = "auto",
      description =
          "kernel (TUN and masquerade), raw (raw sockets), or auto: kernel where the host's"
              + " network is ours (default: ${DEFAULT-VALUE}).")
  private String backend = "";

  @Option(
      names = "--send",
      paramLabel = "WAY",
      defaultValue = "auto",
      description =
          "Raw backend: packet (packet socket where the next hop is Ethernet), raw (raw sockets"
              + " only), or auto: packet where it can be (default: ${DEFAULT-VALUE}).")
  private String send = "";

  @Option(
      names = "--silence",
      paramLabel = "WAY",
      defaultValue = "auto",
      description =
          "Raw backend: keep the kernel silent about its ports by nft, by sockets, or auto: nft"
              + " where it can be (default: ${DEFAULT-VALUE}).")
  private String silence = "";

  @Option(
      names = "--ports",
      paramLabel = "FIRST-LAST",
      defaultValue = ExitConfig.DEFAULT_PORTS,
      description = "Raw backend: ports that flows leave from (default: ${DEFAULT-VALUE}).")
  private String ports = "";

  @Option(
      names = "--address",
      paramLabel = "ADDRESS",
      description =
          "Raw backend: address that flows leave from, one of each family; without it, the one"
              + " that this host uses towards the Internet.")
  private List<String> addresses = new ArrayList<>();

  @Option(
      names = "--tun",
      paramLabel = "NAME",
      defaultValue = ExitConfig.DEFAULT_TUN,
      description = "Name of the TUN device (default: ${DEFAULT-VALUE}).")
  private String tun = "";

  @Option(
      names = "--flow-log",
      paramLabel = "FILE",
      description = "Write one line per finished flow to this file.")
  private @Nullable Path flowLog;

  @Option(
      names = "--flow-log-size",
      paramLabel = "BYTES",
      defaultValue = "67108864",
      description = "Size at which the flow log is rotated (default: ${DEFAULT-VALUE}).")
  private long flowLogBytes;

  @Option(
      names = "--log",
      paramLabel = "LEVEL",
      defaultValue = "info",
      description = "error, warn, info or debug (default: ${DEFAULT-VALUE}).")
  private String log = "";

  @Option(
      names = "--try",
      description = "Start, print the status and stop at once: shows whether everything works.")
  private boolean tryOnly;

  private volatile int status;

  @Override
  public Integer call() throws OsException, IOException {
    if (!List.of("error", "warn", "info", "debug").contains(log.toLowerCase(Locale.ROOT))) {
      throw new IllegalArgumentException("--log takes error, warn, info or debug, not " + log);
    }
    System.setProperty("oasis.log", log); // before the first logger is made
    ExitConfig config = config();
    PrintWriter out = spec.commandLine().getOut();
    if (config.open()) {
      out.println(
          "--open: any host on the Internet may now send packets from this node's address. You"
              + " answer for what they do; use --allow where you can, and --flow-log.");
      out.flush();
    }
    ExitDaemon daemon = new ExitDaemon(config);
    daemon.start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> endNow(daemon), "exit-stop"));
    out.printf("Ready: %s, MTU %d%n", daemon.description(), config.mtu());
    out.flush();
    if (tryOnly) {
      String path = socket.control.toString();
      status = spec.root().commandLine().execute("status", "--control", path);
      return status;
    }
    try {
      new CountDownLatch(1).await(); // SIGTERM and SIGINT end the process, by the hook above
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return 0;
  }

  /** After a signal the virtual machine would exit with its number; a clean close exits with 0. */
  private void endNow(ExitDaemon daemon) {
    daemon.close();
    Runtime.getRuntime().halt(daemon.lost() ? 1 : status);
  }

  private ExitConfig config() {
    return new ExitConfig(
        endpoint(listen),
        prefixes("--allow", allow),
        open,
        prefixes("--allow-destination", allowDestination),
        prefixes("--pool", List.of(pool)).get(0),
        prefixes("--pool6", List.of(pool6)).get(0),
        tun,
        mtu,
        new ExitLimits(
            maxClients,
            ExitLimits.DEFAULT.sourcesPerClient(),
            maxFlows,
            maxFlowsPerClient,
            ExitLimits.DEFAULT.repliesPerSecond()),
        word("--backend", backend, ExitConfig.Backend.values()),
        raw(),
        socket.control,
        flowLog,
        flowLogBytes);
  }

  private ExitConfig.Raw raw() {
    if (!ports.matches("[0-9]{1,5}-[0-9]{1,5}")) {
      throw new IllegalArgumentException("--ports takes FIRST-LAST, not '" + ports + "'");
    }
    String[] range = ports.split("-", 2);
    return new ExitConfig.Raw(
        Integer.parseInt(range[0]),
        Integer.parseInt(range[1]),
        word("--send", send, RawSender.Way.values()),
        word("--silence", silence, ExitConfig.Silence.values()),
        addresses.stream().map(Address::parse).toList());
  }

  /** The constant that a word names, in lower case. */
  private static <E extends Enum<E>> E word(String option, String text, E[] constants) {
    List<String> words = new ArrayList<>();
    for (E each : constants) {
      String name = each.name().toLowerCase(Locale.ROOT);
      if (name.equals(text)) {
        return each;
      }
      words.add(name);
    }
    throw new IllegalArgumentException(
        "%s takes %s, not '%s'".formatted(option, String.join(", ", words), text));
  }

  static Endpoint endpoint(String text) {
    int colon = text.lastIndexOf(':');
    String port = text.substring(colon + 1);
    if (!port.matches("[0-9]{1,5}") || Integer.parseInt(port) > 0xffff) {
      throw new IllegalArgumentException("--listen takes [ADDRESS:]PORT, not '" + text + "'");
    }
    if (colon < 0) {
      return Endpoint.anyIpv6(Integer.parseInt(port)); // and IPv4, see ExitConfig
    }
    Address address = Address.parse(text.substring(0, colon).replaceAll("^\\[(.*)]$", "$1"));
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
