// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.List;
import oasis.packet.FlowKey;

/**
 * An ordered list of rules, compiled. Immutable to its users and safe for any thread (the name
 * matcher fills a bounded cache inside).
 *
 * <p>Names and headers are matched here; whether the terms of a rule about programs hold for a
 * connection as well is asked by {@link #holds}.
 */
public final class RuleSet {
  /** Without rules: everything goes by the underlay. */
  public static final RuleSet EMPTY = new RuleSet(List.of(), Programs.NONE, NeverFaked.NOTHING);

  private final List<Rule> rules;
  private final NameMatcher names;
  private final NeverFaked neverFaked;

  /** The rules about names that are never faked otherwise. */
  private final NameTable spelledOut;

  private final HeaderMatcher headers4;
  private final HeaderMatcher headers6;
  private final Programs programs;

  /** By rule, what must and what must not be noted at a connection; empty without such terms. */
  private final long[] wanted;

  private final long[] unwanted;

  private RuleSet(List<Rule> rules, Programs programs, NeverFaked neverFaked) {
    this.rules = List.copyOf(rules);
    this.programs = programs;
    names = NameMatcher.compile(this.rules);
    this.neverFaked = neverFaked;
    spelledOut = neverFaked.spelledOut(this.rules);
    headers4 = HeaderMatcher.compile(this.rules, false);
    headers6 = HeaderMatcher.compile(this.rules, true);
    int count = programs.terms().isEmpty() ? 0 : rules.size();
    wanted = new long[count];
    unwanted = new long[count];
    for (int i = 0; i < count; i++) {
      wanted[i] = programs.wanted(this.rules.get(i).subset());
      unwanted[i] = programs.unwanted(this.rules.get(i).subset());
    }
  }

  /**
   * Compiles rules in their order.
   *
   * @throws RuleLimitException when the rules are too much for the time or memory of a look-up, or
   *     for the kernel's notes about programs; it names the rule
   */
  public static RuleSet compile(List<Rule> rules) {
    return compile(rules, EMPTY, NeverFaked.NOTHING);
  }

  /**
   * As {@link #compile(List)}, for rules that follow others without a break: what the kernel has
   * noted at connections for those goes on to mean the same.
   *
   * @param neverFaked names that only a rule which spells them out is about
   */
  public static RuleSet compile(List<Rule> rules, RuleSet before, NeverFaked neverFaked) {
    return new RuleSet(rules, Programs.of(rules, before.programs), neverFaked);
  }

  /**
   * The rules before and after a change, for as long as both are in force. They may have as many
   * terms about programs as both have.
   *
   * @param both what the rules before and those after have, in any order
   * @param after the rules after the change, compiled to follow those before
   */
  public static RuleSet together(List<Rule> both, RuleSet after) {
    return new RuleSet(both, Programs.together(both, after.programs), after.neverFaked);
  }

  /** The rules in order; a match is an index into this list. */
  public List<Rule> rules() {
    return rules;
  }

  /** The terms about programs. */
  public Programs programs() {
    return programs;
  }

  /**
   * The first rule that matches a name, or -1, whatever it says of programs. The cost depends on
   * the name's length, not on the number of rules.
   *
   * @param name lower case, without the trailing dot
   */
  public int matchName(String name) {
    return matchNameFrom(name, 0);
  }

  /** As {@link #matchName}, looking only at rules with index {@code from} and above. */
  public int matchNameFrom(String name, int from) {
    int rule = names.match(name, from);
    return rule >= 0 && neverFaked.holds(name) ? spelledOut.match(name, from) : rule;
  }

  /** The names that only a rule which spells them out is about. */
  public NeverFaked neverFaked() {
    return neverFaked;
  }

  /**
   * The first header rule that matches a flow, or -1, whatever it says of programs. Flows of other
   * protocols than TCP, UDP, ICMP and ICMPv6 match none. Allocates nothing.
   *
   * @param key as the program sent it, destination at the far end
   */
  public int matchHeader(FlowKey key) {
    return matchHeader(key, 0);
  }

  /** As {@link #matchHeader(FlowKey)}, looking only at rules with index {@code from} and above. */
  public int matchHeader(FlowKey key, int from) {
    return (HeaderMatcher.isIpv6(key) ? headers6 : headers4).match(key, from);
  }

  /** Whether a rule says something of programs, so that {@link #holds} has to be asked. */
  public boolean asksForProgram(int rule) {
    return wanted.length > 0 && (wanted[rule] | unwanted[rule]) != 0;
  }

  /**
   * Whether what a rule says of programs holds for a connection. Of a connection that the kernel
   * has not looked at nothing is known, so no such rule holds. Allocates nothing.
   *
   * @param notes what the kernel has noted at the connection; see {@link Programs}
   */
  public boolean holds(int rule, long notes) {
    return !asksForProgram(rule)
        || notes >>> Programs.LOOKED == 1
            && (notes & wanted[rule]) == wanted[rule]
            && (notes & unwanted[rule]) == 0;
  }
}
