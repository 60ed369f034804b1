// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import oasis.io.config.ConfigException;
import oasis.rules.Rule;

/**
 * The overlays and rules of one client: an immutable snapshot in which every name is unique and
 * every rule names an overlay that exists. Each change makes a new one, or fails with one line that
 * says why and changes nothing.
 *
 * @param overlays in the order in which they were added
 * @param rules in order of precedence: the first that matches decides
 * @param disabled rules that keep their place but decide nothing
 * @param options what the file says beside them
 */
record ClientConfig(
    List<Overlay> overlays, List<Rule> rules, Set<Rule> disabled, ClientOptions options) {
  /** Where a rule sends what the plain Internet should carry. */
  static final String UNDERLAY = "underlay";

  /** Most overlays; each costs a socket; the engine holds this many beside the underlay. */
  static final int MAX_OVERLAYS = 63;

  /** Most entry nodes of all overlays together. */
  static final int MAX_ENTRIES = 63;

  /** Most rules. */
  static final int MAX_RULES = 100_000;

  static final ClientConfig EMPTY =
      new ClientConfig(List.of(), List.of(), Set.of(), ClientOptions.DEFAULTS);

  ClientConfig {
    overlays = List.copyOf(overlays);
    rules = List.copyOf(rules);
    disabled = Set.copyOf(disabled);
  }

  /** The rules that decide, in their order. */
  List<Rule> activeRules() {
    return disabled.isEmpty()
        ? rules
        : rules.stream().filter(rule -> !disabled.contains(rule)).toList();
  }

  /** Collects overlays and rules one by one and refuses the one that does not fit. */
  static final class Builder {
    private final Map<String, Overlay> overlays = new LinkedHashMap<>();
    private final Set<Rule> rules = new LinkedHashSet<>();
    private final Set<Rule> disabled = new HashSet<>();
    private ClientOptions options;

    Builder(ClientOptions options) {
      this.options = options;
    }

    private Builder(ClientConfig from) {
      options = from.options;
      from.overlays.forEach(overlay -> overlays.put(overlay.name(), overlay));
      rules.addAll(from.rules);
      disabled.addAll(from.disabled);
    }

    /** Adds a pattern of names that no rule with a wildcard takes. */
    Builder neverFake(String pattern) throws ConfigException {
      try {
        options = options.withNeverFaked(pattern);
      } catch (IllegalArgumentException e) {
        throw new ConfigException(String.valueOf(e.getMessage()));
      }
      return this;
    }

    Builder add(Overlay overlay) throws ConfigException {
      if (overlays.containsKey(overlay.name())) {
        throw new ConfigException(
            "overlay \"" + overlay.name() + "\" exists already; remove it first");
      }
      if (overlays.size() >= MAX_OVERLAYS) {
        throw new ConfigException("more than " + MAX_OVERLAYS + " overlays");
      }
      return put(overlay);
    }

    private Builder put(Overlay overlay) throws ConfigException {
      overlays.put(overlay.name(), overlay);
      if (overlays.values().stream().mapToInt(one -> one.entries().size()).sum() > MAX_ENTRIES) {
        throw new ConfigException("more than " + MAX_ENTRIES + " entry nodes");
      }
      return this;
    }

    Builder add(Rule rule) throws ConfigException {
      if (!rule.overlay().equals(UNDERLAY) && !overlays.containsKey(rule.overlay())) {
        throw new ConfigException(
            "rule \"" + rule + "\": no overlay \"" + rule.overlay() + "\"; add it first");
      }
      if (rules.size() >= MAX_RULES) {
        throw new ConfigException("more than " + MAX_RULES + " rules");
      }
      if (!rules.add(rule)) {
        throw new ConfigException("the rule exists already: " + rule);
      }
      return this;
    }

    /** Adds a rule that decides nothing until it is enabled. */
    Builder addDisabled(Rule rule) throws ConfigException {
      add(rule);
      disabled.add(rule);
      return this;
    }

    ClientConfig build() {
      return new ClientConfig(
          List.copyOf(overlays.values()), List.copyOf(rules), disabled, options);
    }
  }

  ClientConfig withOverlay(Overlay overlay) throws ConfigException {
    return new Builder(this).add(overlay).build();
  }

  /** With another version of an overlay, in the place of the one that there is. */
  ClientConfig withUpdated(Overlay overlay) throws ConfigException {
    overlay(overlay.name());
    return new Builder(this).put(overlay).build();
  }

  /**
   * This configuration's successor while the kernel still diverts for this one: all of the next
   * one, and behind it what only this one has. An overlay that both have is the next one's, with
   * the entry nodes of both.
   */
  ClientConfig unitedWith(ClientConfig next) {
    Map<String, Overlay> all = new LinkedHashMap<>();
    next.overlays.forEach(overlay -> all.put(overlay.name(), overlay));
    overlays.forEach(overlay -> all.merge(overlay.name(), overlay, Overlay::withEntriesOf));
    Set<Rule> both = new LinkedHashSet<>(next.rules);
    both.addAll(rules);
    Set<Rule> off = new HashSet<>(next.disabled);
    off.addAll(disabled);
    off.removeAll(new HashSet<>(activeRules()));
    off.removeAll(new HashSet<>(next.activeRules()));
    return new ClientConfig(List.copyOf(all.values()), List.copyOf(both), off, next.options);
  }

  /** The overlay of this name. */
  Overlay overlay(String name) throws ConfigException {
    int index = indexOf(name);
    if (index < 0) {
      throw new ConfigException("no overlay \"" + name + "\"");
    }
    return overlays.get(index);
  }

  ClientConfig withoutOverlay(String name) throws ConfigException {
    int index = indexOf(name);
    if (index < 0) {
      throw new ConfigException("no overlay \"" + name + "\"");
    }
    for (int i = 0; i < rules.size(); i++) {
      if (rules.get(i).overlay().equals(name)) {
        throw new ConfigException(
            "rule " + (i + 1) + " uses overlay \"" + name + "\"; remove the rule first");
      }
    }
    List<Overlay> shorter = new ArrayList<>(overlays);
    shorter.remove(index);
    return new ClientConfig(shorter, rules, disabled, options);
  }

  ClientConfig withRule(Rule rule) throws ConfigException {
    return new Builder(this).add(rule).build();
  }

  /**
   * With another rule.
   *
   * @param number the number it gets: from 1 to one more than there are rules
   */
  ClientConfig withRule(Rule rule, int number) throws ConfigException {
    if (number < 1 || number > rules.size() + 1) {
      throw new ConfigException(
          "a rule cannot get number " + number + "; there are " + rules.size() + " rules");
    }
    ClientConfig more = withRule(rule);
    return more.moved(more.rules.size(), number);
  }

  /**
   * The rule {@code from} in another place; those between move up or down by one.
   *
   * @param to the number that it has afterwards
   */
  ClientConfig moved(int from, int to) throws ConfigException {
    Rule rule = rule(from);
    rule(to);
    List<Rule> order = new ArrayList<>(rules);
    order.remove(from - 1);
    order.add(to - 1, rule);
    return new ClientConfig(overlays, order, disabled, options);
  }

  /** With a rule that decides, or that keeps its place and decides nothing. */
  ClientConfig withRuleEnabled(int number, boolean enabled) throws ConfigException {
    Rule rule = rule(number);
    Set<Rule> others = new HashSet<>(disabled);
    if (enabled) {
      others.remove(rule);
    } else {
      others.add(rule);
    }
    return new ClientConfig(overlays, rules, others, options);
  }

  /** The rule of this number; 1 is the first. */
  Rule rule(int number) throws ConfigException {
    if (number < 1 || number > rules.size()) {
      throw new ConfigException(
          "no rule " + number + "; there are " + rules.size() + " (oasis client rule list)");
    }
    return rules.get(number - 1);
  }

  /**
   * Without the rule of this number.
   *
   * @param number 1 for the first rule
   */
  ClientConfig withoutRule(int number) throws ConfigException {
    Set<Rule> others = new HashSet<>(disabled);
    others.remove(rule(number));
    List<Rule> shorter = new ArrayList<>(rules);
    shorter.remove(number - 1);
    return new ClientConfig(overlays, shorter, others, options);
  }

  /** Without this rule. */
  ClientConfig withoutRule(Rule rule) throws ConfigException {
    int index = rules.indexOf(rule);
    if (index < 0) {
      throw new ConfigException("no such rule: " + rule + " (oasis client rule list)");
    }
    return withoutRule(index + 1);
  }

  private int indexOf(String name) {
    for (int i = 0; i < overlays.size(); i++) {
      if (overlays.get(i).name().equals(name)) {
        return i;
      }
    }
    return -1;
  }
}
