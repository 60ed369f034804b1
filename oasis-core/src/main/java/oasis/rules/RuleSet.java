// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.List;
import oasis.packet.FlowKey;

/**
 * An ordered list of rules, compiled. Immutable to its users and safe for any thread (the name
 * matcher fills a bounded cache inside).
 */
public final class RuleSet {
  /** Without rules: everything goes by the underlay. */
  public static final RuleSet EMPTY = compile(List.of());

  private final List<Rule> rules;
  private final NameMatcher names;
  private final HeaderMatcher headers4;
  private final HeaderMatcher headers6;

  private RuleSet(List<Rule> rules) {
    this.rules = List.copyOf(rules);
    names = NameMatcher.compile(this.rules);
    headers4 = HeaderMatcher.compile(this.rules, false);
    headers6 = HeaderMatcher.compile(this.rules, true);
  }

  /**
   * Compiles rules in their order.
   *
   * @throws RuleLimitException when the name rules are too much for the time or memory of a
   *     look-up; it names the rule
   */
  public static RuleSet compile(List<Rule> rules) {
    return new RuleSet(rules);
  }

  /** The rules in order; a match is an index into this list. */
  public List<Rule> rules() {
    return rules;
  }

  /**
   * The first rule that matches a name, or -1. The cost depends on the name's length, not on the
   * number of rules.
   *
   * @param name lower case, without the trailing dot
   */
  public int matchName(String name) {
    return names.match(name, 0);
  }

  /** As {@link #matchName}, looking only at rules with index {@code from} and above. */
  public int matchNameFrom(String name, int from) {
    return names.match(name, from);
  }

  /**
   * The first header rule that matches a flow, or -1. Flows of other protocols than TCP, UDP, ICMP
   * and ICMPv6 match none. Allocates nothing.
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
}
