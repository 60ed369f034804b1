// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import oasis.packet.FlowKey;
import oasis.rules.Otherwise;
import oasis.rules.ProgramFacts;
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
  static final Policy NOTHING = new Policy(RuleSet.EMPTY, new int[0], List.of(), false);

  private final RuleSet rules;
  private final int[] carrierOfRule;
  private final List<RuleHits> hits;
  private final boolean mediated;
  private final boolean nameRules;

  /**
   * @param carrierOfRule carrier index by rule number; {@link Carriers#UNDERLAY} for the underlay,
   *     {@link #MISSING} for an overlay that has not been added
   * @param hits what counts for each rule, by its number
   * @param mediated every new flow goes by the underlay
   */
  Policy(RuleSet rules, int[] carrierOfRule, List<RuleHits> hits, boolean mediated) {
    this.rules = rules;
    this.carrierOfRule = carrierOfRule.clone();
    this.hits = List.copyOf(hits);
    this.mediated = mediated;
    nameRules = rules.rules().stream().anyMatch(rule -> rule.subset().isName());
  }

  /** The same rules with or without mediation. */
  Policy mediated(boolean on) {
    return new Policy(rules, carrierOfRule, hits, on);
  }

  /** Whether every new flow goes by the underlay. */
  boolean mediated() {
    return mediated;
  }

  /** Whether some rule is about names. */
  boolean hasNameRules() {
    return nameRules;
  }

  /** First rule that matches the name, or {@link #NO_RULE}. */
  int matchName(String lowerCaseName) {
    return rules.matchName(lowerCaseName);
  }

  /** Rule number {@code r}. */
  Rule rule(int r) {
    return rules.rules().get(r);
  }

  /** What counts for rule number {@code r}. */
  RuleHits hits(int r) {
    return hits.get(r);
  }

  /**
   * The rule that keeps flows to a name from the underlay now, or {@link #NO_RULE} when none does.
   * Who asks for a name may not be the program that uses it (a resolver asks for all), so a rule
   * for certain programs keeps the name for all: each flow is decided when it begins.
   */
  int keepsFromUnderlay(String name, boolean ipv4, Carriers carriers) {
    for (int r = rules.matchName(name); r >= 0; r = rules.matchNameFrom(name, r + 1)) {
      int c = settled(r, ipv4, carriers);
      if (c != MISSING && c != Carriers.UNDERLAY) {
        return r;
      }
      if (c == Carriers.UNDERLAY && !rules.asksForProgram(r)) {
        return NO_RULE;
      }
    }
    return NO_RULE;
  }

  /** Whether a rule may keep flows to a name from the underlay later, if none does now. */
  boolean mayLeaveUnderlay(String name) {
    for (int r = rules.matchName(name); r >= 0; r = rules.matchNameFrom(name, r + 1)) {
      if (carrierOfRule[r] != Carriers.UNDERLAY) {
        return !mediated;
      }
      if (!rules.asksForProgram(r)) {
        return false;
      }
    }
    return false;
  }

  /**
   * The rule that decides about a flow to a name now: the first that matches, holds for the program
   * and does not leave it to the next; {@link #NO_RULE} without one.
   */
  int settledByName(String name, boolean ipv4, Carriers carriers, Sender sender) {
    int r = rules.matchName(name);
    while (r >= 0 && passes(r, ipv4, carriers, sender)) {
      r = rules.matchNameFrom(name, r + 1);
    }
    return r;
  }

  /** The rule that decides about a 5-tuple now, likewise. */
  int settledByHeader(FlowKey key, boolean ipv4, Carriers carriers, Sender sender) {
    int r = rules.matchHeader(key);
    while (r >= 0 && passes(r, ipv4, carriers, sender)) {
      r = rules.matchHeader(key, r + 1);
    }
    return r;
  }

  private boolean passes(int r, boolean ipv4, Carriers carriers, Sender sender) {
    return rules.asksForProgram(r) && !rules.holds(r, sender.notes())
        || settled(r, ipv4, carriers) == MISSING;
  }

  /** What a rule that decides stands for now; without a rule it is the underlay. */
  int carrier(int r, boolean ipv4, Carriers carriers) {
    return r < 0 ? Carriers.UNDERLAY : settled(r, ipv4, carriers);
  }

  /** What would happen to a flow of a program to a name. */
  Decision explain(String name, ProgramFacts program, boolean ipv4, Carriers carriers) {
    return explain(r -> rules.matchNameFrom(name, r), program, ipv4, carriers);
  }

  /** What would happen to a flow of a program by its 5-tuple. */
  Decision explain(FlowKey key, ProgramFacts program, boolean ipv4, Carriers carriers) {
    return explain(r -> rules.matchHeader(key, r), program, ipv4, carriers);
  }

  private Decision explain(
      IntUnaryOperator matchFrom, ProgramFacts program, boolean ipv4, Carriers carriers) {
    List<Decision.Match> matches = new ArrayList<>();
    for (int r = matchFrom.applyAsInt(0); r >= 0; r = matchFrom.applyAsInt(r + 1)) {
      ProgramFacts.Answer holds = program.holds(rule(r).subset());
      if (holds == ProgramFacts.Answer.NO) {
        continue;
      }
      int c = settled(r, ipv4, carriers);
      int best = carriers.best(carrierOfRule[r], ipv4);
      int own = best == Carriers.NONE ? carrierOfRule[r] : best;
      boolean exists = carriers.exists(own);
      matches.add(
          new Decision.Match(
              rule(r),
              exists ? carriers.state(own) : null,
              exists && (ipv4 || own == Carriers.UNDERLAY || carriers.fitsIpv6(own)),
              holds == ProgramFacts.Answer.DEPENDS,
              verdict(c)));
      if (c != MISSING && holds == ProgramFacts.Answer.YES) {
        String carrier = c == BLOCKED ? null : carriers.name(c);
        return new Decision(matches, rule(r), carrier, mediated);
      }
    }
    return new Decision(matches, null, carriers.name(Carriers.UNDERLAY), mediated);
  }

  private static Decision.Verdict verdict(int c) {
    return switch (c) {
      case Carriers.UNDERLAY -> Decision.Verdict.UNDERLAY;
      case MISSING -> Decision.Verdict.NEXT;
      case BLOCKED -> Decision.Verdict.BLOCKED;
      default -> Decision.Verdict.CARRIED;
    };
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
