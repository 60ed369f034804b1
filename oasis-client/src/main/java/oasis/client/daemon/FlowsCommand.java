// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import oasis.io.config.ConfigException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code oasis client flows}. */
@Command(
    name = "flows",
    mixinStandardHelpOptions = true,
    description = "Lists the flows that the client carries.")
final class FlowsCommand implements Callable<Integer> {
  /** Terminal: cursor to the upper left, and nothing below it (ECMA-48 CUP, ED). */
  private static final String CLEAR = "\033[H\033[2J";

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DaemonOptions daemon = new DaemonOptions();

  @Option(names = "--json", description = "print JSON")
  private boolean json;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "1000",
      description = "most flows to list (${DEFAULT-VALUE})")
  private int limit;

  @Option(
      names = "--watch",
      arity = "0..1",
      paramLabel = "SECONDS",
      fallbackValue = "1",
      description = "print the list again and again, every second or so many, until interrupted")
  private @Nullable Integer watchSeconds;

  @Override
  public Integer call() throws IOException, ConfigException {
    Integer pause = watchSeconds;
    if (pause != null && pause < 1) {
      throw new ParameterException(spec.commandLine(), "--watch takes 1 second or more");
    }
    try {
      watch(pause);
    } catch (ClosedByInterruptException e) {
      // Interrupted in the middle of a question.
    }
    return 0;
  }

  private void watch(@Nullable Integer pause) throws IOException, ConfigException {
    PrintWriter out = spec.commandLine().getOut();
    print(out);
    // Nobody reads on when the other end of a pipe is closed.
    while (pause != null && !System.out.checkError() && pause(pause)) {
      if (json || !isTerminal()) {
        out.println();
      } else {
        out.print(CLEAR);
      }
      print(out);
    }
  }

  private static boolean isTerminal() {
    try {
      String out = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
      return out.startsWith("/dev/pts/") || out.startsWith("/dev/tty");
    } catch (IOException e) {
      return false;
    }
  }

  /** False when somebody interrupts. */
  private static boolean pause(int seconds) {
    try {
      TimeUnit.SECONDS.sleep(seconds);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void print(PrintWriter out) throws IOException, ConfigException {
    DaemonOptions.printList(
        out,
        daemon.get("/v1/flows?limit=" + limit),
        json,
        new Table("PROTO", "PROGRAM", "DESTINATION", "NAME", "CARRIER", "IDLE", "OUT", "IN"),
        FlowsCommand::row);
  }

  private static @Nullable Object[] row(Map<?, ?> flow) {
    return new @Nullable Object[] {
      flow.get("protocol"),
      flow.get("program"),
      flow.get("destination"),
      flow.get("name"),
      flow.get("carrier"),
      Table.duration(flow.get("idleMs")),
      Table.bytes(flow.get("outBytes")),
      Table.bytes(flow.get("inBytes"))
    };
  }
}
