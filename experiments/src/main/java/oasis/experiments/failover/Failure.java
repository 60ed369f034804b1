// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.failover;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** How an entry node fails. */
enum Failure {
  KILL("entry node killed"),
  HOLE("entry node black-holed");

  private final String title;

  Failure(String title) {
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
