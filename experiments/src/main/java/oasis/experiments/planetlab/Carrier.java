// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.planetlab;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What carries a request, by the name that is asked for. */
enum Carrier {
  OVERLAY("www.overlay.test"),
  UNDERLAY("www.plain.test");

  private final String host;

  Carrier(String host) {
    this.host = host;
  }

  /** The server's name that is carried so. */
  String host() {
    return host;
  }

  /** Its name in results. */
  @JsonValue
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
