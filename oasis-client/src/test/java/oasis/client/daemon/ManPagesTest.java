// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class ManPagesTest {
  private final CommandLine client = ClientMain.commandLine();
  private final Map<String, String> pages = ManPages.pages(client);

  private static List<CommandLine> all(CommandLine command) {
    List<CommandLine> all = new ArrayList<>(List.of(command));
    command.getSubcommands().values().forEach(below -> all.addAll(all(below)));
    return all;
  }

  @Test
  void everyCommandHasAPageWithAllItsOptions() {
    for (CommandLine command : all(client)) {
      String name = command.getCommandSpec().qualifiedName("-").replace(' ', '-');
      String page = pages.get(name + ".1");

      assertThat(page).as(name).isNotNull().contains(".SH \"SYNOPSIS\"", ".SH \"EXIT STATUS\"");
      for (OptionSpec option : command.getCommandSpec().options()) {
        assertThat(page).as(name).contains(option.longestName().replace("-", "\\-"));
        assertThat(option.description()).as(name + " " + option.longestName()).isNotEmpty();
      }
      assertThat(command.getCommandSpec().usageMessage().description()).as(name).isNotEmpty();
    }
    assertThat(pages).hasSize(all(client).size());
  }

  @Test
  void theCommandsThatPeopleNeedAreThere() {
    assertThat(client.getSubcommands().keySet())
        .contains(
            "run",
            "status",
            "overlay",
            "rule",
            "flows",
            "dns",
            "carriers",
            "explain",
            "doctor",
            "reload",
            "stop",
            "cleanup",
            "completion");
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
