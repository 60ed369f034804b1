// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.util.ArrayList;
import java.util.List;
import oasis.packet.Burst;
import org.jspecify.annotations.Nullable;

/**
 * The carriers and what is known of their entry nodes. Index 0 is OC0, the underlay: always alive.
 * Carriers of one name are the entry nodes of one overlay: a new flow gets the living one with the
 * shortest round-trip time (see {@link Liveness}). Confined to the data loop.
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

  private final Liveness liveness;
  private final @Nullable String[] names = new @Nullable String[MAX];
  private final boolean[] named = new boolean[MAX];
  private final int[] mtus = new int[MAX];
  final int[] flows = new int[MAX];
  private final long[] outPkts = new long[MAX];
  private final long[] outBytes = new long[MAX];
  private final long[] inPkts = new long[MAX];
  private final long[] inBytes = new long[MAX];

  /** Number of the overlay that a carrier is an entry node of. */
  private final int[] group = new int[MAX];

  /** By overlay: the entry node that got the last new flow. */
  private final int[] chosen = new int[MAX];

  /** One more than the highest index in use. */
  private int end;

  Carriers(EngineConfig config) {
    liveness = new Liveness(config, MAX);
    put(UNDERLAY, "underlay", config.tunMtu(), 0);
    liveness.always(UNDERLAY);
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
    liveness.begin(c, nowNs);
    named[c] = false;
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
    long rttNs = liveness.rttNs(c);
    return c == chosen[overlay] ? rttNs - rttNs / 5 : rttNs;
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
    return liveness.state(c);
  }

  /** True when the carrier may get new flows of the address family. */
  boolean serves(int c, boolean ipv4) {
    return c >= 0 && names[c] != null && state(c) == CarrierState.ALIVE && (ipv4 || fitsIpv6(c));
  }

  /** Counts what was sent by the carrier. */
  void sent(int c, Burst b) {
    liveness.use(c);
    outPkts[c] += b.segments();
    outBytes[c] += b.length();
  }

  /** Counts what came by the carrier. */
  void received(int c, Burst b) {
    liveness.use(c);
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
      liveness.probeSoon(c, nowNs);
    }
    named[c] = byARule;
  }

  /** Something came from the carrier's entry node. */
  void heard(int c, boolean probeAnswer, long nowNs) {
    liveness.heard(c, probeAnswer, nowNs);
  }

  /** The carrier's host says that nothing listens on its port. */
  void refused(int c, long nowNs) {
    liveness.refused(c, nowNs);
  }

  /** The carrier's packets go another way now: what was missed before says nothing. */
  void moved(int c, long nowNs) {
    liveness.probeSoon(c, nowNs);
  }

  /** The host's network has changed: all carriers are probed. */
  void hostChanged(long nowNs) {
    for (int c = 1; c < end; c++) {
      if (names[c] != null) {
        liveness.hostChanged(c, nowNs);
      }
    }
  }

  /** True when a probe is due; the caller sends it. The state may be another after this. */
  boolean probeDue(int c, long nowNs) {
    return isProbed(c) && liveness.probeDue(c, nowNs);
  }

  /** The host could not send the last probe. */
  void unsent(int c) {
    liveness.unsent(c);
  }

  private boolean isProbed(int c) {
    return c != UNDERLAY && names[c] != null && (named[c] || flows[c] > 0);
  }

  /** When the next probe is due; {@link Long#MAX_VALUE} for never. */
  long nextDeadlineNs() {
    long next = Long.MAX_VALUE;
    for (int c = 1; c < end; c++) {
      if (isProbed(c)) {
        next = Math.min(next, liveness.dueNs(c));
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
        long rttNs = liveness.rttNs(c);
        list.add(
            new CarrierInfo(
                c,
                name(c),
                state(c),
                liveness.silentMs(c, nowNs),
                rttNs == Liveness.UNMEASURED_NS ? -1 : rttNs / 1_000,
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
