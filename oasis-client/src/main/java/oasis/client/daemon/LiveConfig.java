// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import oasis.io.config.ConfigException;
import oasis.rules.Rule;
import oasis.rules.RuleException;

/**
 * The configuration that is in force, and which part of it is for this run only. Immutable.
 *
 * @param all every overlay and rule in force
 * @param runOverlays names of overlays that are not saved
 * @param runRules rules that are not saved
 */
record LiveConfig(ClientConfig all, Set<String> runOverlays, Set<Rule> runRules) {
  LiveConfig {
    runOverlays = Set.copyOf(runOverlays);
    runRules = Set.copyOf(runRules);
  }

  /** What the file says. */
  static LiveConfig saved(ClientConfig file) {
    return new LiveConfig(file, Set.of(), Set.of());
  }

  /** The part that belongs into the file. */
  ClientConfig toSave() {
    return new ClientConfig(
        all.overlays().stream().filter(overlay -> isSaved(overlay)).toList(),
        all.rules().stream().filter(rule -> isSaved(rule)).toList(),
        all.disabled().stream().filter(rule -> isSaved(rule)).collect(Collectors.toSet()),
        all.options());
  }

  boolean isSaved(Overlay overlay) {
    return !runOverlays.contains(overlay.name());
  }

  boolean isSaved(Rule rule) {
    return !runRules.contains(rule);
  }

  /**
   * Adds an overlay.
   *
   * @param save whether it outlives this run
   */
  LiveConfig with(Overlay overlay, boolean save) throws ConfigException {
    return new LiveConfig(
        all.withOverlay(overlay), save ? runOverlays : plus(runOverlays, overlay.name()), runRules);
  }

  /**
   * Adds a rule behind the others.
   *
   * @param save whether it outlives this run; a rule about an overlay of this run never does, since
   *     the next start would find it without its overlay
   */
  LiveConfig with(Rule rule, boolean save) throws ConfigException {
    return with(rule, all.rules().size() + 1, save);
  }

  /**
   * Adds a rule in a place.
   *
   * @param number the number it gets, from 1
   * @param save as for {@link #with(Rule, boolean)}
   */
  LiveConfig with(Rule rule, int number, boolean save) throws ConfigException {
    boolean saved = save && !runOverlays.contains(rule.overlay());
    return new LiveConfig(
        all.withRule(rule, number), runOverlays, saved ? runRules : plus(runRules, rule));
  }

  /** Gives a rule another place; see {@link ClientConfig#moved}. */
  LiveConfig moved(int from, int to) throws ConfigException {
    return new LiveConfig(all.moved(from, to), runOverlays, runRules);
  }

  /** Enables or disables a rule; see {@link ClientConfig#withRuleEnabled}. */
  LiveConfig withRuleEnabled(int number, boolean enabled) throws ConfigException {
    return new LiveConfig(all.withRuleEnabled(number, enabled), runOverlays, runRules);
  }

  /** With another version of an overlay. */
  LiveConfig withUpdated(Overlay overlay) throws ConfigException {
    return new LiveConfig(all.withUpdated(overlay), runOverlays, runRules);
  }

  LiveConfig withoutOverlay(String name) throws ConfigException {
    return new LiveConfig(all.withoutOverlay(name), minus(runOverlays, name), runRules);
  }

  LiveConfig withoutRule(int number) throws ConfigException {
    ClientConfig shorter = all.withoutRule(number);
    return new LiveConfig(shorter, runOverlays, minus(runRules, all.rules().get(number - 1)));
  }

  LiveConfig withoutRule(Rule rule) throws ConfigException {
    return new LiveConfig(all.withoutRule(rule), runOverlays, minus(runRules, rule));
  }

  /**
   * What the file says now, and behind it what is for this run only.
   *
   * @throws ConfigException when both do not fit, or the file changes what only a start can
   */
  LiveConfig reloaded(ClientConfig file) throws ConfigException {
    if (!file.options().equals(all.options())) {
      throw new ConfigException(
          "mediate, fake-range, fake-range6 and never-fake cannot change while the client runs;"
              + " restart it");
    }
    LiveConfig next = saved(file);
    for (Overlay overlay : all.overlays()) {
      if (!isSaved(overlay)) {
        next = next.with(overlay, false);
      }
    }
    for (Rule rule : all.rules()) {
      if (!isSaved(rule) && !file.rules().contains(rule)) {
        next = next.with(rule, false);
        if (all.disabled().contains(rule)) {
          next = next.withRuleEnabled(next.all().rules().size(), false);
        }
      }
    }
    return next;
  }

  /** Adds what the command line of {@code run} names. */
  LiveConfig withCommandLine(Settings settings, Overlay.Source source) throws ConfigException {
    LiveConfig config = this;
    Map<String, String> keys = named("--key", "NAME=FILE", settings.keys());
    Map<String, String> overlays = named("--overlay", "NAME=URL", settings.overlays());
    for (Map.Entry<String, String> each : overlays.entrySet()) {
      String key = keys.remove(each.getKey());
      String path = key == null ? null : Path.of(key).toAbsolutePath().toString();
      config = config.with(source.of(each.getKey(), each.getValue()).withKey(path), false);
    }
    if (!keys.isEmpty()) {
      String name = keys.keySet().iterator().next();
      throw new ConfigException("--key \"" + name + "\": there is no --overlay of this name");
    }
    for (String text : settings.rules()) {
      config = config.with(parseRule(text), false);
    }
    return config;
  }

  private static Map<String, String> named(String option, String form, List<String> texts)
      throws ConfigException {
    Map<String, String> byName = new LinkedHashMap<>();
    for (String text : texts) {
      int at = text.indexOf('=');
      if (at < 0) {
        throw new ConfigException(option + " \"" + text + "\": it must read " + form);
      }
      if (byName.put(text.substring(0, at), text.substring(at + 1)) != null) {
        throw new ConfigException(option + " \"" + text + "\": its name stands there twice");
      }
    }
    return byName;
  }

  /** Reads a rule; its text is quoted when it is wrong. */
  static Rule parseRule(String text) throws ConfigException {
    try {
      return Rule.parse(text);
    } catch (RuleException e) {
      throw new ConfigException("rule \"" + text + "\": " + e.getMessage());
    }
  }

  private static <T> Set<T> plus(Set<T> set, T one) {
    Set<T> more = new HashSet<>(set);
    more.add(one);
    return more;
  }

  private static <T> Set<T> minus(Set<T> set, T one) {
    Set<T> fewer = new HashSet<>(set);
    fewer.remove(one);
    return fewer;
  }
}
