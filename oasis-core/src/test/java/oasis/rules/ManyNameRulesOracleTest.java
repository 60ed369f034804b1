// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

/** Rule sets of the size that users never write; the reference is {@code java.util.regex}. */
final class ManyNameRulesOracleTest {
  private record Many(List<Rule> rules, List<Pattern> references, List<String> sites) {}

  @Test
  void aHundredThousandRulesDecideAsOneByOneWithBoundedStates() {
    Gen.cases(1, gen -> assertDecides(gen, make(gen, 100_000), 40));
  }

  @Test
  void anyNumberOfRulesDecidesAsOneByOne() {
    Gen.cases(30, gen -> assertDecides(gen, make(gen, gen.range(1, 1_000)), 60));
  }

  @Test
  void patternsThatSayNothingOfTheirOwnAreRefusedByNumber() throws Exception {
    List<Rule> rules = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      rules.add(Rule.parse("name:/^[a-z]{" + (i % 50 + 1) + "}[0-9]*x?\\.com$/ ron"));
    }
    assertThatThrownBy(() -> RuleSet.compile(rules))
        .isInstanceOf(RuleLimitException.class)
        .hasMessageMatching("rule [0-9]+ \\(name:/.*/ ron\\) is too much: .* 8192 states .*")
        .message()
        .hasLineCount(1);
    assertThat(RuleSet.compile(rules.subList(0, 100)).matchName("abc7.com")).isEqualTo(2);
  }

  private static void assertDecides(Gen gen, Many set, int names) {
    NameMatcher matcher = NameMatcher.compile(set.rules);
    assertThat(matcher.states()).isLessThanOrEqualTo(60 * set.rules.size() + 100);
    for (int i = 0; i < names; i++) {
      String name = name(gen, set);
      int first = 0;
      while (first < set.rules.size() && !set.references.get(first).matcher(name).find()) {
        first++;
      }
      int expected = first == set.rules.size() ? -1 : first;
      assertThat(matcher.match(name, 0)).as(name).isEqualTo(expected);
      if (expected >= 0) {
        assertThat(matcher.match(name, expected)).as(name).isEqualTo(expected);
        assertThat(matcher.match(name, expected + 1)).as(name).isNotEqualTo(expected);
      }
    }
  }

  private static Many make(Gen gen, int count) throws RuleException {
    Many set = new Many(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    for (int i = 0; i < count; i++) {
      StringBuilder site = new StringBuilder();
      for (int j = gen.range(2, 6); j > 0; j--) {
        site.append("abcdefghij".charAt(gen.below(10)));
      }
      // Few enough to collide, which makes the order count.
      String name = site.append(gen.below(Math.max(1, count / 2))).toString();
      set.sites.add(name);
      add(set, gen, name, i % 10);
    }
    return set;
  }

  private static void add(Many set, Gen gen, String site, int kind) throws RuleException {
    String tld = gen.pick(List.of("com", "org", "de"));
    String quoted = site + "\\." + tld;
    String glob = "";
    String regex = "";
    switch (kind) {
      case 0 -> glob = "*." + site + "." + tld;
      case 1 -> glob = "w?w*." + site + "." + tld;
      case 2, 3 -> glob = "*" + site + "*";
      case 4, 5, 6 -> glob = "www." + site + "." + tld;
      case 7 -> regex = "^(www|img)[0-9]*\\." + quoted + "$";
      case 8 -> regex = "[a-z0-9-]*" + site + "(\\.[a-z]+)*\\.(com|" + tld + ")$";
      // Determinised in full, this has 2^12 states; tried by backtracking, it takes ages.
      default -> regex = "(a|b)*a[a-c]{12}" + site;
    }
    if (regex.isEmpty()) {
      regex = "^" + glob.replace(".", "\\.").replace("*", ".*").replace("?", ".") + "$";
      set.rules.add(Rule.parse("name:" + glob + " ron"));
    } else {
      set.rules.add(Rule.parse("name:/" + regex + "/ ron"));
    }
    // The same names, but the reference does not backtrack into its own trap.
    set.references.add(Pattern.compile(regex.replace("(a|b)*a", "a")));
  }

  private static String name(Gen gen, Many set) {
    String site = gen.pick(set.sites);
    String before = gen.pick(List.of("www.", "img7.", "x", "www-", "abaacbabcabcab", ""));
    String after = gen.pick(List.of(".com", ".org", ".de", ".x.com", ".info"));
    return gen.chance(0.2) ? before + "none" + after : before + site + after;
  }
}
