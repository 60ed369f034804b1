// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.util.concurrent.Callable;
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
  @Mixin private ExitMain.Socket socket = new ExitMain.Socket();

  @Override
  public Integer call() throws IOException {
    socket.stop();
    return 0;
  }
}
