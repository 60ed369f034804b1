// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

/** The numbers of terms about programs, from one rule set to the next. */
final class ProgramsTest {
  private static List<Rule> users(int first, int count) throws RuleException {
    List<Rule> rules = new ArrayList<>();
    for (int i = first; i < first + count; i++) {
      rules.add(Rule.parse("uid " + i + " ron"));
    }
    return rules;
  }

  @Test
  void negationAndRepetitionNeedNoNumberOfTheirOwn() throws RuleException {
    RuleSet rules =
        RuleSet.compile(
            List.of(
                Rule.parse("uid 1000 tcp ron"),
                Rule.parse("not uid 1000 udp ron"),
                Rule.parse("cgroup a uid 1000 ron")));
    assertThat(rules.programs().terms()).hasToString("[uid 1000, cgroup a]");
    assertThat(NftPrograms.notes(rules, path -> 77L))
        .isEqualTo(
            """
            meta skuid { 1000 } ct label set 64
            socket cgroupv2 level 1 "a" ct label set 65 comment "id 77"
            ct label set 127
            """);
    assertThat(NftPrograms.notes(rules, path -> null)).as("no such group").doesNotContain("cgroup");
    assertThat(NftPrograms.notes(RuleSet.EMPTY, path -> null)).isEmpty();
  }

  @Test
  void oneTooManyIsNamed() throws RuleException {
    assertThat(RuleSet.compile(users(0, Programs.MAX)).programs().terms()).hasSize(Programs.MAX);
    assertThatThrownBy(() -> RuleSet.compile(users(0, Programs.MAX + 1)))
        .isInstanceOf(RuleLimitException.class)
        .hasMessageContaining("rule 32 (uid 31 ron)")
        .hasMessageContaining("31 different terms");
  }

  @Test
  void aTermKeepsItsNumberWhileRulesHaveItAndBothSidesOfAChangeFit() {
    Gen.cases(
        300,
        gen -> {
          RuleSet now = RuleSet.EMPTY;
          for (int step = 0; step < 12; step++) {
            RuleSet next =
                RuleSet.compile(
                    users(gen.below(60), gen.range(0, Programs.MAX)), now, NeverFaked.NOTHING);
            List<Rule> both = new ArrayList<>(next.rules());
            now.rules().stream().filter(rule -> !both.contains(rule)).forEach(both::add);
            RuleSet union = RuleSet.together(both, next);
            Map<Integer, Term.Program> owner = new HashMap<>();
            for (Term.Program term : union.programs().terms()) {
              int number = union.programs().number(term);
              assertThat(number).isBetween(0, Programs.LOOKED - 1);
              assertThat(owner.put(number, term)).as("number %d", number).isNull();
            }
            for (RuleSet one : List.of(now, next)) {
              for (Term.Program term : one.programs().terms()) {
                assertThat(union.programs().number(term)).isEqualTo(one.programs().number(term));
              }
            }
            now = next;
          }
        });
  }

  @Test
  void rulesThatFollowOthersMayHaveAsManyTermsAsThese() throws RuleException {
    RuleSet first = RuleSet.compile(users(0, Programs.MAX));
    RuleSet second = RuleSet.compile(users(Programs.MAX, Programs.MAX), first, NeverFaked.NOTHING);
    assertThatThrownBy(
            () -> RuleSet.compile(users(0, 2 * Programs.MAX), second, NeverFaked.NOTHING))
        .isInstanceOf(RuleLimitException.class)
        .hasMessageContaining("rule 32 (uid 31 ron)");
  }

  @Test
  void termsForWhichNoNumberIsFreeAreRefused() throws RuleException {
    RuleSet first = RuleSet.compile(users(0, Programs.MAX));
    RuleSet second = RuleSet.compile(users(Programs.MAX, Programs.MAX), first, NeverFaked.NOTHING);
    RuleSet both = RuleSet.together(users(0, 2 * Programs.MAX), second);
    assertThatThrownBy(
            () ->
                assertTimeoutPreemptively(
                    Duration.ofSeconds(20),
                    () -> RuleSet.compile(users(100, 2), both, NeverFaked.NOTHING)))
        .isInstanceOf(RuleLimitException.class)
        .hasMessageContaining("rule 2 (uid 101 ron)");
  }

  @Test
  void aFreedNumberIsGivenOutAgainAsLateAsPossible() throws RuleException {
    RuleSet first = RuleSet.compile(users(0, 1));
    RuleSet none =
        RuleSet.compile(
            List.of(), RuleSet.compile(List.of(), first, NeverFaked.NOTHING), NeverFaked.NOTHING);
    RuleSet second = RuleSet.compile(users(1, 1), none, NeverFaked.NOTHING);
    assertThat(second.programs().number(second.programs().terms().get(0))).isEqualTo(1);
  }

  @Test
  void whatIsNotSaidOfAProgramIsNotKnown() throws RuleException {
    Subset both = Rule.parse("uid 1000 not cgroup a/b ron").subset();
    assertThat(ProgramFacts.NONE.holds(both)).isEqualTo(ProgramFacts.Answer.DEPENDS);
    assertThat(new ProgramFacts(7L, null).holds(both)).isEqualTo(ProgramFacts.Answer.NO);
    assertThat(new ProgramFacts(null, "a/b/c").holds(both)).isEqualTo(ProgramFacts.Answer.NO);
    assertThat(new ProgramFacts(1_000L, "a").holds(both)).isEqualTo(ProgramFacts.Answer.YES);
    assertThat(ProgramFacts.NONE.holds(Rule.parse("tcp ron").subset()))
        .isEqualTo(ProgramFacts.Answer.YES);
  }
}
