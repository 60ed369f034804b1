// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.restart;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What is done to an exit node under its clients' downloads. */
enum Change {
  REPLACED("replaced"),
  RESTARTED("stopped, started"),
  KILLED("killed, started");

  private final String title;

  Change(String title) {
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
