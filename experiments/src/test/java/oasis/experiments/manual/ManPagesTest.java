// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.manual;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class ManPagesTest {
  private final CommandLine oasis = Words.all();
  private final Map<String, String> pages = ManPages.pages(oasis);

  private static List<CommandLine> all(CommandLine command) {
    List<CommandLine> all = new ArrayList<>(List.of(command));
    command.getSubcommands().values().forEach(below -> all.addAll(all(below)));
    return all;
  }

  @Test
  void everyCommandHasAPageWithAllItsOptions() {
    for (CommandLine command : all(oasis)) {
      String name = command.getCommandSpec().qualifiedName("-").replace(' ', '-');
      String page = pages.get(name + ".1");

      assertThat(page).as(name).isNotNull().contains(".SH \"SYNOPSIS\"", ".SH \"EXIT STATUS\"");
      for (OptionSpec option : command.getCommandSpec().options()) {
        assertThat(page).as(name).contains(option.longestName().replace("-", "\\-"));
        assertThat(option.description()).as(name + " " + option.longestName()).isNotEmpty();
      }
      assertThat(command.getCommandSpec().usageMessage().description()).as(name).isNotEmpty();
    }
    assertThat(pages).hasSize(all(oasis).size());
  }

  @Test
  void everyWordOfTheLauncherHasAPage() throws Exception {
    String launcher = Files.readString(Path.of("..", "oasis"));
    Matcher words = Pattern.compile("(?m)^  ([a-z]+)  +[a-z]").matcher(launcher);
    List<String> found = new ArrayList<>();
    while (words.find()) {
      found.add(words.group(1));
    }
    assertThat(oasis.getSubcommands().keySet())
        .containsExactlyInAnyOrderElementsOf(found)
        .contains("client", "exit", "planetlab", "experiment");
  }

  @Test
  void aDaemonIsAskedAtItsOwnSocket() {
    assertThat(pages.get("oasis-client-status.1")).contains("/run/oasis/client.sock");
    assertThat(pages.get("oasis-planetlab-status.1")).contains("/run/oasis/planetlab.sock");
    assertThat(pages.get("oasis-planetlab-rule-add.1")).contains("/run/oasis/planetlab.sock");
    assertThat(pages.get("oasis-exit-status.1")).contains("/run/oasis/exit.sock");
  }

  @Test
  void aSummaryIsOneSentence() {
    assertThat(pages.get("oasis-exit-run.1"))
        .contains(
            "oasis\\-exit\\-run \\- Runs an exit node in the foreground until SIGTERM or SIGINT\n");
    assertThat(pages.get("oasis-emulate.1"))
        .contains(".SH \"EXIT STATUS\"\n\\&0 when all programs ended with 0");
  }

  @Test
  void noTextIsTakenForARequest() {
    pages.forEach(
        (name, page) ->
            assertThat(page.lines().filter(line -> line.startsWith(".") || line.startsWith("'")))
                .as(name)
                .allMatch(line -> line.matches("\\.(TH|SH|PP|TP|B)( .*)?"))
                .noneMatch(line -> line.contains("${")));
  }

  @Test
  void aPageReadsLikeOne() {
    assertThat(pages.get("oasis-client-rule-add.1"))
        .startsWith(".TH \"OASIS\\-CLIENT\\-RULE\\-ADD\" 1")
        .contains("oasis\\-client\\-rule\\-add \\- ", "\\fBoasis\\-client\\-rule\\fR(1)");
  }
}
