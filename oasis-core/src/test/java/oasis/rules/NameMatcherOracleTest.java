// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The reference: one {@code java.util.regex} per term, tried in the order of the rules. */
final class NameMatcherOracleTest {
  @Test
  void theFirstMatchIsThatOfOneExpressionPerRule() {
    Gen.cases(
        1_500,
        gen -> {
          List<Rule> rules = new ArrayList<>();
          for (int i = gen.range(1, 12); i > 0; i--) {
            rules.add(rule(gen));
          }
          RuleSet set = RuleSet.compile(rules);
          for (int i = 0; i < 30; i++) {
            String name = RandomPatterns.name(gen);
            int from = gen.below(rules.size() + 1);
            assertThat(set.matchNameFrom(name, from))
                .as("%s from %d in %s", name, from, rules)
                .isEqualTo(expected(rules, name, from));
          }
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[\\.-9]",
        "[\\--1]",
        "[a\\.-1b]",
        "[^\\.-9]",
        "[\\_-z]",
        "[\\.-9-z]",
        "[\\.-]",
        "[\\d-z]",
        "[\\w-]",
        "[--9]",
        "[a-f-z]"
      })
  void aClassHoldsTheCharactersThatItHoldsInJava(String regex) throws RuleException {
    RuleSet set = RuleSet.compile(List.of(Rule.parse("name:/^" + regex + "$/ web")));
    Pattern reference = Pattern.compile(regex);
    for (char c : "abcdefghijklmnopqrstuvwxyz0123456789-._".toCharArray()) {
      String name = String.valueOf(c);
      assertThat(set.matchName(name) == 0).as(name).isEqualTo(reference.matcher(name).matches());
    }
  }

  @Test
  void forgettingStatesChangesNoAnswer() {
    Gen.cases(
        60,
        gen -> {
          List<NamePattern> patterns = new ArrayList<>();
          List<Pattern> references = new ArrayList<>();
          for (int i = 0; i < 8; i++) {
            String regex = RandomPatterns.regex(gen, 3);
            patterns.add(NameRegexParser.parse(regex, 1));
            references.add(Pattern.compile(regex, Pattern.CASE_INSENSITIVE));
          }
          NameAutomaton automaton =
              new NameAutomaton(
                  patterns,
                  accepted -> {
                    int[] all = new int[accepted.length];
                    for (int i = 0; i < all.length; i++) {
                      all[i] = accepted[i] ? 1 : 0;
                    }
                    return all;
                  },
                  300);
          for (int i = 0; i < 200; i++) {
            String name = RandomPatterns.name(gen);
            int[] expected =
                references.stream().mapToInt(r -> r.matcher(name).find() ? 1 : 0).toArray();
            assertThat(automaton.match(name)).as(name).isEqualTo(expected);
            assertThat(automaton.keptStates()).isLessThanOrEqualTo(300 / NameSymbols.COUNT + 1);
          }
        });
  }

  private static int expected(List<Rule> rules, String name, int from) {
    for (int i = from; i < rules.size(); i++) {
      Subset subset = rules.get(i).subset();
      if (subset.isName()
          && subset.terms().stream()
              .allMatch(term -> matches(((Term.Name) term).pattern(), name) != term.negated())) {
        return i;
      }
    }
    return -1;
  }

  private static boolean matches(String pattern, String name) {
    if (pattern.startsWith("/")) {
      String regex = pattern.substring(1, pattern.length() - 1);
      return Pattern.compile(regex, Pattern.CASE_INSENSITIVE).matcher(name).find();
    }
    String regex =
        pattern
            .chars()
            .mapToObj(c -> c == '*' ? ".*" : c == '?' ? "." : "\\Q" + (char) c + "\\E")
            .reduce("", String::concat);
    return Pattern.compile(regex).matcher(name).matches();
  }

  private static Rule rule(Gen gen) throws RuleException {
    if (gen.chance(0.1)) {
      return Rule.parse("tcp dport 80 web");
    }
    StringBuilder text = new StringBuilder();
    for (int i = gen.chance(0.7) ? 1 : gen.range(1, 3); i > 0; i--) {
      text.append(gen.chance(0.2) ? "not " : "").append("name:");
      text.append(gen.chance(0.5) ? glob(gen) : "/" + RandomPatterns.regex(gen, 3) + "/")
          .append(' ');
    }
    return Rule.parse(text + "web");
  }

  private static String glob(Gen gen) {
    if (gen.chance(0.5)) {
      return (gen.flip() ? "*." : "") + RandomPatterns.name(gen);
    }
    StringBuilder glob = new StringBuilder();
    for (int i = gen.range(1, 6); i > 0; i--) {
      glob.append(gen.pick(List.of("*", "?", "a", "b", "1", "-", "a.b")));
    }
    return glob.toString();
  }
}
