// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.queues;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What shares the rate. */
enum Setup {
  CLASSES("classes of the exit node"),
  FIFO("a single queue");

  private final String title;

  Setup(String title) {
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
