// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import oasis.rules.Rule;
import org.jspecify.annotations.Nullable;

/**
 * What would be done with a new flow at this moment, and why.
 *
 * @param matches every enabled rule that was asked because it matches, in order; the last one has
 *     decided unless it left it to the next or is for certain programs that this may not be
 * @param rule the rule that decides, or null
 * @param carrier name of the carrier, or null when the flow is refused
 * @param mediated whether everything goes by the underlay in spite of the rules
 */
public record Decision(
    List<Match> matches, @Nullable Rule rule, @Nullable String carrier, boolean mediated) {

  /** What a rule that matches says. */
  public enum Verdict {
    /** Its overlay carries it. */
    CARRIED,
    /** It names the underlay, or its overlay cannot serve and the underlay does instead. */
    UNDERLAY,
    /** Its overlay cannot serve: the next rule is asked. */
    NEXT,
    /** Its overlay cannot serve: the flow is refused. */
    BLOCKED
  }

  /**
   * A rule that matches.
   *
   * @param state the state of its overlay's carrier, or null when there is none
   * @param fits whether the carrier carries the address family at all
   * @param depends whether it matches certain programs only, and nothing was said that tells
   *     whether this is one of them
   */
  public record Match(
      Rule rule, @Nullable CarrierState state, boolean fits, boolean depends, Verdict verdict) {}

  /**
   * This decision if a rule makes it, else another one that is asked then, with the rules of both.
   */
  Decision orBy(Supplier<Decision> other) {
    if (rule != null) {
      return this;
    }
    Decision then = other.get();
    List<Match> both = new ArrayList<>(matches);
    both.addAll(then.matches);
    return new Decision(both, then.rule, then.carrier, mediated);
  }

  /** Keeps a copy of the list. */
  public Decision {
    matches = List.copyOf(matches);
  }
}
