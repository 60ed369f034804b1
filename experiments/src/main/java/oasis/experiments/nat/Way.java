// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.nat;

import java.util.List;
import java.util.Locale;

/** Who translates on the way from client to server. */
enum Way {
  /** The kernel of the exit's host, for packets that are routed there: no overlay. */
  MASQUERADE("kernel's masquerade, routed", ""),
  /** Client, overlay, exit node with TUN device and masquerade. */
  KERNEL("exit node, kernel backend", "--backend kernel"),
  /** Client, overlay, exit node with its own NAT. */
  RAW("exit node, raw backend", "--backend raw --ports 10000-65535");

  private final String title;
  private final String options;

  Way(String title, String options) {
    this.title = title;
    this.options = options;
  }

  String title() {
    return title;
  }

  /** Options of the exit node, if there is one. */
  List<String> options() {
    return List.of(options.split(" ", -1));
  }

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
