// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.figures;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What a host does with its packets. Each is a host of its own in the emulation. */
enum Setup {
  DIRECT("without Oasis"),
  NULL("without Oasis, once more"),
  MEDIATED("every packet mediated"),
  OVERLAY("dummy overlay");

  private final String title;

  Setup(String title) {
    this.title = title;
  }

  String title() {
    return title;
  }

  /** Whether a client runs there. */
  boolean hasClient() {
    return this == MEDIATED || this == OVERLAY;
  }

  /** Its name in results, goals and the topology. */
  @JsonValue
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
