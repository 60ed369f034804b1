// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import java.util.ArrayList;
import java.util.List;

/**
 * An address from which hostile datagrams come.
 *
 * @param address IPv4 address as text
 * @param port UDP port
 * @param allowed whether the exit node lets it be a client
 */
record Sender(String address, int port, boolean allowed) {
  /** What the exit node is told to allow. */
  static final String ALLOWED = "192.0.2.0/27";

  private static final int FIRST_PORT = 40_000;

  /** How many clients there are; they come first. */
  static final int CLIENTS = 8;

  private static final int STRANGERS = 4;

  /** Eight clients behind four addresses, and four strangers in the same network. */
  static List<Sender> all() {
    List<Sender> all = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      all.add(new Sender("192.0.2." + (10 + i / 2), FIRST_PORT + i, true));
    }
    for (int i = 0; i < STRANGERS; i++) {
      all.add(new Sender("192.0.2." + (200 + i), FIRST_PORT, false));
    }
    return all;
  }

  /** The addresses, each once. */
  static List<String> addresses() {
    return all().stream().map(Sender::address).distinct().toList();
  }
}
