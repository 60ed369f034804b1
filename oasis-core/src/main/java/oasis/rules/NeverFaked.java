// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.ArrayList;
import java.util.List;

/**
 * Names whose answers mean something only where they are asked: those by which a system tests
 * whether it is behind a captive portal, time servers, and names of the local network. A rule with
 * a wildcard ({@code name:*}) does not take them; only a rule that spells such a name out does.
 * Immutable, safe for any thread.
 */
public final class NeverFaked {
  /** No such names: every rule takes all that its pattern matches. */
  public static final NeverFaked NOTHING = new NeverFaked(List.of());

  /** Most patterns of a user's own. */
  public static final int MAX_PATTERNS = 200;

  private static final List<String> BUILT_IN =
      List.of(
          // Tests for captive portals: Android, Apple, Windows, Firefox, and desktops.
          "connectivitycheck.gstatic.com",
          "connectivitycheck.android.com",
          "captive.apple.com",
          "*.msftconnecttest.com",
          "*.msftncsi.com",
          "detectportal.firefox.com",
          "nmcheck.gnome.org",
          "networkcheck.kde.org",
          "connectivity-check.ubuntu.com",
          "network-test.debian.org",
          "ping.archlinux.org",
          // Time: programs keep the address for days.
          "pool.ntp.org",
          "*.pool.ntp.org",
          "ntp.ubuntu.com",
          "time.android.com",
          "time.apple.com",
          "time.cloudflare.com",
          "time.facebook.com",
          "time.google.com",
          "time.nist.gov",
          "time.windows.com",
          // The local network: one label, and what RFC 6761, 6762, 8375 and ICANN keep for it.
          "/^[^.]+$/",
          "*.home.arpa",
          "*.internal",
          "*.lan",
          "*.local",
          "*.localdomain",
          "*.localhost");

  private final List<String> patterns;
  private final NameMatcher matcher;

  private NeverFaked(List<String> patterns) {
    this.patterns = List.copyOf(patterns);
    List<Rule> rules = new ArrayList<>();
    for (String pattern : patterns) {
      Subset subset = new Subset(List.of(new Term.Name(false, pattern)));
      rules.add(new Rule(subset, Rule.UNDERLAY, Metric.NONE, Otherwise.UNDERLAY));
    }
    matcher = NameMatcher.compile(rules);
  }

  /**
   * The names of a user, alone or beside the built-in ones.
   *
   * @param patterns globs, or regular expressions between slashes, as behind {@code name:}
   * @throws RuleException when one is wrong; it says which, and the column in it
   * @throws RuleLimitException when they are too much for the time of a look-up
   */
  public static NeverFaked of(boolean builtIn, List<String> patterns) throws RuleException {
    if (patterns.size() > MAX_PATTERNS) {
      throw new RuleException(1, "more than " + MAX_PATTERNS + " names that are never faked");
    }
    List<String> all = new ArrayList<>(builtIn ? BUILT_IN : List.of());
    for (String pattern : patterns) {
      all.add(normal(pattern));
    }
    return new NeverFaked(all);
  }

  private static String normal(String pattern) throws RuleException {
    try {
      RuleWords words = RuleWords.of(RuleParser.NAME + pattern);
      Term.Name name = RuleParser.name(false, words.next());
      if (words.hasNext()) {
        throw words.wrong("'" + words.peek() + "' makes it more than one pattern");
      }
      return name.pattern();
    } catch (RuleException e) {
      throw e.inPart(pattern, RuleParser.NAME.length());
    }
  }

  /** The rules that spell such a name out, by their index; they and no others are about it. */
  NameTable spelledOut(List<Rule> rules) {
    NameTable.Builder table = new NameTable.Builder();
    for (int i = 0; i < rules.size(); i++) {
      List<Term> names = rules.get(i).subset().names();
      if (names.size() == 1
          && names.get(0) instanceof Term.Name name
          && !name.negated()
          && NameTable.isName(name.pattern())
          && holds(name.pattern())) {
        table.add(name.pattern(), i);
      }
    }
    return table.build();
  }

  /** The patterns in force. */
  public List<String> patterns() {
    return patterns;
  }

  /**
   * Whether only a rule that spells this name out is about it.
   *
   * @param name lower case, without the trailing dot
   */
  public boolean holds(String name) {
    return matcher.match(name, 0) >= 0;
  }
}
