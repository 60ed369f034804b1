// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import oasis.packet.FlowKey;
import oasis.rules.Otherwise;
import oasis.rules.Rule;
import oasis.rules.RuleSet;

/**
 * What decides, immutable: the rules, the carrier that each rule's overlay stands for, and whether
 * the underlay carries all in spite of them.
 */
final class Policy {
  /** The rule's overlay has not been added. */
  static final int MISSING = -1;

  /** Outcome of a choice: the flow may not be carried at all. */
  static final int BLOCKED = -2;

  /** No rule matches. */
  static final int NO_RULE = -1;

  /** No rule at all. */
  static final Policy NOTHING = new Policy(RuleSet.EMPTY, new int[0], false);

  private final RuleSet rules;
  private final int[] carrierOfRule;
  private final boolean mediated;

  /**
   * @param carrierOfRule carrier index by rule number; {@link Carriers#UNDERLAY} for the underlay,
   *     {@link #MISSING} for an overlay that has not been added
   * @param mediated every new flow goes by the underlay
   */
  Policy(RuleSet rules, int[] carrierOfRule, boolean mediated) {
    this.rules = rules;
    this.carrierOfRule = carrierOfRule.clone();
    this.mediated = mediated;
  }

  /** The same rules with or without mediation. */
  Policy mediated(boolean on) {
    return new Policy(rules, carrierOfRule, on);
  }

  /** Whether every new flow goes by the underlay. */
  boolean mediated() {
    return mediated;
  }

  /** First rule that matches the name, or {@link #NO_RULE}. */
  int matchName(String lowerCaseName) {
    return rules.matchName(lowerCaseName);
  }

  /** First header rule that matches the 5-tuple, or {@link #NO_RULE}. */
  int matchHeader(FlowKey key) {
    return rules.matchHeader(key);
  }

  /** Rule number {@code r}. */
  Rule rule(int r) {
    return rules.rules().get(r);
  }

  /** Carrier for a flow whose first matching rule, by its name, is {@code rule}. */
  int chooseByName(int rule, String name, boolean ipv4, Carriers carriers) {
    int r = rule;
    while (r >= 0) {
      int c = settled(r, ipv4, carriers);
      if (c != MISSING) {
        return c;
      }
      r = rules.matchNameFrom(name, r + 1);
    }
    return Carriers.UNDERLAY;
  }

  /** Carrier for a flow whose first matching rule, by its header, is {@code rule}. */
  int chooseByHeader(int rule, FlowKey key, boolean ipv4, Carriers carriers) {
    int r = rule;
    while (r >= 0) {
      int c = settled(r, ipv4, carriers);
      if (c != MISSING) {
        return c;
      }
      r = rules.matchHeader(key, r + 1);
    }
    return Carriers.UNDERLAY;
  }

  /** What rule {@code r} says now; {@link #MISSING} when the next rule is to be asked. */
  private int settled(int r, boolean ipv4, Carriers carriers) {
    if (mediated) {
      return Carriers.UNDERLAY;
    }
    int c = carriers.best(carrierOfRule[r], ipv4);
    if (c != Carriers.NONE) {
      return c;
    }
    Otherwise otherwise = rule(r).otherwise();
    return switch (otherwise) {
      case UNDERLAY -> Carriers.UNDERLAY;
      case BLOCK -> BLOCKED;
      case NEXT -> MISSING;
    };
  }
}
