// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import oasis.rules.RuleSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NameRulesTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 100, 1_000})
  void namesNeverRepeatAndEveryOtherMatches(int count) {
    NameRules made = new NameRules(count, 7);
    RuleSet rules = RuleSet.compile(made.rules());
    List<String> names = new ArrayList<>(made.names(3_000));
    names.addAll(made.names(3_000));
    assertThat(new HashSet<>(names)).hasSize(6_000);
    int others = 0;
    for (int i = 0; i < names.size(); i++) {
      boolean matches = rules.matchName(names.get(i)) >= 0;
      if (i % 2 == 0) {
        assertThat(matches).as(names.get(i)).isTrue();
      } else if (matches) {
        others++;
      }
    }
    assertThat(others).as("names that match by accident").isLessThan(30);
  }
}
