// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.queues;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What is sent. */
enum Load {
  /** UDP of two classes, the lower one far too much. */
  OVERLOAD,
  /** TCP of two clients of one class towards the server. */
  OUT,
  /** The same from the server. */
  IN;

  /** Its name in results. */
  @JsonValue
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
