// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.util.concurrent.Callable;
import oasis.io.config.ConfigException;
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
  @Mixin private DaemonOptions daemon = new DaemonOptions();

  @Override
  public Integer call() throws IOException, ConfigException {
    daemon.stop(DaemonOptions.object(daemon.get("/v1/status")).get("pid"));
    return 0;
  }
}
