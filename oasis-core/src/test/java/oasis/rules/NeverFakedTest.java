// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NeverFakedTest {
  private static RuleSet rules(NeverFaked neverFaked, String... texts) throws RuleException {
    List<Rule> rules = new ArrayList<>();
    for (String text : texts) {
      rules.add(Rule.parse(text));
    }
    return RuleSet.compile(rules, RuleSet.EMPTY, neverFaked);
  }

  private static NeverFaked builtIn() throws RuleException {
    return NeverFaked.of(true, List.of());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "connectivitycheck.gstatic.com",
        "captive.apple.com",
        "www.msftconnecttest.com",
        "detectportal.firefox.com",
        "2.debian.pool.ntp.org",
        "time.windows.com",
        "printer",
        "nas.home.arpa",
        "router.lan"
      })
  void aRuleForEverythingLeavesPortalChecksTimeAndLocalNamesAlone(String name) throws Exception {
    RuleSet rules = rules(builtIn(), "name:* a", "name:*.* b", "name:/./ c", "not name:x.edu d");

    assertThat(rules.matchName(name)).isEqualTo(-1);
    assertThat(rules.matchNameFrom(name, 1)).isEqualTo(-1);
    assertThat(rules.matchName("www." + name + ".example")).isZero();
  }

  @Test
  void aRuleThatSpellsANameOutTakesIt() throws Exception {
    RuleSet rules =
        rules(
            builtIn(),
            "name:* a",
            "tcp b",
            "name:captive.apple.com uid 1000 c",
            "name:captive.apple.com d");

    assertThat(rules.matchName("captive.apple.com")).isEqualTo(2);
    assertThat(rules.matchNameFrom("captive.apple.com", 3)).isEqualTo(3);
    assertThat(rules.matchNameFrom("captive.apple.com", 4)).isEqualTo(-1);
    assertThat(rules.matchName("www.apple.com")).isZero();
  }

  @Test
  void aUsersOwnNamesCountBesideTheBuiltInOnesOrAlone() throws Exception {
    List<String> own = List.of("*.Example.ORG", "/^db[0-9]+\\./");
    RuleSet beside = rules(NeverFaked.of(true, own), "name:* a");
    RuleSet alone = rules(NeverFaked.of(false, own), "name:* a");

    for (RuleSet rules : List.of(beside, alone)) {
      assertThat(rules.matchName("www.example.org")).isEqualTo(-1);
      assertThat(rules.matchName("db7.example.net")).isEqualTo(-1);
    }
    assertThat(beside.matchName("captive.apple.com")).isEqualTo(-1);
    assertThat(alone.matchName("captive.apple.com")).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a..b         | 3 | between two dots",
        "/a[/         | 3 | begins no class",
        "/a b/        | 3 | never occurs in a name",
        "/a           | 1 | the expression has no end",
        "a.com x else | 7 | more than one pattern",
      })
  void anErrorSaysWhichPatternAndWhereInIt(String pattern, int column, String what) {
    assertThatExceptionOfType(RuleException.class)
        .isThrownBy(() -> NeverFaked.of(true, List.of("good.example", pattern)))
        .satisfies(
            e -> {
              assertThat(e.column()).isEqualTo(column);
              assertThat(e.getMessage())
                  .startsWith("column " + column + " of '" + pattern + "': ")
                  .contains(what);
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a b",
        "a underlay else",
        "a.com x else",
        " a.com",
        "a.com <= 1",
        "/[/",
        "x and not name:y",
        "a..b"
      })
  void whatIsNoPatternIsRefused(String pattern) {
    assertThatThrownBy(() -> NeverFaked.of(true, List.of(pattern)))
        .isInstanceOf(RuleException.class);
  }
}
