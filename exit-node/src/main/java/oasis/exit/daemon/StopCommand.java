// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code exit stop}. */
@Command(
    name = "stop",
    mixinStandardHelpOptions = true,
    description = {
      "Stops the running exit node, which undoes what it did, and waits for its end.",
      "Connections that it carries end; \"oasis exit drain --stop\" lets them end by themselves."
    })
final class StopCommand implements Callable<Integer> {
  private static final int STOP_SECONDS = 15;

  @Mixin private ExitMain.Socket socket = new ExitMain.Socket();

  @Override
  public Integer call() throws IOException {
    stop(socket);
    return 0;
  }

  /** Stops the node that listens at a socket, and waits until its process has ended. */
  static void stop(ExitMain.Socket socket) throws IOException {
    Object pid = socket.get("/v1/status").get("pid");
    Optional<ProcessHandle> process =
        pid instanceof Number number ? ProcessHandle.of(number.longValue()) : Optional.empty();
    socket.post("/v1/stop", Map.of());
    if (process.isPresent()) {
      await(process.get());
    }
  }

  private static void await(ProcessHandle process) throws IOException {
    try {
      process.onExit().get(STOP_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException | ExecutionException e) {
      throw new IOException(
          "the exit node (process %d) has not ended; end it by kill -9".formatted(process.pid()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
