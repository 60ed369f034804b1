// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

/** What happens to the client. */
enum Blow {
  KILL("SIGKILL"),
  KILL_GROUP("SIGKILL to its process group"),
  STOP("SIGSTOP"),
  STOP_GROUP("SIGSTOP to its process group"),
  STALL("data loop stalled"),
  STOP_UNGUARDED("SIGSTOP, its supervisor killed before");

  private final String title;

  Blow(String title) {
    this.title = title;
  }

  String title() {
    return title;
  }

  /** Whether the client lives on and holds the host's network. */
  boolean hangs() {
    return ordinal() >= STOP.ordinal();
  }
}
