// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.push;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What is wrong with a node. */
enum Fault {
  /** Nothing. */
  NONE(""),
  /** No ssh server runs there. */
  REFUSED("connection refused"),
  /** It answers nothing at all. */
  SILENT("no answer within"),
  /** There is no room for the bundle. */
  FULL("disk full"),
  /** Its host key is not the one that was pinned. */
  CHANGED("host key has changed"),
  /** It lets the user in, and then every command hangs. */
  HANGS("hangs");

  private final String words;

  Fault(String words) {
    this.words = words;
  }

  /** What the script has to say about such a node. */
  String words() {
    return words;
  }

  /** Its name in results. */
  @JsonValue
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
