// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import oasis.io.config.ConfigException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code oasis client rule add|move|disable|enable|remove|list}. */
@Command(
    name = "rule",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description =
        "Adds, orders, disables, removes and lists the rules of the running client; the first match"
            + " wins. No change moves a connection that exists.")
final class RuleCommand extends ConfigCommand {
  @Command(
      name = "add",
      mixinStandardHelpOptions = true,
      description = {
        "Adds a rule, behind the others unless --at says where; connections that exist already stay"
            + " where they are.",
        "Examples: oasis client rule add 'tcp dport 80' web",
        "          oasis client rule add 'name:*.edu uid 1000' web"
      })
  int add(
      @Mixin DaemonOptions daemon,
      @Parameters(
              arity = "1..*",
              paramLabel = "SUBSET OVERLAY [METRIC]",
              description =
                  "which traffic, such as 'name:*.edu' or 'tcp dport 80'; the overlay, or"
                      + " \"underlay\"; and what it should be good at, such as 'minimize latency'"
                      + " (kept for overlays that choose by it; none does in this release)")
          List<String> words,
      @Option(
              names = "--else",
              paramLabel = "WHAT",
              description = "when the overlay cannot serve: underlay (the default), next or block")
          @Nullable String otherwise,
      @Option(
              names = "--at",
              paramLabel = "N",
              description = "the number that it gets; the rule there and those behind move down")
          @Nullable Integer at)
      throws IOException, ConfigException {
    List<String> all = new ArrayList<>(words);
    if (otherwise != null) {
      all.add("else");
      all.add(otherwise);
    }
    // Parsed here as well, so that a wrong rule is refused without a running client.
    String rule = LiveConfig.parseRule(String.join(" ", all)).toString();
    daemon.post("/v1/rules", at == null ? Map.of("rule", rule) : Map.of("rule", rule, "at", at));
    return 0;
  }

  @Command(
      name = "move",
      mixinStandardHelpOptions = true,
      description = "Gives a rule another place in the order.")
  int move(
      @Mixin DaemonOptions daemon,
      @Parameters(paramLabel = "FROM", description = "its number in \"list\"") int from,
      @Parameters(paramLabel = "TO", description = "the number that it has then") int to)
      throws IOException, ConfigException {
    daemon.post(rulePath(from) + "/move", Map.of("to", positive(to)));
    return 0;
  }

  @Command(
      name = "disable",
      mixinStandardHelpOptions = true,
      description = "Lets a rule keep its place and decide nothing.")
  int disable(
      @Mixin DaemonOptions daemon,
      @Parameters(paramLabel = "NUMBER", description = "its number in \"list\"") int number)
      throws IOException, ConfigException {
    daemon.post(rulePath(number) + "/disable", Map.of());
    return 0;
  }

  @Command(
      name = "enable",
      mixinStandardHelpOptions = true,
      description = "Lets a rule that was disabled decide again.")
  int enable(
      @Mixin DaemonOptions daemon,
      @Parameters(paramLabel = "NUMBER", description = "its number in \"list\"") int number)
      throws IOException, ConfigException {
    daemon.post(rulePath(number) + "/enable", Map.of());
    return 0;
  }

  private static String rulePath(int number) throws ConfigException {
    return "/v1/rules/" + positive(number);
  }

  private static String state(Map<?, ?> rule) {
    if (!Boolean.TRUE.equals(rule.get("enabled"))) {
      return "disabled";
    }
    return rule.get("missing") == null ? "on" : "no such control group";
  }

  private static int positive(int number) throws ConfigException {
    if (number < 1) {
      throw new ConfigException("the first rule is number 1 (oasis client rule list)");
    }
    return number;
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

  @Command(
      name = "list",
      mixinStandardHelpOptions = true,
      description = {
        "Lists the rules in their order, and what each has decided.",
        "Counted since the client started or the rule was added: names whose addresses it replaced,"
            + " flows, and their bytes both ways."
      })
  int list(
      @Mixin DaemonOptions daemon,
      @Option(names = "--json", description = "print JSON") boolean json)
      throws IOException, ConfigException {
    DaemonOptions.printList(
        out(),
        daemon.get("/v1/rules"),
        json,
        new Table("N", "RULE", "NAMES", "FLOWS", "BYTES", "STATE", "SAVED"),
        one ->
            new @Nullable Object[] {
              one.get("number"),
              one.get("rule"),
              one.get("names"),
              one.get("flows"),
              Table.bytes(one.get("bytes")),
              state(one),
              DaemonOptions.saved(one)
            });
    return 0;
  }
}
