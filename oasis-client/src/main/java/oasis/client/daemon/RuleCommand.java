// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code oasis client rule add|remove|list}. */
@Command(
    name = "rule",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Adds, removes and lists the rules of the running client; the first match wins.")
final class RuleCommand extends ConfigCommand {
  @Command(
      name = "add",
      mixinStandardHelpOptions = true,
      description = {
        "Adds a rule behind the others; connections that exist already stay where they are.",
        "Example: oasis client rule add 'tcp dport 80' web"
      })
  int add(
      @Mixin DaemonOptions daemon,
      @Parameters(
              arity = "1..*",
              paramLabel = "SUBSET OVERLAY [METRIC]",
              description =
                  "which traffic, such as 'name:*.edu' or 'tcp dport 80'; the overlay, or"
                      + " \"underlay\"; and what it should be good at, such as 'minimize latency'")
          List<String> words,
      @Option(
              names = "--else",
              paramLabel = "WHAT",
              description = "when the overlay cannot serve: underlay (the default), next or block")
          @Nullable String otherwise)
      throws IOException, ConfigException {
    List<String> all = new ArrayList<>(words);
    if (otherwise != null) {
      all.add("else");
      all.add(otherwise);
    }
    // Parsed here as well, so that a wrong rule is refused without a running client.
    daemon.post(
        "/v1/rules", Map.of("rule", LiveConfig.parseRule(String.join(" ", all)).toString()));
    return 0;
  }

  @Command(
      name = "remove",
      mixinStandardHelpOptions = true,
      description = "Removes a rule; connections that it diverted stay where they are.")
  int remove(
      @Mixin DaemonOptions daemon,
      @Parameters(
              arity = "1..*",
              paramLabel = "NUMBER|RULE",
              description = "the number that \"list\" shows, or the rule's text")
          List<String> words)
      throws IOException, ConfigException {
    String text = String.join(" ", words);
    if (text.matches("[0-9]+")) {
      daemon.delete("/v1/rules/" + text);
    } else {
      daemon.delete(
          "/v1/rules?text=" + DaemonOptions.encode(LiveConfig.parseRule(text).toString()));
    }
    return 0;
  }

  @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists the rules.")
  int list(
      @Mixin DaemonOptions daemon,
      @Option(names = "--json", description = "print JSON") boolean json)
      throws IOException, ConfigException {
    DaemonOptions.printList(
        out(),
        daemon.get("/v1/rules"),
        json,
        new Table("N", "RULE", "SAVED"),
        one -> new Object[] {one.get("number"), one.get("rule"), DaemonOptions.saved(one)});
    return 0;
  }
}
