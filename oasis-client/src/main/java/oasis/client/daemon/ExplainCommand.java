// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import oasis.io.config.ConfigException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code oasis client explain NAME|5-TUPLE}. */
@Command(
    name = "explain",
    mixinStandardHelpOptions = true,
    description = {
      "Says which rule decides about a name or a connection now, which carrier it gets, and why.",
      "Examples: ${ROOT-COMMAND-NAME} explain www.mit.edu",
      "          ${ROOT-COMMAND-NAME} explain tcp 192.0.2.1:80",
      "          ${ROOT-COMMAND-NAME} explain tcp 10.0.0.5:40000 192.0.2.1:80",
      "          ${ROOT-COMMAND-NAME} explain www.mit.edu uid 1000"
    })
final class ExplainCommand implements Callable<Integer> {
  /** Most rules that do not match and are listed one by one. */
  private static final int FEW = 10;

  private static final String MISS = "does not match";

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DaemonOptions daemon = new DaemonOptions();

  @Option(names = "--json", description = "print JSON")
  private boolean json;

  @Parameters(
      arity = "1..*",
      paramLabel = "NAME|5-TUPLE",
      description =
          "a name, or tcp|udp|icmp [SOURCE] DESTINATION with ADDRESS:PORT for each end; behind it"
              + " uid NUMBER or cgroup PATH of the program")
  private List<String> words = List.of();

  @Override
  public Integer call() throws IOException, ConfigException {
    String text = String.join(" ", words);
    // Read here as well, so that a mistake is named without a running client.
    Question.parse(text);
    byte[] answer = daemon.get("/v1/explain?of=" + DaemonOptions.encode(text));
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      DaemonOptions.printJson(out, answer);
    } else {
      print(out, DaemonOptions.object(answer));
    }
    return 0;
  }

  private static void print(PrintWriter out, Map<String, ?> answer) {
    out.println(answer.get("of") + named(answer));
    if (answer.get("flow") instanceof Map<?, ?> flow) {
      out.println(
          "  this flow: "
              + flow.get("carrier")
              + " for life, since "
              + Table.duration(flow.get("ageMs"))
              + (flow.get("rule") == null ? "" : ", by the rule \"" + flow.get("rule") + "\""));
    }
    for (Map<?, ?> decision : DaemonOptions.objects(answer.get("decisions"))) {
      Object carrier = decision.get("carrier");
      String family = "ipv4".equals(decision.get("family")) ? "IPv4" : "IPv6";
      out.println("  new over " + family + ": " + (carrier == null ? "refused" : carrier));
      out.println("    why: " + decision.get("why"));
      printSteps(out, decision);
    }
    out.flush();
  }

  private static String named(Map<String, ?> answer) {
    Object name = answer.get("name");
    return name == null || name.equals(answer.get("of")) ? "" : " (" + name + ")";
  }

  private static void printSteps(PrintWriter out, Map<?, ?> decision) {
    List<Map<?, ?>> steps = DaemonOptions.objects(decision.get("steps"));
    long misses = steps.stream().filter(step -> MISS.equals(step.get("result"))).count();
    long omitted = decision.get("omitted") instanceof Number number ? number.longValue() : 0;
    boolean few = misses + omitted <= FEW;
    for (Map<?, ?> step : steps) {
      if (few || !MISS.equals(step.get("result"))) {
        out.println(
            "    rule " + step.get("number") + " (" + step.get("rule") + "): " + says(step));
      }
    }
    if (!few) {
      out.println("    " + (misses + omitted) + " rules before it do not match");
    }
  }

  private static String says(Map<?, ?> step) {
    if ("disabled".equals(step.get("result"))) {
      boolean would = Boolean.TRUE.equals(step.get("wouldMatch"));
      return "disabled; it would " + (would ? "match" : "not match either");
    }
    if (!"matches".equals(step.get("result"))) {
      return MISS;
    }
    String verdict = String.valueOf(step.get("verdict")).toUpperCase(Locale.ROOT);
    String then =
        switch (verdict) {
          case "CARRIED" -> "it carries";
          case "NEXT" -> "the next rule is asked";
          case "BLOCKED" -> "refused";
          default -> "the underlay";
        };
    String matches = "matches";
    if (step.get("onlyFor") != null) {
      matches += " if the program is one with " + step.get("onlyFor");
    }
    return matches + "; " + step.get("overlay") + " " + step.get("carrierIs") + ": " + then;
  }
}
