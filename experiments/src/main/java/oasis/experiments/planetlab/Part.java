// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.planetlab;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** A part of each round. */
enum Part {
  PROGRAMS("programs of today"),
  MANY("downloads at a time"),
  LARGE("large bodies"),
  COST("beside tinyproxy"),
  HOSTILE("under attack"),
  /** The last one: it needs another network. */
  BAD("over a bad path");

  private final String title;

  Part(String title) {
    this.title = title;
  }

  String title() {
    return title;
  }

  /** Its name in goals and results. */
  @JsonValue
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
