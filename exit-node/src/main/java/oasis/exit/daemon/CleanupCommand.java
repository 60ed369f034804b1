// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import oasis.io.control.ControlClient;
import oasis.io.control.ControlServer;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code exit cleanup}. */
@Command(
    name = "cleanup",
    mixinStandardHelpOptions = true,
    description = "Removes what an exit node that crashed left in the operating system.")
final class CleanupCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private ExitMain.Socket socket = new ExitMain.Socket();

  @Option(
      names = "--tun",
      paramLabel = "NAME",
      defaultValue = ExitConfig.DEFAULT_TUN,
      description = "Name of the TUN device (default: ${DEFAULT-VALUE}).")
  private String tun = "";

  @Override
  public Integer call() throws OsException, IOException {
    if (runs()) {
      throw new IOException(
          "an exit node is running at %s; stop it first".formatted(socket.control));
    }
    boolean removed = ControlServer.removeStale(socket.control);
    PrintWriter out = spec.commandLine().getOut();
    List<String> done =
        Leftovers.cleanUp(new LinuxCommandRunner(), ExitConfig.stateFile(socket.control), tun);
    done.forEach(out::println);
    if (removed) {
      out.println("removed " + socket.control);
    } else if (done.isEmpty()) {
      out.println("nothing to clean up");
    }
    return 0;
  }

  private boolean runs() {
    try {
      new ControlClient(socket.control, "exit").get("/v1/status");
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
