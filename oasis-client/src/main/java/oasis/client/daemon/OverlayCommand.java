// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import oasis.io.config.ConfigException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code oasis client overlay add|update|remove|list}. */
@Command(
    name = "overlay",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Adds, updates, removes and lists the overlays of the running client.")
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
                  "where its specification is: https://…, file:PATH, or http://… on the loopback;"
                      + " or udp://HOST:PORT of an entry node (an IPv6 address in brackets), with"
                      + " ?mtu=BYTES where 1400 is too much; host names are resolved now, once")
          String url,
      @Option(
              names = "--key",
              paramLabel = "FILE",
              description =
                  "the key that you share with its entry nodes, one line NUMBER SECRET [NAME];"
                      + " only its owner may read it")
          @Nullable Path key)
      throws IOException, ConfigException {
    Map<String, @Nullable Object> body = new LinkedHashMap<>();
    body.put("name", name);
    body.put("url", absolute(url));
    if (key != null) {
      body.put("key", key.toAbsolutePath().toString());
    }
    daemon.post("/v1/overlays", body);
    return 0;
  }

  /** The client does not know the directory that a path is relative to. */
  private static String absolute(String url) {
    return url.startsWith("file:") && !url.startsWith("file:/")
        ? Path.of(url.substring("file:".length())).toUri().toString()
        : url;
  }

  @Command(
      name = "update",
      mixinStandardHelpOptions = true,
      description = {
        "Fetches the specification of an overlay again; a higher version is taken.",
        "Connections by entry nodes that it still names go on."
      })
  int update(
      @Mixin DaemonOptions daemon,
      @Parameters(index = "0", paramLabel = "NAME", description = "the overlay") String name,
      @Option(names = "--json", description = "print JSON") boolean json)
      throws IOException, ConfigException {
    byte[] answer = daemon.ask("/v1/overlays/" + DaemonOptions.encode(name), Map.of());
    if (json) {
      DaemonOptions.printJson(out(), answer);
      return 0;
    }
    Map<String, @Nullable Object> versions = DaemonOptions.object(answer);
    Object now = versions.get("version");
    Object before = versions.get("versionBefore");
    out()
        .println(
            name
                + (Objects.equals(now, before)
                    ? ": version " + now + " is the newest"
                    : ": version " + before + " is now " + now));
    out().flush();
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
        new Table("NAME", "URL", "VERSION", "ENTRIES", "MTU", "SAVED"),
        one ->
            new @Nullable Object[] {
              one.get("name"),
              one.get("url"),
              one.get("version"),
              one.get("entries") instanceof List<?> entries ? entries.size() : null,
              one.get("mtu"),
              DaemonOptions.saved(one)
            });
    return 0;
  }
}
