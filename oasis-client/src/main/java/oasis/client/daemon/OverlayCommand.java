// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code oasis client overlay add|remove|list}. */
@Command(
    name = "overlay",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Adds, removes and lists the overlays of the running client.")
final class OverlayCommand extends ConfigCommand {
  @Command(
      name = "add",
      mixinStandardHelpOptions = true,
      description = "Adds an overlay; it stays until it is removed, over restarts too.")
  int add(
      @Mixin DaemonOptions daemon,
      @Parameters(index = "0", paramLabel = "NAME", description = "the name that rules use")
          String name,
      @Parameters(
              index = "1",
              paramLabel = "URL",
              description =
                  "udp://HOST:PORT of the entry node (an IPv6 address in brackets), with ?mtu=BYTES"
                      + " where 1400 is too much; a host name is resolved now, once")
          String url)
      throws IOException, ConfigException {
    daemon.post("/v1/overlays", Map.of("name", name, "url", url));
    return 0;
  }

  @Command(
      name = "remove",
      mixinStandardHelpOptions = true,
      description = "Removes an overlay that no rule names; its TCP connections are reset.")
  int remove(
      @Mixin DaemonOptions daemon,
      @Parameters(index = "0", paramLabel = "NAME", description = "the overlay") String name)
      throws IOException, ConfigException {
    daemon.delete("/v1/overlays/" + DaemonOptions.encode(name));
    return 0;
  }

  @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists the overlays.")
  int list(
      @Mixin DaemonOptions daemon,
      @Option(names = "--json", description = "print JSON") boolean json)
      throws IOException, ConfigException {
    DaemonOptions.printList(
        out(),
        daemon.get("/v1/overlays"),
        json,
        new Table("NAME", "URL", "SAVED"),
        one -> new Object[] {one.get("name"), one.get("url"), DaemonOptions.saved(one)});
    return 0;
  }
}
