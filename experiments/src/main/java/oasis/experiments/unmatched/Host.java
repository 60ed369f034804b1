// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.unmatched;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** A host of the comparison. They differ in nothing but what runs on them. */
enum Host {
  DIRECT("without Oasis"),
  NULL("without Oasis, once more"),
  LOADED("client with rules that do not match");

  private final String title;

  Host(String title) {
    this.title = title;
  }

  String title() {
    return title;
  }

  /** Its name in results, goals and the topology. */
  @JsonValue
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The node behind it, in which it publishes a server. */
  String inside() {
    return word() + "-inside";
  }

  /** The hosts in the order of a round: each begins with another one. */
  static List<Host> order(int round) {
    List<Host> order = new ArrayList<>(List.of(values()));
    Collections.rotate(order, -round);
    return order;
  }
}
