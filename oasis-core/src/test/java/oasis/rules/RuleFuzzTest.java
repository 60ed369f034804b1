// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

final class RuleFuzzTest {
  private static final List<String> PIECES =
      List.of(
          "name:",
          "name:/",
          "/",
          "*.edu",
          "www.cnn.com",
          "tcp",
          "udp",
          "icmp",
          "any",
          "dport",
          "sport",
          "dst",
          "src",
          "80",
          "80-90,443",
          "10.0.0.0/8",
          "2001:db8::/32",
          "not",
          "and",
          "or",
          "else",
          "next",
          "block",
          "underlay",
          "ron",
          "minimize",
          "maximize",
          "latency",
          "loss",
          "transfer-time",
          "throughput",
          "<=",
          "1%",
          "80ms",
          "user",
          "uid",
          "cgroup",
          "1000-1999",
          "a/b.slice",
          ",",
          "(",
          ")",
          "[",
          "]",
          "^",
          "$",
          "|",
          "{2,3}",
          "\\",
          "\\.",
          "?",
          "+",
          "\u00e9",
          "\u0000",
          "\n",
          " ",
          " ",
          " ",
          " ");

  @Test
  void anyTextIsARuleOrAnErrorOfOneLine() {
    Gen.cases(
        20_000,
        gen -> {
          StringBuilder text = new StringBuilder();
          for (int i = gen.range(0, 14); i > 0; i--) {
            text.append(gen.pick(PIECES)).append(gen.chance(0.6) ? " " : "");
          }
          check(text.toString());
        });
  }

  @Test
  void aDamagedRuleIsARuleOrAnErrorOfOneLine() {
    List<String> rules =
        List.of(
            "name:/^(www|img)[0-9a-f]{2,5}\\.cnn\\.com$/ monitor loss <= 1% else next",
            "tcp not dport 80-90,443 dst 128.95.0.0/16,2001:db8::/32 bulk minimize latency");
    Gen.cases(
        20_000,
        gen -> {
          StringBuilder text = new StringBuilder(gen.pick(rules));
          for (int i = gen.range(1, 3); i > 0; i--) {
            int at = gen.below(text.length());
            if (gen.flip()) {
              text.deleteCharAt(at);
            } else {
              text.insert(at, (char) gen.range(0, 130));
            }
          }
          check(text.toString());
        });
  }

  private static void check(String text) {
    Rule rule;
    try {
      rule = Rule.parse(text);
    } catch (RuleException e) {
      assertThat(e.getMessage()).doesNotContain("\n").hasSizeLessThan(5_000);
      assertThat(e.column()).isBetween(1, text.length() + 1);
      return;
    }
    try {
      assertThat(Rule.parse(rule.toString())).isEqualTo(rule);
    } catch (RuleException e) {
      throw new AssertionError(text + " -> " + rule + ": " + e.getMessage(), e);
    }
    RuleSet set = RuleSet.compile(List.of(rule));
    set.matchName("www.cnn.com");
    NftHeaderRules.compile(set, "accept", true);
  }
}
