// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a run does.
 *
 * @param quick fewer datagrams: at most four minutes
 * @param subjects exit nodes that are attacked by sockets, see {@link Subject}
 * @param datagrams to each of them
 * @param engineDatagrams into the engines, half of them into that of each backend
 * @param seed of the datagrams
 * @param java of client and exit node, as it calls itself
 */
record Plan(
    boolean quick,
    List<Subject> subjects,
    long datagrams,
    long engineDatagrams,
    long seed,
    String java) {
  /** Datagrams per second that are aimed at; some more than asked for, since pauses cost. */
  static final int PER_SECOND = 21_500;

  /** The friend's flow. */
  static final double FRIEND_MBITS = 50;

  /** How many packets are sent past the exit node to either address that they must not go to. */
  static final int CANARIES = 5;

  /** What the engines are called in results. */
  static final String ENGINE = "engine";

  private static final long DATAGRAMS = 1_000_000;
  private static final long QUICK_DATAGRAMS = 300_000;
  private static final long ENGINE_DATAGRAMS = 9_000_000;
  private static final long QUICK_ENGINE_DATAGRAMS = 2_000_000;

  Plan {
    subjects = List.copyOf(subjects);
  }

  /**
   * The usual plan.
   *
   * @param subjects exit nodes to attack by sockets
   * @param given datagrams to each, or null for the usual number
   * @param givenEngine datagrams into the engines, or null for the usual number
   */
  static Plan of(
      boolean quick,
      List<Subject> subjects,
      @Nullable Long given,
      @Nullable Long givenEngine,
      long seed,
      String java) {
    return new Plan(
        quick,
        subjects,
        given != null ? given : quick ? QUICK_DATAGRAMS : DATAGRAMS,
        givenEngine != null ? givenEngine : quick ? QUICK_ENGINE_DATAGRAMS : ENGINE_DATAGRAMS,
        seed,
        java);
  }

  /**
   * Whether a goal such as {@code raw.per_s} is asked for: those of what is attacked, and how many
   * datagrams it must be only of a full run.
   */
  boolean asks(String value) {
    String who = value.substring(0, value.indexOf('.'));
    boolean attacked =
        who.equals(ENGINE) || subjects.stream().anyMatch(each -> each.word().equals(who));
    return attacked && !(quick && value.endsWith(".datagrams"));
  }
}
