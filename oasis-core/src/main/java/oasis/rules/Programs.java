// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The terms of a rule set that are about programs, each with a number. Only the host's kernel can
 * decide such a term, and only while the first packet of a connection is sent; it notes the term's
 * number at the connection, and whoever decides about the connection later reads the notes: bit
 * {@code n} of a long for the term with number {@code n}, and {@link #LOOKED} for any.
 *
 * <p>A term keeps its number as long as rule sets follow each other that have it. A number that has
 * become free is given out again as late as possible, because connections keep their notes. So that
 * the rule sets before and after a change can be in force together, the numbers of both fit.
 * Immutable.
 */
public final class Programs {
  /** Most different terms about programs of one rule set; {@code not} makes no difference. */
  public static final int MAX = 31;

  /** Number of the note that says that the kernel has looked for the others. */
  static final int LOOKED = 63;

  /** Without terms. */
  static final Programs NONE = new Programs(List.of(), Map.of(), 0);

  /** What notes say about a connection that the kernel has not looked at: no term holds. */
  public static final long UNKNOWN = 0;

  private final List<Term.Program> terms;
  private final Map<Term.Program, Integer> numbers;
  private final int next;

  private Programs(List<Term.Program> terms, Map<Term.Program, Integer> numbers, int next) {
    this.terms = terms;
    this.numbers = numbers;
    this.next = next;
  }

  /**
   * Numbers the terms of rules.
   *
   * @param before those of the rule set that the rules follow
   * @throws RuleLimitException when the rules have more than {@value #MAX}
   */
  static Programs of(List<Rule> rules, Programs before) {
    Map<Term.Program, Integer> used = used(rules);
    int count = 0;
    for (int rule : used.values()) {
      if (++count > MAX) {
        throw tooMany(rules, rule);
      }
    }
    return before.numbers.keySet().containsAll(used.keySet())
        ? new Programs(List.copyOf(used.keySet()), before.numbers, before.next)
        : numbered(rules, used, before);
  }

  /**
   * The terms before and after a change together, with the numbers that they have.
   *
   * @param after those of the rules after the change, which follow those before
   */
  static Programs together(List<Rule> both, Programs after) {
    return new Programs(List.copyOf(used(both).keySet()), after.numbers, after.next);
  }

  /** The terms of rules, each with the first rule that has it. */
  private static Map<Term.Program, Integer> used(List<Rule> rules) {
    Map<Term.Program, Integer> used = new LinkedHashMap<>();
    for (int i = 0; i < rules.size(); i++) {
      for (Term term : rules.get(i).subset().terms()) {
        if (term instanceof Term.Program program) {
          used.putIfAbsent(program.positive(), i);
        }
      }
    }
    return used;
  }

  private static RuleLimitException tooMany(List<Rule> rules, int rule) {
    return new RuleLimitException(
        rule, rules.get(rule), "there may be " + MAX + " different terms with uid or cgroup");
  }

  private static Programs numbered(
      List<Rule> rules, Map<Term.Program, Integer> used, Programs before) {
    Map<Term.Program, Integer> numbers = new LinkedHashMap<>();
    BitSet taken = new BitSet();
    for (Term.Program term : before.terms) {
      int number = before.number(term);
      numbers.put(term, number);
      taken.set(number);
    }
    int next = before.next;
    for (Map.Entry<Term.Program, Integer> one : used.entrySet()) {
      Term.Program term = one.getKey();
      if (!numbers.containsKey(term)) {
        if (taken.cardinality() == LOOKED) {
          throw tooMany(rules, one.getValue());
        }
        while (taken.get(next)) {
          next = (next + 1) % LOOKED;
        }
        numbers.put(term, next);
        taken.set(next);
        next = (next + 1) % LOOKED;
      }
    }
    return new Programs(List.copyOf(used.keySet()), numbers, next);
  }

  /** The terms of this rule set, without {@code not}. */
  public List<Term.Program> terms() {
    return terms;
  }

  /** Number of a term that this rule set has, whether {@code not} stands before it or not. */
  int number(Term.Program term) {
    Integer number = numbers.get(term.positive());
    if (number == null) {
      throw new IllegalArgumentException(term + " has no number");
    }
    return number;
  }

  /** What must be noted at a connection for a subset to hold. */
  long wanted(Subset subset) {
    return bits(subset, false);
  }

  /** What must not be noted at a connection for a subset to hold. */
  long unwanted(Subset subset) {
    return bits(subset, true);
  }

  private long bits(Subset subset, boolean negated) {
    long bits = 0;
    for (Term term : subset.terms()) {
      if (term instanceof Term.Program program && program.negated() == negated) {
        bits |= 1L << number(program);
      }
    }
    return bits;
  }

  /** Whether terms exclude each other as far as they are about programs. */
  static boolean exclude(List<Term> terms) {
    Ranges users = Ranges.of(0, Term.UserRange.MAX);
    List<Term.ControlGroup> in = new ArrayList<>();
    List<Term.ControlGroup> out = new ArrayList<>();
    for (Term term : terms) {
      if (term instanceof Term.User user) {
        users = users.and(user.negated() ? user.ids().not(users) : user.ids());
      } else if (term instanceof Term.ControlGroup group) {
        (group.negated() ? out : in).add(group);
      }
    }
    return users.isEmpty()
        || in.stream()
            .anyMatch(
                one ->
                    out.stream().anyMatch(other -> other.names(one.path()))
                        || in.stream()
                            .anyMatch(
                                other -> !other.names(one.path()) && !one.names(other.path())));
  }
}
