// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Command line of {@code oasis client}. */
@Command(
    name = "oasis client",
    mixinStandardHelpOptions = true,
    description = "Diverts traffic of this host to overlays.")
public final class ClientMain implements Runnable {
  private ClientMain() {}

  public static void main(String[] args) {
    CommandLine line = new CommandLine(new ClientMain());
    String version = ClientMain.class.getPackage().getImplementationVersion();
    line.getCommandSpec()
        .version("oasis client " + Objects.requireNonNullElse(version, "(not packaged)"));
    System.exit(line.execute(args));
  }

  @Override
  public void run() {
    CommandLine.usage(this, System.out);
  }

  @Command(name = "cleanup", mixinStandardHelpOptions = true, description = "Not built yet.")
  int cleanup() {
    System.err.println("oasis cleanup: not built yet");
    return 1;
  }
}
