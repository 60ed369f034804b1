// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code oasis client run}. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    description = {
      "Runs the client in the foreground until SIGTERM or SIGINT.",
      "Overlays and rules are kept in the state directory; \"oasis client overlay\" and"
          + " \"oasis client rule\" change them while the client runs."
    })
final class RunCommand implements Callable<Integer> {
  private static final int NS_PER_US = 1000;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--state",
      paramLabel = "DIR",
      defaultValue = Settings.DEFAULT_STATE,
      description = "directory of client.xml and the fake addresses (${DEFAULT-VALUE})")
  private Path state = Path.of(Settings.DEFAULT_STATE);

  @Option(
      names = "--control",
      paramLabel = "PATH",
      defaultValue = Settings.DEFAULT_CONTROL,
      description = "control socket (${DEFAULT-VALUE})")
  private Path control = Path.of(Settings.DEFAULT_CONTROL);

  @Option(
      names = "--overlay",
      paramLabel = "NAME=URL",
      description =
          "an overlay for this run only, such as ron=udp://192.0.2.10:7400 or"
              + " ron=udp://[2001:db8::10]:7400, or the URL of its specification; repeatable")
  private List<String> overlays = List.of();

  @Option(
      names = "--key",
      paramLabel = "NAME=FILE",
      description =
          "the key that the entry nodes of an --overlay share with us; only its owner may read the"
              + " file; repeatable")
  private List<String> keys = List.of();

  @Option(
      names = "--rule",
      paramLabel = "TEXT",
      description =
          "a rule for this run only, behind the saved ones, such as 'name:*.edu ron';"
              + " repeatable")
  private List<String> rules = List.of();

  @Option(
      names = "--mtu",
      paramLabel = "BYTES",
      defaultValue = Settings.DEFAULT_MTU,
      description = "MTU of the TUN device (${DEFAULT-VALUE})")
  private int mtu;

  @Option(
      names = "--fake-range",
      paramLabel = "PREFIX",
      description =
          "IPv4 addresses that stand for names ("
              + ClientNetworkConfig.DEFAULT_FAKE_RANGE
              + ", or what client.xml says)")
  private @Nullable String fakeRange;

  @Option(
      names = "--fake-range6",
      paramLabel = "PREFIX|none",
      description =
          "IPv6 addresses that stand for names ("
              + ClientNetworkConfig.DEFAULT_FAKE_RANGE6
              + ", or what client.xml says); none leaves IPv6 alone")
  private @Nullable String fakeRange6;

  @Option(
      names = "--mediate",
      description =
          "take every new connection of this host and send it by the underlay, whatever the rules"
              + " say; for experiments")
  private boolean mediate;

  @Option(
      names = "--busy-poll",
      paramLabel = "US",
      defaultValue = "0",
      description =
          "microseconds for which the data loop spins before it sleeps (${DEFAULT-VALUE})")
  private int busyPollUs;

  @Option(
      names = "--try",
      description = "start, print the status and stop at once: shows whether everything works")
  private boolean tryOnly;

  private volatile int status;

  @Override
  public Integer call() throws Exception {
    ClientDaemon daemon = ClientDaemon.start(settings());
    Runtime.getRuntime().addShutdownHook(new Thread(() -> endNow(daemon), "shutdown"));
    PrintWriter out = spec.commandLine().getOut();
    out.println(daemon.summary());
    out.flush();
    if (tryOnly) {
      status = ClientMain.commandLine().execute("status", "--control", control.toString());
      return status;
    }
    new CountDownLatch(1).await();
    return 0;
  }

  private Settings settings() {
    try {
      return new Settings(
          state,
          control,
          mtu,
          (long) busyPollUs * NS_PER_US,
          new ClientOptions(mediate, fakeRange, fakeRange6),
          overlays,
          keys,
          rules);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
    }
  }

  /** After a signal the virtual machine would exit with its number; a clean close exits with 0. */
  private void endNow(ClientDaemon daemon) {
    List<String> failures = daemon.end();
    failures.forEach(line -> System.err.println("oasis client: " + line));
    Runtime.getRuntime().halt(failures.isEmpty() && !daemon.lost() ? status : 1);
  }
}
