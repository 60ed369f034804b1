// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.util.ArrayList;
import java.util.List;
import oasis.packet.Burst;
import org.jspecify.annotations.Nullable;

/**
 * The carriers and what is known of their entry nodes. Index 0 is OC0, the underlay: always alive.
 * Liveness is judged by silence: each probe is answered by the entry node, and any packet from it
 * counts as heard. Confined to the data loop.
 */
final class Carriers {
  /** Index of OC0. */
  static final int UNDERLAY = 0;

  /** Most carriers, OC0 included. */
  static final int MAX = 64;

  /** A link that carries IPv6 carries packets of this many bytes (RFC 8200 section 5). */
  private static final int LEAST_MTU6 = 1_280;

  /** How long after its death nothing brings a carrier back: longer than packets travel. */
  private static final long REVIVE_AFTER_NS = 1_000_000_000L;

  private static final long NEVER = Long.MIN_VALUE;

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

  Carriers(EngineConfig config) {
    this.config = config;
    put(UNDERLAY, "underlay", config.tunMtu(), 0);
    states[UNDERLAY] = CarrierState.ALIVE;
  }

  /** Adds a carrier; its index, or -1 when there are {@link #MAX} already. */
  int add(String name, int mtu, long nowNs) {
    for (int c = 1; c < MAX; c++) {
      if (names[c] == null) {
        put(c, name, mtu, nowNs);
        return c;
      }
    }
    return -1;
  }

  private void put(int c, String name, int mtu, long nowNs) {
    names[c] = name;
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

  void remove(int c) {
    names[c] = null;
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

  /** Says whether some rule names the carrier: only such a carrier is probed. */
  void named(int c, boolean byARule, long nowNs) {
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
    if (states[c] == CarrierState.DEAD && !(probeAnswer && nowNs - diedNs[c] >= REVIVE_AFTER_NS)) {
      return;
    }
    heardNs[c] = nowNs;
    waitingSinceNs[c] = NEVER;
    states[c] = CarrierState.ALIVE;
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
    for (int c = 1; c < MAX; c++) {
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
    for (int c = 0; c < MAX; c++) {
      if (names[c] != null) {
        long silentMs = heardNs[c] == NEVER ? -1 : (nowNs - heardNs[c]) / 1_000_000;
        list.add(
            new CarrierInfo(
                name(c),
                states[c],
                silentMs,
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
