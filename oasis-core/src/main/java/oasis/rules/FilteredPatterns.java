// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Name rules of which each has strings that must occur in the name. One {@link LiteralScan} of the
 * name finds the few rules whose strings occur, and only these are tried, by {@link PatternRun}. So
 * a look-up costs one step per character and hardly depends on the number of rules. Immutable to
 * its users, safe for any thread.
 *
 * <p>Of the sets of strings that a rule offers, it gets the one that fewest names hold; how many do
 * is guessed from the strings' length and from how many rules offer the same.
 */
final class FilteredPatterns {
  /** Most rules behind one string; the shorter it is, the more names hold it. */
  private static final int MAX_GROUP = 32;

  /** Strings of one symbol are in nearly every name. */
  private static final int MIN_LENGTH = 2;

  /** Chance that a name holds a string of one symbol, and how it falls with each more. */
  private static final double CHANCE = 30;

  private static final double CHANCE_PER_SYMBOL = 1.0 / 8;

  /** Most nodes of all patterns: about 90 MB. */
  private static final int MAX_NODES = 4_000_000;

  private final NameNodes nodes;
  private final LiteralScan scan;
  private final NameConjunction[] rules;

  /** By string: the rules behind it, as indices into {@link #rules}, ascending. */
  private final int[][] groups;

  private final AtomicReference<@Nullable Try> spare = new AtomicReference<>();

  private FilteredPatterns(
      NameNodes nodes, LiteralScan scan, List<NameConjunction> rules, List<int[]> groups) {
    this.nodes = nodes;
    this.scan = scan;
    this.rules = rules.toArray(NameConjunction[]::new);
    this.groups = groups.toArray(int[][]::new);
  }

  /** Collects rules. */
  static final class Builder {
    private final NameNodes nodes = new NameNodes();
    private final List<NameConjunction> rules = new ArrayList<>();
    private final List<List<Set<String>>> offers = new ArrayList<>();
    private final Map<String, Integer> offered = new HashMap<>();

    /**
     * Adds a rule; later ones have greater numbers.
     *
     * @param rule its number
     * @param all all rules, for the message when it is too much
     */
    void add(int rule, List<Rule> all) {
      List<Term> terms = all.get(rule).subset().names();
      int[] patterns = new int[terms.size()];
      boolean[] negated = new boolean[terms.size()];
      List<Set<String>> sets = new ArrayList<>();
      for (int i = 0; i < patterns.length; i++) {
        NamePattern pattern = ((Term.Name) terms.get(i)).compile();
        patterns[i] = nodes.add(pattern);
        negated[i] = terms.get(i).negated();
        if (!negated[i]) {
          sets.addAll(NameLiterals.of(pattern));
        }
      }
      if (nodes.count > MAX_NODES) {
        throw new RuleLimitException(
            rule, all.get(rule), "the name rules need more than " + MAX_NODES + " states");
      }
      sets.removeIf(set -> NameLiterals.shortest(set) < MIN_LENGTH);
      sets.forEach(set -> set.forEach(text -> offered.merge(text, 1, Integer::sum)));
      rules.add(new NameConjunction(rule, patterns, negated));
      offers.add(sets);
    }

    /**
     * Chooses the strings.
     *
     * @param others gets the numbers of the rules that have none that tell them from the others
     */
    FilteredPatterns build(List<Integer> others) {
      LiteralScan scan = new LiteralScan();
      List<List<Integer>> groups = new ArrayList<>();
      for (int i = 0; i < rules.size(); i++) {
        Set<String> best = best(offers.get(i));
        if (best == null
            || scan.size() > LiteralScan.MAX_NODES - NameLiterals.MAX_LENGTH * 16
            || !join(best, i, scan, groups)) {
          others.add(rules.get(i).rule);
        }
        offers.set(i, List.of());
      }
      scan.seal();
      List<int[]> fixed = new ArrayList<>(groups.size());
      groups.forEach(group -> fixed.add(group.stream().mapToInt(Integer::intValue).toArray()));
      nodes.trim();
      return new FilteredPatterns(nodes, scan, rules, fixed);
    }

    private @Nullable Set<String> best(List<Set<String>> sets) {
      return sets.isEmpty()
          ? null
          : Collections.min(sets, (a, b) -> Double.compare(chance(a), chance(b)));
    }

    /** How likely a name holds a string of a set: by accident, or because it is a rule's. */
    private double chance(Set<String> set) {
      double chance = 0;
      for (String text : set) {
        chance += CHANCE * Math.pow(CHANCE_PER_SYMBOL, text.length());
        chance += (double) offered.getOrDefault(text, 0) / rules.size();
      }
      return chance;
    }

    /** Puts a rule behind each string of a set; false when one has too many rules already. */
    private static boolean join(
        Set<String> set, int rule, LiteralScan scan, List<List<Integer>> groups) {
      for (String text : set) {
        int number = scan.number(text);
        int most = Math.min(MAX_GROUP, 1 << text.length());
        if (number >= 0 && groups.get(number).size() >= most) {
          return false;
        }
      }
      for (String text : set) {
        int number = scan.add(text);
        if (number == groups.size()) {
          groups.add(new ArrayList<>(1));
        }
        groups.get(number).add(rule);
      }
      return true;
    }
  }

  /** Number of nodes of the patterns and of the scan. */
  int states() {
    return nodes.count + scan.size();
  }

  /** One look-up. */
  private final class Try implements LiteralScan.Found {
    private final PatternRun run = new PatternRun(nodes);

    /** By rule, the look-up in which it was tried last. */
    private final int[] tried = new int[rules.length];

    private int round;
    private String name = "";
    private int from;
    private int best;

    int match(String wanted, int fromRule, int bestYet) {
      name = wanted;
      from = fromRule;
      best = bestYet;
      if (++round == 0) {
        Arrays.fill(tried, 0);
        round = 1;
      }
      scan.scan(wanted, this);
      return best;
    }

    @Override
    public void found(int string) {
      for (int index : groups[string]) {
        NameConjunction rule = rules[index];
        if (best >= 0 && rule.rule >= best) {
          return;
        }
        if (rule.rule >= from && tried[index] != round) {
          tried[index] = round;
          if (rule.holds(run, name)) {
            best = rule.rule;
            return;
          }
        }
      }
    }
  }

  /**
   * The smaller of {@code best} and the first rule from {@code from} on that matches a name; -1 is
   * none.
   */
  int match(String name, int from, int best) {
    Try one = spare.getAndSet(null);
    if (one == null) {
      one = new Try();
    }
    int found = one.match(name, from, best);
    spare.set(one);
    return found;
  }
}
