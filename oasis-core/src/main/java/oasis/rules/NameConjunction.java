// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

/** A name rule: patterns that must match, and patterns that must not. */
final class NameConjunction {
  /** The rule's number. */
  final int rule;

  private final int[] patterns;
  private final boolean[] negated;

  /** Takes the arrays over. */
  NameConjunction(int rule, int[] patterns, boolean[] negated) {
    this.rule = rule;
    this.patterns = patterns;
    this.negated = negated;
  }

  /**
   * Whether the rule matches.
   *
   * @param accepted by pattern, whether it matches the name
   */
  boolean holds(boolean[] accepted) {
    for (int i = 0; i < patterns.length; i++) {
      if (accepted[patterns[i]] == negated[i]) {
        return false;
      }
    }
    return true;
  }

  /** Whether the rule matches a name. */
  boolean holds(PatternRun run, String name) {
    for (int i = 0; i < patterns.length; i++) {
      if (run.matches(patterns[i], name) == negated[i]) {
        return false;
      }
    }
    return true;
  }
}
