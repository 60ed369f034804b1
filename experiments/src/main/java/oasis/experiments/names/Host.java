// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.names;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** A host of the emulation. The hosts differ in nothing but what runs on them. */
enum Host {
  DIRECT("without Oasis", 0),
  NULL("without Oasis, once more", 0),
  RULES1("1 rule", 1),
  RULES100("100 rules", 100),
  RULES10000("10,000 rules", 10_000),
  RULES100000("100,000 rules", 100_000),
  MEDIATED("100 rules, mediated", 100);

  private final String title;
  private final int rules;

  Host(String title, int rules) {
    this.title = title;
    this.rules = rules;
  }

  String title() {
    return title;
  }

  /** How many name rules its client has; 0 for a host without one. */
  int rules() {
    return rules;
  }

  boolean hasClient() {
    return rules > 0;
  }

  /** Whether names that match get fake addresses there. */
  boolean fakes() {
    return hasClient() && this != MEDIATED;
  }

  /** The hosts that show what rules cost, by their number. */
  static List<Host> byRules() {
    return Arrays.stream(values()).filter(Host::fakes).toList();
  }

  /** Its name in results, goals and the topology. */
  @JsonValue
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
