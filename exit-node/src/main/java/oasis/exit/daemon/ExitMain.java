// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import oasis.io.StandardOutput;
import oasis.io.config.ConfigException;
import oasis.io.control.ControlClient;
import oasis.io.control.Json;
import oasis.io.control.JsonException;
import oasis.io.control.Response;
import oasis.os.FileErrors;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Command line of {@code oasis exit}. */
@Command(
    name = "oasis exit",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      RunCommand.class,
      StatusCommand.class,
      ClientsCommand.class,
      FlowsCommand.class,
      ClassesCommand.class,
      ProbeCommand.class,
      WhoisCommand.class,
      DrainCommand.class,
      ReloadCommand.class,
      RestartCommand.class,
      StopCommand.class,
      CleanupCommand.class,
    },
    description = "Carries overlay traffic to legacy destinations.")
public final class ExitMain implements Runnable {
  /** What requests to a running exit node are addressed to. */
  static final String SERVER = "oasis-exit";

  private static final String DAEMON = "exit node";

  @Spec private CommandSpec spec = CommandSpec.create();

  private ExitMain() {}

  /** Runs one command and exits with its status. */
  public static void main(String[] args) {
    int status = commandLine().execute(args);
    boolean serves = args.length > 0 && args[0].equals("run");
    System.exit(serves ? status : StandardOutput.checked(status, "oasis exit"));
  }

  /** The command line, with errors on one line. */
  public static CommandLine commandLine() {
    CommandLine line = new CommandLine(new ExitMain());
    String version = ExitMain.class.getPackage().getImplementationVersion();
    line.getCommandSpec()
        .version("oasis exit " + Objects.requireNonNullElse(version, "(not packaged)"));
    line.setExecutionExceptionHandler(
        (failure, command, parsed) -> {
          if (failure instanceof NotReplaceableException) {
            return fail(
                command.getErr(),
                String.valueOf(failure.getMessage()),
                NotReplaceableException.STATUS);
          }
          if (failure instanceof IOException
              || failure instanceof OsException
              || failure instanceof ConfigException
              || failure instanceof IllegalArgumentException) {
            return fail(
                command.getErr(),
                failure instanceof IOException e
                    ? FileErrors.describe(e)
                    : String.valueOf(failure.getMessage()),
                1);
          }
          throw failure;
        });
    line.setParameterExceptionHandler(
        (failure, words) ->
            fail(
                failure.getCommandLine().getErr(),
                "%s (%s --help says more)"
                    .formatted(
                        failure.getMessage(),
                        failure.getCommandLine().getCommandSpec().qualifiedName()),
                2));
    return line;
  }

  private static int fail(PrintWriter err, String message, int status) {
    err.println("oasis exit: " + message.replaceAll("\\R+", " "));
    err.flush();
    return status;
  }

  @Override
  public void run() {
    throw new CommandLine.ParameterException(
        spec.commandLine(),
        "say what to do: run, status, clients, flows, classes, whois, probe, drain, reload, restart,"
            + " stop or cleanup");
  }

  /** The control socket, for every command. */
  static final class Socket {
    @Option(
        names = "--control",
        paramLabel = "SOCKET",
        defaultValue = ExitConfig.DEFAULT_CONTROL,
        description = "Control socket (default: ${DEFAULT-VALUE}).")
    Path control = Path.of(ExitConfig.DEFAULT_CONTROL);

    /** Asks whoever listens there, who refuses if it is no exit node. */
    ControlClient client() {
      return new ControlClient(control, DAEMON, SERVER);
    }

    /** What the running exit node answers to a question, as it is. */
    Response ask(String path) throws IOException {
      return good(client().get(path));
    }

    /** What it answers with an object. */
    Map<String, @Nullable Object> get(String path) throws IOException {
      return object(ask(path));
    }

    /** What it answers to a wish. */
    Map<String, @Nullable Object> post(String path, Object json) throws IOException {
      return object(good(client().post(path, json)));
    }

    /**
     * Tells it to stop and waits for the end of its process, as {@link ControlClient#stop} does.
     */
    void stop() throws IOException {
      good(client().stop(get("/v1/status").get("pid")));
    }

    private static Response good(Response response) throws IOException {
      if (!response.ok()) {
        throw new IOException(response.errorMessage());
      }
      return response;
    }

    private static Map<String, @Nullable Object> object(Response response) throws IOException {
      try {
        return response.body().length == 0 ? Map.of() : Json.parseObject(response.body());
      } catch (JsonException e) {
        throw new IOException("the exit node gave a broken answer: " + e.getMessage(), e);
      }
    }
  }

  static void printJson(PrintWriter out, Object value) {
    out.println(new String(Json.write(value), UTF_8));
  }
}
