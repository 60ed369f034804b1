// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import java.util.List;
import java.util.Locale;

/** An exit node that is attacked by sockets. */
enum Subject {
  /** Its own NAT, raw and packet sockets. */
  RAW("raw backend", "--backend raw"),
  /** Its own NAT where the firewall is not ours. */
  SLICE("raw backend in slice mode", "--backend raw --silence sockets"),
  /** The raw backend for clients with keys, and for nobody else. */
  KEYED("raw backend, clients with keys", "--backend raw"),
  /** TUN device and masquerade. */
  KERNEL("kernel backend", "--backend kernel");

  private final String title;
  private final String options;

  Subject(String title, String options) {
    this.title = title;
    this.options = options;
  }

  String title() {
    return title;
  }

  /** How the exit node is started. */
  List<String> options() {
    return List.of(options.split(" ", -1));
  }

  /** Whether clients need keys. */
  boolean keyed() {
    return this == KEYED;
  }

  boolean kernel() {
    return this == KERNEL;
  }

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
