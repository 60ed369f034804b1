// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import oasis.packet.FlowKey;
import oasis.packet.Prefix;
import oasis.testkit.Gen;
import oasis.testkit.NoAllocation;
import org.junit.jupiter.api.Test;

/** The reference: each term asked by itself, in the order of the rules. */
final class HeaderMatcherOracleTest {
  @Test
  void theFirstMatchIsThatOfAskingEachTerm() {
    Gen.cases(
        2_000,
        gen -> {
          List<Rule> rules = HeaderRules.random(gen, gen.range(1, 15));
          RuleSet set = RuleSet.compile(rules);
          for (int i = 0; i < 50; i++) {
            FlowKey key = HeaderRules.key(gen);
            int from = gen.below(rules.size() + 1);
            assertThat(set.matchHeader(key, from))
                .as("%s from %d in %s", HeaderRules.text(key), from, rules)
                .isEqualTo(expected(rules, key, from));
          }
        });
  }

  @Test
  void aRuleForCertainProgramsHoldsForThese() {
    Gen.cases(
        2_000,
        gen -> {
          List<Rule> rules = HeaderRules.random(gen, gen.range(1, 15));
          RuleSet set =
              RuleSet.compile(
                  rules, RuleSet.compile(HeaderRules.random(gen, 5)), NeverFaked.NOTHING);
          ProgramFacts program = HeaderRules.program(gen);
          long notes = HeaderRules.notes(set, program);
          for (int i = 0; i < rules.size(); i++) {
            boolean certain = program.holds(rules.get(i).subset()) == ProgramFacts.Answer.YES;
            assertThat(set.holds(i, notes))
                .as("%s by %s", program, rules.get(i))
                .isEqualTo(certain);
            assertThat(set.holds(i, Programs.UNKNOWN))
                .isEqualTo(!rules.get(i).subset().asksForProgram());
          }
        });
  }

  @Test
  void tenThousandRulesAreScannedWithoutAllocation() throws RuleException {
    List<Rule> rules = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      rules.add(Rule.parse("tcp dport 80,443 dst 10." + i / 256 + "." + i % 256 + ".0/24 web"));
    }
    RuleSet set = RuleSet.compile(rules);
    Prefix last = Prefix.parse("10.39.15.9");
    FlowKey key = new FlowKey().set(0, 0xffff_0a00_0001L, last.hi(), last.lo(), 6, 40_000, 443);
    assertThat(set.matchHeader(key)).isEqualTo(9_999);
    int[] found = {0};
    NoAllocation.check(200, () -> found[0] += set.matchHeader(key));
    assertThat(found[0]).isPositive();
  }

  static int expected(List<Rule> rules, FlowKey key, int from) {
    boolean ipv6 = HeaderRules.isIpv6(key);
    boolean known =
        key.protocol() == 6 || key.protocol() == 17 || key.protocol() == (ipv6 ? 58 : 1);
    for (int i = from; i < rules.size() && known; i++) {
      Subset subset = rules.get(i).subset();
      if (!subset.isName()
          && subset.terms().stream()
              .allMatch(
                  term -> term instanceof Term.Program || holds(term, key) != term.negated())) {
        return i;
      }
    }
    return -1;
  }

  private static boolean holds(Term term, FlowKey key) {
    boolean ports = key.protocol() == 6 || key.protocol() == 17;
    if (term instanceof Term.Proto proto) {
      return switch (proto.protocol()) {
        case TCP -> key.protocol() == 6;
        case UDP -> key.protocol() == 17;
        case ICMP -> !ports;
      };
    }
    if (term instanceof Term.Port port) {
      int number = port.end() == Term.End.SOURCE ? key.sport() : key.dport();
      return ports
          && port.ranges().stream().anyMatch(r -> r.first() <= number && number <= r.last());
    }
    if (term instanceof Term.Block block) {
      boolean source = block.end() == Term.End.SOURCE;
      return block.prefixes().stream()
          .anyMatch(
              prefix ->
                  source
                      ? prefix.contains(key.srcHi, key.srcLo)
                      : prefix.contains(key.dstHi, key.dstLo));
    }
    return true;
  }
}
