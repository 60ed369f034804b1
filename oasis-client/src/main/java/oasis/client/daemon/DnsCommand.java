// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.util.concurrent.Callable;
import oasis.io.config.ConfigException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code oasis client dns}. */
@Command(
    name = "dns",
    mixinStandardHelpOptions = true,
    description = "Lists the names that rules match and the fake addresses that stand for them.")
final class DnsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DaemonOptions daemon = new DaemonOptions();

  @Option(names = "--json", description = "print JSON")
  private boolean json;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "1000",
      description = "most addresses to list (${DEFAULT-VALUE})")
  private int limit;

  @Override
  public Integer call() throws IOException, ConfigException {
    DaemonOptions.printList(
        spec.commandLine().getOut(),
        daemon.get("/v1/dns?limit=" + limit),
        json,
        new Table("NAME", "FAKE", "REAL", "FLOWS"),
        one -> new Object[] {one.get("name"), one.get("fake"), one.get("real"), one.get("flows")});
    return 0;
  }
}
