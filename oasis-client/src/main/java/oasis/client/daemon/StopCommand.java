// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import oasis.io.config.ConfigException;
import oasis.os.OsException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code oasis client stop}. */
@Command(
    name = "stop",
    mixinStandardHelpOptions = true,
    description = {
      "Stops the running client, which undoes what it did, and waits for its end.",
      "Connections that it carries end; all others go on."
    })
final class StopCommand implements Callable<Integer> {
  private static final int PATIENCE_SECONDS = 15;

  @Mixin private DaemonOptions daemon = new DaemonOptions();

  @Override
  public Integer call() throws IOException, ConfigException, OsException {
    Object pid = DaemonOptions.object(daemon.get("/v1/status")).get("pid");
    Optional<ProcessHandle> process =
        pid instanceof Number number ? ProcessHandle.of(number.longValue()) : Optional.empty();
    daemon.post("/v1/stop", Map.of());
    if (process.isPresent()) {
      await(process.get());
    }
    return 0;
  }

  private static void await(ProcessHandle process) throws OsException {
    try {
      process.onExit().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException | ExecutionException e) {
      throw new OsException(
          "the client (process " + process.pid() + ") has not ended; end it by kill -9", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OsException("interrupted", e);
    }
  }
}
