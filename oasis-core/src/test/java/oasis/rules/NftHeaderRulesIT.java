// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import oasis.os.CommandRunner;
import oasis.os.CommandRunner.Result;
import oasis.os.linux.LinuxCommandRunner;
import oasis.os.linux.Netns;
import oasis.testkit.Gen;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Whether the kernel takes the nftables text, in a network namespace of the test's own. */
final class NftHeaderRulesIT {
  private static final String NAMESPACE = "oas-rules-" + ProcessHandle.current().pid() + "-nft";
  private static final CommandRunner OUTSIDE = new LinuxCommandRunner();
  private static final CommandRunner INSIDE = LinuxCommandRunner.inNamespace(NAMESPACE);

  @BeforeAll
  static void create() throws Exception {
    assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "needs root");
    Netns.create(OUTSIDE, NAMESPACE);
  }

  @AfterAll
  static void delete() throws Exception {
    Netns.delete(OUTSIDE, NAMESPACE);
  }

  private static void load(List<Rule> rules) throws Exception {
    RuleSet set = RuleSet.compile(rules);
    NftHeaderRules nft = NftHeaderRules.compile(set, "accept", true);
    String text =
        "table inet t {}\ndelete table inet t\ntable inet t {\n"
            + nft.sets()
            + "chain programs {\n"
            + NftPrograms.notes(set, path -> null)
            + "}\nchain headers {\n"
            + nft.statements()
            + "}\n}\n";
    Result result = INSIDE.run(List.of("nft", "-f", "-"), text);
    assertThat(result.ok()).as("%s%n%s", result.err(), text).isTrue();
  }

  @Test
  void theKernelTakesRandomRulesThatOverlap() {
    Gen.cases(60, gen -> load(HeaderRules.random(gen, gen.range(1, 25))));
  }

  @Test
  void theKernelTakesThousandsOfRules() throws Exception {
    List<Rule> rules = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      rules.add(
          Rule.parse(
              "tcp dport "
                  + (80 + i % 100)
                  + " dst 10."
                  + i / 256
                  + "."
                  + i % 256
                  + ".0/24 "
                  + (i % 10 == 0 ? "underlay" : "web")));
      rules.add(Rule.parse("udp sport " + (1_000 + i) + " src 2001:db8:" + i + "::/48 web"));
    }
    load(rules);
  }
}
