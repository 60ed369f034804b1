// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All name rules as one matcher: exact names and suffixes in a {@link NameTable}; every other
 * pattern, and every pattern of a rule with {@code not} or several terms, in a {@link
 * NameAutomaton}. The time of a look-up depends on the name, not on the number of rules. Safe for
 * any thread.
 */
final class NameMatcher {
  /** A rule of the automaton: patterns that must match, and patterns that must not. */
  private static final class Conjunction {
    final int rule;
    private final int[] patterns;
    private final boolean[] negated;

    Conjunction(int rule, int[] patterns, boolean[] negated) {
      this.rule = rule;
      this.patterns = patterns;
      this.negated = negated;
    }

    boolean holds(boolean[] accepted) {
      for (int i = 0; i < patterns.length; i++) {
        if (accepted[patterns[i]] == negated[i]) {
          return false;
        }
      }
      return true;
    }
  }

  private final NameTable table;
  private final @Nullable NameAutomaton automaton;

  private NameMatcher(NameTable table, @Nullable NameAutomaton automaton) {
    this.table = table;
    this.automaton = automaton;
  }

  /** Compiles the name rules of a list; other rules keep their index and match no name. */
  static NameMatcher compile(List<Rule> rules) {
    NameTable.Builder table = new NameTable.Builder();
    List<NamePattern> patterns = new ArrayList<>();
    List<Conjunction> conjunctions = new ArrayList<>();
    for (int rule = 0; rule < rules.size(); rule++) {
      List<Term> terms = rules.get(rule).subset().terms();
      if (!rules.get(rule).subset().isName() || inTable(terms, rule, table)) {
        continue;
      }
      int[] numbers = new int[terms.size()];
      boolean[] negated = new boolean[terms.size()];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = patterns.size();
        negated[i] = terms.get(i).negated();
        patterns.add(((Term.Name) terms.get(i)).compile());
      }
      conjunctions.add(new Conjunction(rule, numbers, negated));
    }
    NameAutomaton automaton =
        patterns.isEmpty()
            ? null
            : new NameAutomaton(patterns, accepted -> matching(conjunctions, accepted));
    return new NameMatcher(table.build(), automaton);
  }

  private static boolean inTable(List<Term> terms, int rule, NameTable.Builder table) {
    return terms.size() == 1
        && !terms.get(0).negated()
        && table.add(((Term.Name) terms.get(0)).pattern(), rule);
  }

  private static int[] matching(List<Conjunction> conjunctions, boolean[] accepted) {
    int[] rules = new int[conjunctions.size()];
    int count = 0;
    for (Conjunction conjunction : conjunctions) {
      if (conjunction.holds(accepted)) {
        rules[count++] = conjunction.rule;
      }
    }
    return Arrays.copyOf(rules, count);
  }

  /** The first rule with index {@code from} and above that matches a name, or -1. */
  int match(String name, int from) {
    int best = table.match(name, from);
    return automaton == null ? best : NameTable.first(automaton.match(name), from, best);
  }
}
