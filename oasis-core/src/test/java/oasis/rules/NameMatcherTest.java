// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import oasis.testkit.NoAllocation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class NameMatcherTest {
  private static RuleSet rules(String... texts) throws RuleException {
    List<Rule> rules = new ArrayList<>();
    for (String text : texts) {
      rules.add(Rule.parse(text));
    }
    return RuleSet.compile(rules);
  }

  @Test
  void theFirstOfSeveralMatchesWins() throws RuleException {
    RuleSet set = rules("name:www.mit.edu a", "tcp b", "name:/mit/ c", "name:*.edu d", "name:* e");
    assertThat(set.matchName("www.mit.edu")).isZero();
    assertThat(set.matchName("ftp.mit.edu")).isEqualTo(2);
    assertThat(set.matchName("www.cmu.edu")).isEqualTo(3);
    assertThat(set.matchName("edu")).isEqualTo(4);
    assertThat(set.matchNameFrom("www.mit.edu", 1)).isEqualTo(2);
    assertThat(set.matchNameFrom("www.mit.edu", 3)).isEqualTo(3);
    assertThat(set.matchNameFrom("www.mit.edu", 5)).isEqualTo(-1);
  }

  @Test
  void aGlobMatchesTheWholeNameAndAnExpressionAnyPart() throws RuleException {
    RuleSet set = rules("name:img*.cnn.com a", "name:/cdn[0-9]+/ b", "name:/(^|\\.)lan$/ c");
    assertThat(set.matchName("img7.cnn.com")).isZero();
    assertThat(set.matchName("x.img7.cnn.com")).isEqualTo(-1);
    assertThat(set.matchName("x.cdn42.net")).isEqualTo(1);
    assertThat(set.matchName("cdn.net")).isEqualTo(-1);
    assertThat(set.matchName("lan")).isEqualTo(2);
    assertThat(set.matchName("printer.lan")).isEqualTo(2);
    assertThat(set.matchName("plan")).isEqualTo(-1);
  }

  @Test
  void notExcludesNames() throws RuleException {
    RuleSet set = rules("name:*.edu not name:*.mit.edu not name:/^ftp\\./ a");
    assertThat(set.matchName("www.cmu.edu")).isZero();
    assertThat(set.matchName("www.mit.edu")).isEqualTo(-1);
    assertThat(set.matchName("ftp.cmu.edu")).isEqualTo(-1);
  }

  @Test
  void manyRulesKeepTheAutomatonBoundedAndHostilePatternsLinear() throws RuleException {
    List<Rule> rules = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      // Determinised in full, each of these alone has 2^15 states.
      rules.add(Rule.parse("name:/(a|b)*a[a-c" + i % 10 + "]{15}x" + i + "$/ web"));
    }
    RuleSet set = RuleSet.compile(rules);
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < 200; i++) {
      name.append("ab".charAt(Integer.bitCount(i * 0x9e3779b9) & 1));
    }
    name.append("abbbbbbbbbbbbbbb");
    long start = System.nanoTime();
    for (int i = 0; i < 20; i++) {
      assertThat(set.matchName(name + "x" + i)).isEqualTo(i);
      assertThat(set.matchName(name + "y" + i)).isEqualTo(-1);
    }
    // Backtracking would take ages; the bound is wide because machines are busy.
    assertThat(System.nanoTime() - start).isLessThan(10_000_000_000L);
  }

  @Test
  void alternativesInAlternativesAreCompiledInNoTime() {
    RuleSet set = compiledSoon("(mit|".repeat(50) + "cmu" + ")".repeat(50) + "\\.edu$");
    assertThat(set.matchName("www.cmu.edu")).isZero();
    assertThat(set.matchName("www.mit.edu")).isZero();
    assertThat(set.matchName("www.nyu.edu")).isEqualTo(-1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"()", "(a{0})", "(()(a{0}))", "((a{0}){0,2})", "(((){3,})*)"})
  void nothingRepeatedIsNothing(String nothing) {
    RuleSet set =
        compiledSoon("^mit" + "(".repeat(40) + nothing + "{255})".repeat(40) + "{0,9}\\.edu$");
    assertThat(set.matchName("mit.edu")).isZero();
    assertThat(set.matchName("mita.edu")).isEqualTo(-1);
  }

  private static RuleSet compiledSoon(String regex) {
    return assertTimeoutPreemptively(
        Duration.ofSeconds(20), () -> rules("name:/" + regex + "/ web"));
  }

  @Test
  void aKnownNameIsLookedUpWithoutAllocation() throws RuleException {
    RuleSet set = rules("name:www.mit.edu a", "name:*.edu b", "name:/^img[0-9]*\\./ c");
    NoAllocation.check(
        20_000,
        () -> {
          set.matchName("img12.cnn.com");
          set.matchName("www.mit.edu");
          set.matchName("nothing.example");
        });
  }

  @Test
  void threadsMayShareARuleSet() throws Exception {
    RuleSet set = rules("name:/a.*b/ a", "name:/[0-9]{3}/ b", "name:*.com c");
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try {
      List<Future<List<Integer>>> answers = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        answers.add(
            pool.submit(
                () -> {
                  List<Integer> found = new ArrayList<>();
                  for (int i = 0; i < 5_000; i++) {
                    found.add(set.matchName("x" + i * 7919 + (i % 3 == 0 ? "a.b" : ".com")));
                  }
                  return found;
                }));
      }
      Set<String> distinct = new TreeSet<>();
      for (Future<List<Integer>> answer : answers) {
        distinct.add(answer.get().toString());
      }
      assertThat(distinct).hasSize(1);
    } finally {
      pool.shutdown();
    }
  }
}
