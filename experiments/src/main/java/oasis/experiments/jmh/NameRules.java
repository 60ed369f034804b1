// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.jmh;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import oasis.rules.Rule;
import oasis.rules.RuleException;
import oasis.rules.Term;

/**
 * Name rules as the paper's test of the cost of names has them: 40 % globs, 30 % exact names, 30 %
 * regular expressions with alternation, classes and {@code *}; and names for them, which never
 * repeat and half of which match. Repeatable by its seed.
 */
public final class NameRules {
  private static final String[] TLDS = {"com", "org", "net", "edu", "de", "co.uk"};
  private static final String[] HOSTS = {"www", "img", "cdn", "mail", "api", "static"};

  /** Patterns on which backtracking matchers or determinised automata explode. */
  private static final String[] HOSTILE = {
    "(a|b)*a[a-c]{15}%s$",
    "^(([a-z])+.)+[A-Z]([a-z])+%s$",
    "(x+x+)+%s",
    "^(a|aa)+%s$",
    "(.*)*%s.*.*.*$"
  };

  private final SplittableRandom random;
  private final List<String> sites = new ArrayList<>();
  private final List<Rule> rules = new ArrayList<>();
  private final Set<String> given = new HashSet<>();

  /** Makes rules; one of a hundred is hostile, if there are as many. */
  public NameRules(int count, long seed) {
    random = new SplittableRandom(seed);
    for (int i = 0; i < count; i++) {
      sites.add(word() + Integer.toString(i, 36));
      try {
        rules.add(Rule.parse("name:" + pattern(i) + " ron"));
      } catch (RuleException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** The rules in their order. */
  public List<Rule> rules() {
    return rules;
  }

  private String pattern(int i) {
    String site = sites.get(i);
    String tld = one(TLDS);
    if (i % 100 == 99) {
      return "/" + String.format(Locale.ROOT, one(HOSTILE), site) + "/";
    }
    // In every ten rules: four, three and three.
    return switch (i % 10) {
      case 0, 3 -> "*." + site + "." + tld;
      case 1 -> one(HOSTS) + "*." + site + "." + tld;
      case 2 -> "*" + site + "*";
      case 4, 5, 6 -> one(HOSTS) + "." + site + "." + tld;
      case 7 -> "/^(www|img|cdn)[0-9]*\\." + site + "\\.(com|org)$/";
      case 8 -> "/(^|\\.)[a-z0-9-]*" + site + "(\\.[a-z]+)*\\.(" + tld + "|info)$/";
      default -> "/^(" + one(HOSTS) + "|" + one(HOSTS) + "[0-9]{1,3})-" + site + "\\.[a-z.]*$/";
    };
  }

  /** Names that were never given out before; every other one is made to match a rule. */
  public List<String> names(int count) {
    List<String> names = new ArrayList<>();
    while (names.size() < count) {
      String name = names.size() % 2 == 0 ? matching() : other();
      if (given.add(name)) {
        names.add(name);
      }
    }
    return names;
  }

  private String other() {
    return host() + "." + word() + word() + "." + one(TLDS);
  }

  private String matching() {
    int i = random.nextInt(rules.size());
    // What the hostile ones match is none of this test's business.
    i -= i % 100 == 99 ? 1 : 0;
    String site = sites.get(i);
    String rule = rules.get(i).subset().toString();
    return switch (i % 10) {
      case 0, 3 -> host() + "." + rule.substring("name:*.".length());
      case 1 -> rule.substring("name:".length()).replace("*", Integer.toString(number()));
      case 2 -> host() + site + number() + "." + one(TLDS);
      case 4, 5, 6 -> rule.substring("name:".length());
      case 7 -> "img" + number() + "." + site + ".org";
      case 8 -> host() + "." + word() + site + "." + word() + ".info";
      default ->
          rule.substring("name:/^(".length(), rule.indexOf('|')) + "-" + site + "." + word() + ".x";
    };
  }

  /** The rules as the paper's client has them: one expression each, tried in order. */
  public List<Pattern> expressions() {
    return rules.stream().map(NameRules::expression).toList();
  }

  private static Pattern expression(Rule rule) {
    String pattern = ((Term.Name) rule.subset().terms().get(0)).pattern();
    if (pattern.startsWith("/")) {
      return Pattern.compile(pattern.substring(1, pattern.length() - 1));
    }
    return Pattern.compile("^" + pattern.replace(".", "\\.").replace("*", ".*") + "$");
  }

  private String host() {
    return one(HOSTS) + number();
  }

  private int number() {
    return random.nextInt(1_000_000);
  }

  private String word() {
    StringBuilder word = new StringBuilder();
    for (int i = random.nextInt(2, 5); i > 0; i--) {
      word.append("bcdfghklmnprstvwz".charAt(random.nextInt(17)));
      word.append("aeiou".charAt(random.nextInt(5)));
    }
    return word.toString();
  }

  private String one(String[] of) {
    return of[random.nextInt(of.length)];
  }
}
