// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code exit drain}. */
@Command(
    name = "drain",
    mixinStandardHelpOptions = true,
    description = {
      "Lets no new flow begin: each is refused at once, so that clients go elsewhere.",
      "Flows that live go on, and keep-alives are answered."
    })
final class DrainCommand implements Callable<Integer> {
  private static final long POLL_MS = 500;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private ExitMain.Socket socket = new ExitMain.Socket();

  @Option(names = "--off", description = "Let flows begin again.")
  private boolean off;

  @Option(names = "--stop", description = "Wait until no flow lives, then stop the exit node.")
  private boolean stop;

  @Option(
      names = "--within",
      paramLabel = "SECONDS",
      defaultValue = "300",
      description = "With --stop: stop after this time in any case (default: ${DEFAULT-VALUE}).")
  private int within;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    if (off && stop) {
      throw new IllegalArgumentException("give --off or --stop, not both");
    }
    if (within < 0) {
      throw new IllegalArgumentException("--within takes seconds, not " + within);
    }
    Map<String, @Nullable Object> answer = socket.post("/v1/drain", Map.of("on", !off));
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      ExitMain.printJson(out, answer);
    } else if (off) {
      out.println("flows may begin again");
    } else {
      out.println("no flow may begin; live flows: " + answer.get("liveFlows"));
    }
    out.flush();
    if (stop) {
      try {
        stop(out);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return 0;
  }

  private void stop(PrintWriter out) throws IOException, InterruptedException {
    long began = System.nanoTime();
    Object live = live();
    while (!Long.valueOf(0).equals(live)
        && System.nanoTime() - began < TimeUnit.SECONDS.toNanos(within)) {
      TimeUnit.MILLISECONDS.sleep(POLL_MS);
      live = live();
    }
    socket.stop();
    if (!json) {
      out.println("stopped; flows cut off: " + live);
    }
  }

  private @Nullable Object live() throws IOException {
    return socket.get("/v1/status").get("liveFlows");
  }
}
