// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import oasis.io.control.ControlClient;
import oasis.io.control.Json;
import oasis.io.control.JsonException;
import oasis.io.control.Response;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code exit restart}. */
@Command(
    name = "restart",
    mixinStandardHelpOptions = true,
    description =
        "Lets the running exit node replace itself by a new process with the same options, which"
            + " goes on with all its flows: for upgrades.")
final class RestartCommand implements Callable<Integer> {
  private static final int TRIES = 600;
  private static final long PAUSE_MS = 50;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private ExitMain.Socket socket = new ExitMain.Socket();

  @Override
  public Integer call() throws IOException {
    ControlClient client = socket.client();
    long old = pid(client.get("/v1/status"));
    long next = pid(client.post("/v1/restart", Map.of()));
    PrintWriter out = spec.commandLine().getOut();
    for (int i = 0; i < TRIES && ProcessHandle.of(next).isPresent(); i++) {
      if (carrying(client) == next) {
        out.printf("process %d carries on in place of %d%n", next, old);
        return 0;
      }
      pause();
    }
    throw new IOException(
        "process %d did not take over; the exit node goes on as process %d, and its log says why"
            .formatted(next, old));
  }

  /** Who answers, or 0 while nobody does. */
  private static long carrying(ControlClient client) {
    try {
      return pid(client.get("/v1/status"));
    } catch (IOException e) {
      return 0;
    }
  }

  private static long pid(Response response) throws IOException {
    if (!response.ok()) {
      throw new IOException(response.errorMessage());
    }
    try {
      if (Json.parseObject(response.body()).get("pid") instanceof Number pid) {
        return pid.longValue();
      }
    } catch (JsonException e) {
      throw new IOException("the exit node gave a broken answer: " + e.getMessage(), e);
    }
    throw new IOException("the exit node does not say which process it is");
  }

  private static void pause() throws IOException {
    try {
      TimeUnit.MILLISECONDS.sleep(PAUSE_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
