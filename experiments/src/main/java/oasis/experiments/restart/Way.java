// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.restart;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;
import java.util.Locale;

/** How an exit node carries packets. */
enum Way {
  KERNEL("kernel backend", "--backend kernel"),
  RAW("raw backend, nftables", "--backend raw --silence nft"),
  SLICE("raw backend, sockets", "--backend raw --silence sockets");

  private final String title;
  private final String options;

  Way(String title, String options) {
    this.title = title;
    this.options = options;
  }

  String title() {
    return title;
  }

  List<String> options() {
    return List.of(options.split(" ", -1));
  }

  /** Its name in goals and results. */
  @JsonValue
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
