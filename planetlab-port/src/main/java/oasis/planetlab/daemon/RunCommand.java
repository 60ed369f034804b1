// SPDX-License-Identifier: Apache-2.0
package oasis.planetlab.daemon;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import oasis.client.daemon.EmbeddedClient;
import oasis.io.config.ConfigException;
import oasis.os.OsException;
import oasis.packet.Address;
import oasis.tcp.PortConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code oasis planetlab run}. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    description = {
      "Runs the port in the foreground until SIGTERM or SIGINT. It needs CAP_NET_RAW and changes"
          + " nothing in the operating system.",
      "Programs use it as their web proxy: http_proxy=http://127.0.0.1:"
          + RunCommand.DEFAULT_PORT
          + " https_proxy=http://127.0.0.1:"
          + RunCommand.DEFAULT_PORT
    })
final class RunCommand implements Callable<Integer> {
  static final String DEFAULT_PORT = "4712";
  static final String DEFAULT_STATE = "/var/lib/oasis/planetlab";
  static final String DEFAULT_CONTROL = "/run/oasis/planetlab.sock";

  private static final Address INNER4 = Address.parse("198.18.0.1");
  private static final Address INNER6 = Address.parse("fdc6:1200:4710::1");

  /** IPv6 header and TCP header: what every carrier takes less is left for payload. */
  private static final int HEADERS = 60;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = DEFAULT_PORT,
      description = "port on 127.0.0.1 and ::1 that programs use as their proxy (${DEFAULT-VALUE})")
  private int port;

  @Option(
      names = "--state",
      paramLabel = "DIR",
      defaultValue = DEFAULT_STATE,
      description = "directory of client.xml and the fake addresses (${DEFAULT-VALUE})")
  private Path state = Path.of(DEFAULT_STATE);

  @Option(
      names = "--control",
      paramLabel = "PATH",
      defaultValue = DEFAULT_CONTROL,
      description = "control socket (${DEFAULT-VALUE})")
  private Path control = Path.of(DEFAULT_CONTROL);

  @Option(
      names = "--overlay",
      paramLabel = "NAME=URL",
      description = "an overlay for this run only, such as ron=udp://192.0.2.10:7400; repeatable")
  private List<String> overlays = List.of();

  @Option(
      names = "--key",
      paramLabel = "NAME=FILE",
      description = "the key of an overlay given by --overlay; repeatable")
  private List<String> keys = List.of();

  @Option(
      names = "--rule",
      paramLabel = "TEXT",
      description = "a rule for this run only, such as 'name:*.edu ron'; repeatable")
  private List<String> rules = List.of();

  @Option(
      names = "--mtu",
      paramLabel = "BYTES",
      defaultValue = "1400",
      description = "longest packet to servers (${DEFAULT-VALUE})")
  private int mtu;

  @Option(
      names = "--nat-ports",
      paramLabel = "FIRST-LAST",
      defaultValue = "61000-62999",
      description =
          "ports of this host that the underlay's connections come from (${DEFAULT-VALUE})")
  private String natPorts = "";

  @Option(
      names = "--dns",
      paramLabel = "ADDRESS",
      description = "a name server, instead of those of /etc/resolv.conf; repeatable")
  private List<String> dns = List.of();

  @Override
  public Integer call() throws ConfigException, OsException, InterruptedException {
    EmbeddedClient.Options options = options();
    PortConfig config = config();
    List<Address> servers = servers();
    LoopbackFront front = LoopbackFront.open(port, config, servers);
    EmbeddedClient client = start(options, front);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> endNow(client, front), "shutdown"));
    PrintWriter out = spec.commandLine().getOut();
    out.println(
        "Ready in "
            + client.startMs()
            + " ms (127.0.0.1:"
            + port
            + ", "
            + client.overlays()
            + " overlays, "
            + client.rules()
            + " rules)");
    out.flush();
    new CountDownLatch(1).await();
    return 0;
  }

  private static EmbeddedClient start(EmbeddedClient.Options options, LoopbackFront front)
      throws ConfigException, OsException {
    boolean done = false;
    try {
      EmbeddedClient client = EmbeddedClient.start(options, front);
      done = true;
      return client;
    } finally {
      if (!done) {
        front.close();
      }
    }
  }

  private PortConfig config() {
    try {
      if (port < 1 || port > 0xffff) {
        throw new IllegalArgumentException("--port must be 1 to 65535");
      }
      int segment = Math.max(536, mtu - HEADERS);
      return PortConfig.defaults(segment, INNER4, INNER6, new SecureRandom().nextLong());
    } catch (IllegalArgumentException e) {
      throw wrong(e);
    }
  }

  private EmbeddedClient.Options options() {
    try {
      if (!natPorts.matches("[0-9]{1,5}-[0-9]{1,5}")) {
        throw new IllegalArgumentException("--nat-ports must be FIRST-LAST, from 1024 to 65535");
      }
      String[] ends = natPorts.split("-", 2);
      int first = Integer.parseInt(ends[0]);
      int last = Integer.parseInt(ends[1]);
      if (first <= port && port <= last) {
        throw new IllegalArgumentException("--port must not be one of --nat-ports");
      }
      return new EmbeddedClient.Options(state, control, mtu, first, last, overlays, keys, rules);
    } catch (IllegalArgumentException e) {
      throw wrong(e);
    }
  }

  private List<Address> servers() throws OsException {
    try {
      List<Address> servers = new ArrayList<>();
      for (String one : dns) {
        Address server = Address.parse(one);
        if (!NameServers.isFar(server)) {
          throw new IllegalArgumentException("--dns: " + one + " is not reached by packets");
        }
        servers.add(server);
      }
      return servers.isEmpty() ? NameServers.ofHost() : servers;
    } catch (IllegalArgumentException e) {
      throw wrong(e);
    }
  }

  private ParameterException wrong(IllegalArgumentException e) {
    return new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
  }

  /** After a signal the virtual machine would exit with its number; a clean close exits with 0. */
  private static void endNow(EmbeddedClient client, LoopbackFront front) {
    List<String> failures = client.end();
    front.close();
    failures.forEach(line -> System.err.println("oasis planetlab: " + line));
    Runtime.getRuntime().halt(failures.isEmpty() ? 0 : 1);
  }
}
