// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.util.Arrays;

/**
 * Judges by silence which entry nodes live. A probe is answered at once, and whatever else comes
 * from the node counts as heard; so what is looked for is a node that answers several probes in a
 * row with nothing at all.
 *
 * <ul>
 *   <li>A carrier that no packet uses is probed each {@link EngineConfig#probeIntervalNs}.
 *   <li>One that packets use is probed, besides, as soon as it has been silent for {@link
 *       EngineConfig#quietNs}; while it is heard, that costs nothing.
 *   <li>A probe whose answer is late by the measured round-trip time and its variation (RFC 6298
 *       section 2) is sent again. When several in a row have been missed, the carrier is suspect;
 *       later it is dead.
 * </ul>
 *
 * <p>Misses are counted when the next probe is sent, one each time. A client that was stopped, or a
 * clock that jumps, therefore finds at most one, and hears the answers that wait before the next.
 * Probes that the host itself could not send, for want of a route, say nothing about the node.
 * Confined to the data loop.
 */
final class Liveness {
  /** Answers missed in a row that make a carrier suspect: one and two get lost on bad links. */
  private static final int SUSPECT_MISSES = 3;

  /** Answers missed in a row that make it dead, if it has been silent for long enough, too. */
  private static final int DEAD_MISSES = 5;

  /**
   * The same for probes without an answer of a node that is heard otherwise: what we send may not
   * arrive there. But on a way that is full, probes are lost beside packets that come through.
   */
  private static final int SUSPECT_UNANSWERED = 6;

  private static final int DEAD_UNANSWERED = 10;

  /** How long after its death nothing brings a carrier back: longer than packets travel. */
  private static final long REVIVE_AFTER_NS = 1_000_000_000L;

  /** An answer that has not come by then does not come. */
  private static final long LOST_AFTER_NS = 2_000_000_000L;

  private static final long NEVER = Long.MIN_VALUE;

  /** A round-trip time that has not been measured, worse than any. */
  static final long UNMEASURED_NS = Long.MAX_VALUE / 4;

  // Weights of a new sample in the smoothed round-trip time, 1/8, and in its variation, 1/4.
  private static final int RTT_SHIFT = 3;
  private static final int VARIATION_SHIFT = 2;

  /** Waiting is doubled at most so often. */
  private static final int MAX_BACKOFF = 3;

  private final EngineConfig config;
  private final CarrierState[] states;

  /** Packets went or came since the last probe. */
  private final boolean[] used;

  /** Packets used the carrier when silence began, so its verdict is waited for. */
  private final boolean[] urgent;

  private final long[] heardNs;
  private final long[] probedNs;

  /** When the first probe was sent that nothing has been heard since, or never. */
  private final long[] waitingSinceNs;

  private final long[] diedNs;
  private final int[] missed;

  /** Probes since the last answer to one, the last probe not counted. */
  private final int[] unanswered;

  /** Probes whose answers may still come. */
  private final int[] outstanding;

  /** When there was none of them last. */
  private final long[] outstandingSinceNs;

  private final long[] rttNs;
  private final long[] variationNs;
  private final int[] backoff;

  Liveness(EngineConfig config, int carriers) {
    this.config = config;
    states = new CarrierState[carriers];
    Arrays.fill(states, CarrierState.UNKNOWN);
    used = new boolean[carriers];
    urgent = new boolean[carriers];
    heardNs = new long[carriers];
    probedNs = new long[carriers];
    waitingSinceNs = new long[carriers];
    diedNs = new long[carriers];
    missed = new int[carriers];
    unanswered = new int[carriers];
    outstanding = new int[carriers];
    outstandingSinceNs = new long[carriers];
    rttNs = new long[carriers];
    variationNs = new long[carriers];
    backoff = new int[carriers];
  }

  /** Nothing is known of this carrier yet; its first probe is due. */
  void begin(int c, long nowNs) {
    states[c] = CarrierState.UNKNOWN;
    used[c] = false;
    urgent[c] = false;
    heardNs[c] = NEVER;
    missed[c] = 0;
    unanswered[c] = 0;
    outstanding[c] = 0;
    rttNs[c] = UNMEASURED_NS;
    variationNs[c] = 0;
    backoff[c] = 0;
    probeSoon(c, nowNs);
  }

  /** A probe is due now, and what was missed before does not count. */
  void probeSoon(int c, long nowNs) {
    waitingSinceNs[c] = NEVER;
    unanswered[c] = 0;
    probedNs[c] = nowNs - config.probeIntervalNs();
  }

  /**
   * The host's network has changed: a probe is due now, unless the answer to one is being waited
   * for. That goes on, or a host that changes all the time would never find out.
   */
  void hostChanged(int c, long nowNs) {
    if (waitingSinceNs[c] == NEVER || states[c] == CarrierState.DEAD) {
      probeSoon(c, nowNs);
    }
  }

  /** This carrier needs no probes: it is always there. */
  void always(int c) {
    states[c] = CarrierState.ALIVE;
  }

  CarrierState state(int c) {
    return states[c];
  }

  /** Smoothed round-trip time of the probes, or {@link #UNMEASURED_NS}. */
  long rttNs(int c) {
    return rttNs[c];
  }

  /** Milliseconds since anything was heard, or -1 for never. */
  long silentMs(int c, long nowNs) {
    return heardNs[c] == NEVER ? -1 : (nowNs - heardNs[c]) / 1_000_000;
  }

  /** A packet went or came by the carrier. */
  void use(int c) {
    used[c] = true;
  }

  /**
   * Something came from the carrier. A dead one comes back by the answer to a probe only, and not
   * at once: what it sent before it died may still be on its way.
   */
  void heard(int c, boolean probeAnswer, long nowNs) {
    if (probeAnswer) {
      measure(c, nowNs);
      unanswered[c] = -1;
    }
    if (states[c] == CarrierState.DEAD && !(probeAnswer && nowNs - diedNs[c] >= REVIVE_AFTER_NS)) {
      return;
    }
    heardNs[c] = nowNs;
    waitingSinceNs[c] = NEVER;
    if (unanswered[c] < SUSPECT_UNANSWERED) {
      states[c] = CarrierState.ALIVE;
    }
  }

  /**
   * Which of several probes is answered cannot be told: only the answer to a single one measures
   * anything. After another one more time is allowed, so that a way that has become longer is
   * measured again (Karn's algorithm, RFC 6298 sections 3 and 5).
   */
  private void measure(int c, long nowNs) {
    if (outstanding[c] == 1 && outstandingSinceNs[c] == probedNs[c]) {
      long sampleNs = Math.max(0, nowNs - probedNs[c]);
      if (rttNs[c] == UNMEASURED_NS) {
        rttNs[c] = sampleNs;
        variationNs[c] = sampleNs / 2;
      } else {
        long differenceNs = Math.abs(sampleNs - rttNs[c]);
        variationNs[c] += (differenceNs - variationNs[c]) >> VARIATION_SHIFT;
        rttNs[c] += (sampleNs - rttNs[c]) >> RTT_SHIFT;
      }
      backoff[c] = 0;
    } else if (outstanding[c] > 1) {
      backoff[c] = Math.min(backoff[c] + 1, MAX_BACKOFF);
    }
    outstanding[c] = Math.max(0, outstanding[c] - 1);
  }

  /** The node's host says that nothing listens on the entry port. */
  void refused(int c, long nowNs) {
    states[c] = CarrierState.DEAD;
    diedNs[c] = nowNs;
  }

  /** When the next probe is due, {@link System#nanoTime}. */
  long dueNs(int c) {
    long regularNs = probedNs[c] + config.probeIntervalNs();
    if (states[c] == CarrierState.DEAD) {
      return regularNs;
    }
    boolean waiting = waitingSinceNs[c] != NEVER;
    if (waiting || used[c] && outstanding[c] > 0) {
      return probedNs[c] + patienceNs(c);
    }
    if (!used[c] || heardNs[c] == NEVER) {
      return regularNs;
    }
    long quietNs = heardNs[c] + config.quietNs();
    return quietNs - regularNs < 0 ? quietNs : regularNs;
  }

  /** How long an answer is waited for before another probe is sent. */
  private long patienceNs(int c) {
    long leastNs = urgent[c] || used[c] ? config.quietNs() : config.probeIntervalNs() / 4;
    long expectedNs = rttNs[c] == UNMEASURED_NS ? 0 : rttNs[c] + 4 * variationNs[c];
    return Math.min(Math.max(leastNs, expectedNs) << backoff[c], config.probeIntervalNs());
  }

  /**
   * Whether a probe is due; the caller then sends it. That is also when the answers are judged that
   * did not come: the state may be another after this.
   */
  boolean probeDue(int c, long nowNs) {
    if (dueNs(c) - nowNs > 0) {
      return false;
    }
    if (waitingSinceNs[c] == NEVER) {
      waitingSinceNs[c] = nowNs;
      missed[c] = 0;
      urgent[c] = used[c];
      used[c] = false;
    } else {
      missed[c]++;
    }
    unanswered[c]++;
    judge(c, nowNs);
    probedNs[c] = nowNs;
    boolean lost = nowNs - outstandingSinceNs[c] >= LOST_AFTER_NS;
    if (outstanding[c] == 0 || lost || states[c] == CarrierState.DEAD) {
      outstanding[c] = 0;
      outstandingSinceNs[c] = nowNs;
    }
    outstanding[c]++;
    return true;
  }

  private void judge(int c, long nowNs) {
    boolean silent = nowNs - waitingSinceNs[c] >= config.deadAfterNs();
    boolean lost = unanswered[c] >= SUSPECT_UNANSWERED;
    if (missed[c] >= DEAD_MISSES && silent || unanswered[c] >= DEAD_UNANSWERED) {
      if (states[c] != CarrierState.DEAD) {
        states[c] = CarrierState.DEAD;
        diedNs[c] = nowNs;
      }
    } else if ((missed[c] >= SUSPECT_MISSES || lost) && states[c] == CarrierState.ALIVE) {
      states[c] = CarrierState.SUSPECT;
    }
  }

  /** The host could not send the last probe, for want of a route or of a network at all. */
  void unsent(int c) {
    waitingSinceNs[c] = NEVER;
    unanswered[c] = 0;
    outstanding[c] = 0;
    if (states[c] == CarrierState.ALIVE) {
      states[c] = CarrierState.SUSPECT;
    }
  }
}
