// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import oasis.io.config.ConfigException;
import oasis.io.config.HangUp;
import oasis.os.OsException;
import oasis.os.linux.ServiceManager;
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
    description = {
      "Runs an exit node in the foreground until SIGTERM or SIGINT.",
      "Each option may stand in a file instead (--config), as an element of its name."
    })
final class RunCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = ConfigSource.CONFIG,
      paramLabel = "FILE",
      description =
          "Read what no option says from this file (docs/exit.xsd). SIGHUP and exit reload read it"
              + " again.")
  private @Nullable Path file;

  @SuppressWarnings("UnusedVariable") // The parser knows them by it; ConfigSource reads them.
  @Mixin
  private ExitOptions options = new ExitOptions();

  @Option(
      names = ConfigSource.REPLACE,
      description =
          "Take over from the exit node that runs at the same control socket, with all its flows;"
              + " where none runs, start as always. Ends with 4 when that one has to be stopped"
              + " first.")
  private boolean replace;

  @Option(
      names = ConfigSource.TRY,
      description = "Start, print the status and stop at once: shows whether everything works.")
  private boolean tryOnly;

  private volatile int status;

  @Override
  public Integer call() throws OsException, IOException, ConfigException {
    if (tryOnly && replace) {
      throw new IllegalArgumentException("--try would end what --replace takes over: drop one");
    }
    ConfigSource source = ConfigSource.of(spec.commandLine().getParseResult(), file);
    ExitSettings settings = source.read();
    System.setProperty("oasis.log", settings.log()); // before the first logger is made
    ExitConfig config = settings.config();
    PrintWriter out = spec.commandLine().getOut();
    if (config.open()) {
      out.println(
          "--open: any host on the Internet may now send packets from this node's address. You"
              + " answer for what they do; use --allow where you can, and --flow-log.");
      out.flush();
    }
    ExitDaemon daemon = new ExitDaemon(settings, source::read, replace);
    daemon.start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> endNow(daemon), "exit-stop"));
    HangUp.run(daemon::reload);
    out.printf("Ready: %s, MTU %d%n", daemon.description(), config.mtu());
    out.flush();
    ServiceManager.ready(System.getenv("NOTIFY_SOCKET"));
    if (tryOnly) {
      String path = config.control().toString();
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
}
