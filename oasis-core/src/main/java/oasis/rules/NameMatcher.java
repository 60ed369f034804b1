// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All name rules as one matcher in three parts. Exact names and suffixes are in a {@link
 * NameTable}. Rules that need some string in the name are in {@link FilteredPatterns}. What is left
 * ({@code [0-9]{8}}, {@code not} alone, or one of too many rules with the same string) is in a
 * {@link NameAutomaton}, whose size is bounded. The time of a look-up depends on the name and
 * hardly on the number of rules. Safe for any thread.
 */
final class NameMatcher {
  /**
   * Most nodes of the automaton: with so many, a look-up that meets unknown states still costs less
   * than a millisecond.
   */
  static final int MAX_AUTOMATON_NODES = 8_192;

  private final NameTable table;
  private final FilteredPatterns filtered;
  private final @Nullable NameAutomaton automaton;

  private NameMatcher(
      NameTable table, FilteredPatterns filtered, @Nullable NameAutomaton automaton) {
    this.table = table;
    this.filtered = filtered;
    this.automaton = automaton;
  }

  /**
   * Compiles the name rules of a list; other rules keep their index and match no name.
   *
   * @throws RuleLimitException when they are too much for the time or memory of a look-up
   */
  static NameMatcher compile(List<Rule> rules) {
    NameTable.Builder table = new NameTable.Builder();
    FilteredPatterns.Builder filtered = new FilteredPatterns.Builder();
    for (int rule = 0; rule < rules.size(); rule++) {
      Subset subset = rules.get(rule).subset();
      if (subset.isName() && !inTable(subset.names(), rule, table)) {
        filtered.add(rule, rules);
      }
    }
    List<Integer> others = new ArrayList<>();
    FilteredPatterns some = filtered.build(others);
    return new NameMatcher(table.build(), some, others.isEmpty() ? null : automaton(others, rules));
  }

  private static NameAutomaton automaton(List<Integer> others, List<Rule> rules) {
    List<NamePattern> patterns = new ArrayList<>();
    List<NameConjunction> conjunctions = new ArrayList<>();
    int size = 0;
    for (int rule : others) {
      List<Term> terms = rules.get(rule).subset().names();
      int[] numbers = new int[terms.size()];
      boolean[] negated = new boolean[terms.size()];
      for (int i = 0; i < numbers.length; i++) {
        NamePattern pattern = ((Term.Name) terms.get(i)).compile();
        numbers[i] = patterns.size();
        negated[i] = terms.get(i).negated();
        patterns.add(pattern);
        size += pattern.size() + 1;
      }
      if (size > MAX_AUTOMATON_NODES) {
        throw new RuleLimitException(
            rule,
            rules.get(rule),
            "the patterns without a part of their own that every name must hold need more than "
                + MAX_AUTOMATON_NODES
                + " states together; give it such a part, as in name:/[0-9]+\\.cnn\\.com$/");
      }
      conjunctions.add(new NameConjunction(rule, numbers, negated));
    }
    return new NameAutomaton(patterns, accepted -> matching(conjunctions, accepted));
  }

  private static boolean inTable(List<Term> terms, int rule, NameTable.Builder table) {
    return terms.size() == 1
        && !terms.get(0).negated()
        && table.add(((Term.Name) terms.get(0)).pattern(), rule);
  }

  private static int[] matching(List<NameConjunction> conjunctions, boolean[] accepted) {
    int[] rules = new int[conjunctions.size()];
    int count = 0;
    for (NameConjunction conjunction : conjunctions) {
      if (conjunction.holds(accepted)) {
        rules[count++] = conjunction.rule;
      }
    }
    return Arrays.copyOf(rules, count);
  }

  /** Number of states of all parts, without those that look-ups add and forget. */
  int states() {
    return filtered.states() + (automaton == null ? 0 : automaton.nodes());
  }

  /** The first rule with index {@code from} and above that matches a name, or -1. */
  int match(String name, int from) {
    int best = table.match(name, from);
    if (automaton != null) {
      best = NameTable.first(automaton.match(name), from, best);
    }
    return filtered.match(name, from, best);
  }
}
