// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.util.ArrayList;
import java.util.List;
import oasis.packet.Burst;
import org.jspecify.annotations.Nullable;

/**
 * The carriers and what is known of their entry nodes. Index 0 is OC0, the underlay: always alive.
 * Liveness is judged by silence: each probe is answered by the entry node, and any packet from it
 * counts as heard. Carriers of one name are the entry nodes of one overlay: a new flow gets the
 * living one with the shortest round-trip time. Confined to the data loop.
 */
final class Carriers {
  /** Index of OC0. */
  static final int UNDERLAY = 0;

  /** Most carriers, OC0 included. */
  static final int MAX = 128;

  /** No carrier. */
  static final int NONE = -1;

  /** A link that carries IPv6 carries packets of this many bytes (RFC 8200 section 5). */
  private static final int LEAST_MTU6 = 1_280;

  /** How long after its death nothing brings a carrier back: longer than packets travel. */
  private static final long REVIVE_AFTER_NS = 1_000_000_000L;

  private static final long NEVER = Long.MIN_VALUE;

  /** A round-trip time that has not been measured, worse than any. */
  private static final long UNMEASURED_NS = Long.MAX_VALUE / 4;

  /** Weight of a new round-trip time in the smoothed one is 1/8 (RFC 6298 section 2). */
  private static final int RTT_SHIFT = 3;

  private final EngineConfig config;
  private final @Nullable String[] names = new @Nullable String[MAX];
  private final CarrierState[] states = new CarrierState[MAX];
  private final boolean[] named = new boolean[MAX];
  private final long[] heardNs = new long[MAX];
  private final long[] waitingSinceNs = new long[MAX];
  private final long[] diedNs = new long[MAX];
  private final long[] nextProbeNs = new long[MAX];
  private final int[] mtus = new int[MAX];
  final int[] flows = new int[MAX];
  private final long[] outPkts = new long[MAX];
  private final long[] outBytes = new long[MAX];
  private final long[] inPkts = new long[MAX];
  private final long[] inBytes = new long[MAX];
  private final long[] probedNs = new long[MAX];
  private final int[] unanswered = new int[MAX];
  private final long[] rttNs = new long[MAX];

  /** Number of the overlay that a carrier is an entry node of. */
  private final int[] group = new int[MAX];

  /** By overlay: the entry node that got the last new flow. */
  private final int[] chosen = new int[MAX];

  /** One more than the highest index in use. */
  private int end;

  Carriers(EngineConfig config) {
    this.config = config;
    put(UNDERLAY, "underlay", config.tunMtu(), 0);
    states[UNDERLAY] = CarrierState.ALIVE;
  }

  /**
   * Adds a carrier; its index, or {@link #NONE} when there are {@link #MAX} already. One with the
   * name of another is a further entry node of the same overlay.
   */
  int add(String name, int mtu, long nowNs) {
    for (int c = 1; c < MAX; c++) {
      if (names[c] == null) {
        put(c, name, mtu, nowNs);
        return c;
      }
    }
    return NONE;
  }

  private void put(int c, String name, int mtu, long nowNs) {
    group[c] = groupOf(name, c);
    names[c] = name;
    end = Math.max(end, c + 1);
    probedNs[c] = NEVER;
    unanswered[c] = 0;
    rttNs[c] = UNMEASURED_NS;
    states[c] = CarrierState.UNKNOWN;
    named[c] = false;
    heardNs[c] = NEVER;
    waitingSinceNs[c] = NEVER;
    nextProbeNs[c] = nowNs;
    mtus[c] = mtu;
    flows[c] = 0;
    outPkts[c] = 0;
    outBytes[c] = 0;
    inPkts[c] = 0;
    inBytes[c] = 0;
  }

  /** The overlay that has this name already, else a number that no other one has. */
  private int groupOf(String name, int c) {
    boolean[] taken = new boolean[MAX];
    for (int i = 0; i < end; i++) {
      if (name.equals(names[i])) {
        return group[i];
      }
      taken[group[i]] |= names[i] != null;
    }
    int free = 0;
    while (taken[free]) {
      free++;
    }
    chosen[free] = c;
    return free;
  }

  void remove(int c) {
    names[c] = null;
    while (end > 1 && names[end - 1] == null) {
      end--;
    }
  }

  /** One more than the highest index in use. */
  int end() {
    return end;
  }

  /** Another MTU from now on. */
  void setMtu(int c, int mtu) {
    mtus[c] = mtu;
  }

  /**
   * The carrier for a new flow by an overlay: the entry node whose round-trip time is the shortest
   * of the living ones. The one chosen before stays until another is a fifth faster, so that a
   * program's connections do not wander between two that are alike.
   *
   * @param c any carrier of the overlay
   * @return {@link #NONE} when no entry node may get new flows of the address family
   */
  int best(int c, boolean ipv4) {
    if (!exists(c)) {
      return NONE;
    }
    int overlay = group[c];
    int best = NONE;
    for (int i = 0; i < end; i++) {
      if (names[i] != null
          && group[i] == overlay
          && serves(i, ipv4)
          && (best == NONE || rank(i, overlay) < rank(best, overlay))) {
        best = i;
      }
    }
    if (best != NONE) {
      chosen[overlay] = best;
    }
    return best;
  }

  private long rank(int c, int overlay) {
    return c == chosen[overlay] ? rttNs[c] - rttNs[c] / 5 : rttNs[c];
  }

  /** Whether a carrier is the one that the next flow of its overlay gets, as far as is known. */
  private boolean isChosen(int c) {
    return chosen[group[c]] == c && serves(c, true);
  }

  boolean exists(int c) {
    return c >= 0 && c < MAX && names[c] != null;
  }

  String name(int c) {
    String name = names[c];
    return name == null ? "removed" : name;
  }

  /** Longest IP packet that the carrier carries; for OC0 what the TUN device does. */
  int mtu(int c) {
    return mtus[c];
  }

  /** Whether the carrier's MTU allows IPv6. */
  boolean fitsIpv6(int c) {
    return mtus[c] >= LEAST_MTU6;
  }

  CarrierState state(int c) {
    return states[c];
  }

  /** True when the carrier may get new flows of the address family. */
  boolean serves(int c, boolean ipv4) {
    return c >= 0 && names[c] != null && states[c] == CarrierState.ALIVE && (ipv4 || fitsIpv6(c));
  }

  /** Counts what was sent by the carrier. */
  void sent(int c, Burst b) {
    outPkts[c] += b.segments();
    outBytes[c] += b.length();
  }

  /** Counts what came by the carrier. */
  void received(int c, Burst b) {
    inPkts[c] += b.segments();
    inBytes[c] += b.length();
  }

  /**
   * Says which overlays rules name: only their entry nodes are probed.
   *
   * @param carrierOfRule any carrier of the overlay that each rule names
   */
  void named(int[] carrierOfRule, long nowNs) {
    boolean[] overlays = new boolean[MAX];
    for (int c : carrierOfRule) {
      if (exists(c)) {
        overlays[group[c]] = true;
      }
    }
    for (int c = 1; c < end; c++) {
      named(c, names[c] != null && overlays[group[c]], nowNs);
    }
  }

  private void named(int c, boolean byARule, long nowNs) {
    if (byARule && !named[c]) {
      nextProbeNs[c] = nowNs;
      waitingSinceNs[c] = NEVER;
    }
    named[c] = byARule;
  }

  /**
   * Something came from the carrier. A dead one comes back by the answer to a probe only, and not
   * at once: what it sent before it died may still be on its way.
   */
  void heard(int c, boolean probeAnswer, long nowNs) {
    if (probeAnswer) {
      measure(c, nowNs);
    }
    if (states[c] == CarrierState.DEAD && !(probeAnswer && nowNs - diedNs[c] >= REVIVE_AFTER_NS)) {
      return;
    }
    heardNs[c] = nowNs;
    waitingSinceNs[c] = NEVER;
    states[c] = CarrierState.ALIVE;
  }

  /** Which of several probes was answered cannot be told, so such an answer measures nothing. */
  private void measure(int c, long nowNs) {
    if (unanswered[c] == 1) {
      long sampleNs = Math.max(0, nowNs - probedNs[c]);
      rttNs[c] =
          rttNs[c] == UNMEASURED_NS ? sampleNs : rttNs[c] + ((sampleNs - rttNs[c]) >> RTT_SHIFT);
    }
    unanswered[c] = 0;
  }

  /** The carrier's host says that nothing listens on its port. True when that made it dead. */
  boolean refused(int c, long nowNs) {
    boolean news = states[c] != CarrierState.DEAD;
    states[c] = CarrierState.DEAD;
    diedNs[c] = nowNs;
    return news;
  }

  /** True when a probe is due; the caller sends it. */
  boolean probeDue(int c, long nowNs) {
    if (c == UNDERLAY
        || names[c] == null
        || !(named[c] || flows[c] > 0)
        || nowNs < nextProbeNs[c]) {
      return false;
    }
    if (waitingSinceNs[c] == NEVER) {
      waitingSinceNs[c] = nowNs;
    }
    probedNs[c] = nowNs;
    unanswered[c]++;
    // A missed answer is asked for again four times as fast, so that one lost datagram does not
    // look like a dead node.
    boolean missed = nowNs - waitingSinceNs[c] >= config.probeIntervalNs();
    boolean fast = missed && states[c] != CarrierState.DEAD;
    nextProbeNs[c] = nowNs + (fast ? config.probeIntervalNs() / 4 : config.probeIntervalNs());
    return true;
  }

  /** Judges a silent carrier. True when that made it dead. */
  boolean judge(int c, long nowNs) {
    if (c == UNDERLAY || names[c] == null || waitingSinceNs[c] == NEVER) {
      return false;
    }
    long silentNs = nowNs - waitingSinceNs[c];
    if (silentNs >= config.deadAfterNs() && states[c] != CarrierState.DEAD) {
      states[c] = CarrierState.DEAD;
      diedNs[c] = nowNs;
      return true;
    }
    if (silentNs >= config.suspectAfterNs() && states[c] == CarrierState.ALIVE) {
      states[c] = CarrierState.SUSPECT;
    }
    return false;
  }

  /** When the next probe or verdict is due; {@link Long#MAX_VALUE} for never. */
  long nextDeadlineNs() {
    long next = Long.MAX_VALUE;
    for (int c = 1; c < end; c++) {
      if (names[c] != null && (named[c] || flows[c] > 0)) {
        next = Math.min(next, nextProbeNs[c]);
      }
    }
    return next;
  }

  /**
   * A snapshot of all carriers.
   *
   * @param underlayIpv6 whether the underlay has an IPv6 address to send from
   */
  List<CarrierInfo> list(boolean underlayIpv6, long nowNs) {
    List<CarrierInfo> list = new ArrayList<>();
    for (int c = 0; c < end; c++) {
      if (names[c] != null) {
        long silentMs = heardNs[c] == NEVER ? -1 : (nowNs - heardNs[c]) / 1_000_000;
        list.add(
            new CarrierInfo(
                c,
                name(c),
                states[c],
                silentMs,
                rttNs[c] == UNMEASURED_NS ? -1 : rttNs[c] / 1_000,
                isChosen(c),
                mtus[c],
                fitsIpv6(c) && (c != UNDERLAY || underlayIpv6),
                flows[c],
                outPkts[c],
                outBytes[c],
                inPkts[c],
                inBytes[c]));
      }
    }
    return list;
  }
}
