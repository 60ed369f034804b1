// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import oasis.io.config.ConfigException;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code oasis cleanup}. */
@Command(
    name = "cleanup",
    mixinStandardHelpOptions = true,
    description = {
      "Removes what a dead client left in the operating system; refuses while one runs.",
      "Every start does the same first, but for the unreachable routes of the fake addresses:"
          + " they stay until this command, also after a clean stop."
    })
final class CleanupCommand implements Callable<Integer> {
  @Option(
      names = "--control",
      paramLabel = "PATH",
      defaultValue = Settings.DEFAULT_CONTROL,
      description = "control socket of the dead client (${DEFAULT-VALUE})")
  private Path control = Path.of(Settings.DEFAULT_CONTROL);

  @Override
  public Integer call() throws OsException, ConfigException, IOException {
    Path run = Objects.requireNonNull(control.toAbsolutePath().getParent());
    Files.createDirectories(run);
    List<String> removed;
    try (InstanceLock lock =
        InstanceLock.take(InstanceLock.forNamespace(run), "in this network namespace")) {
      removed =
          ClientNetwork.cleanUp(
              new LinuxCommandRunner(), Settings.defaults().networkConfig(ClientOptions.DEFAULTS));
      Objects.requireNonNull(lock);
    }
    removed.forEach(line -> System.out.println("removed " + line));
    if (removed.isEmpty()) {
      System.out.println("nothing to remove");
    }
    return 0;
  }
}
