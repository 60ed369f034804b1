// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.util.Arrays;

/**
 * How long translated flows live, by slot number: state, timer and counters of each. TCP
 * connections that are over linger for a while, so that late segments still pass, and so do
 * answered queries; the one that has lingered longest can be found when room is needed.
 *
 * <p>Memory grows by doubling with the highest slot; nothing else is allocated. Confined to one
 * thread.
 */
public final class Lifetimes {
  /** Most timers that one {@link #expired} looks at. */
  private static final int LOOKS = 64;

  private static final int NONE = -1;
  private static final NatState[] STATES = NatState.values();

  private final int capacity;
  private final TimerWheel timers;
  private final SlotList[] lingering;

  private byte[] states = new byte[0];
  private byte[] groups = new byte[0];
  private long[] beganNs = new long[0];
  private long[] seenNs = new long[0];
  private long[] outPkts = new long[0];
  private long[] outBytes = new long[0];
  private long[] inPkts = new long[0];
  private long[] inBytes = new long[0];

  /**
   * No flows.
   *
   * @param capacity slots are 0 to {@code capacity - 1}
   * @param groupCount lists of lingering flows, 1 to 127
   */
  public Lifetimes(int capacity, int groupCount) {
    this.capacity = capacity;
    timers = new TimerWheel(capacity);
    lingering = new SlotList[groupCount];
    Arrays.setAll(lingering, i -> new SlotList());
  }

  /**
   * Begins a flow in a free slot.
   *
   * @param group list it joins when it lingers, from 0
   */
  public void begin(int slot, int group, int protocol, int remotePort, long nowNs) {
    if (slot >= states.length) {
      grow(slot);
    }
    NatState first = NatState.first(protocol, remotePort);
    states[slot] = (byte) first.ordinal();
    groups[slot] = (byte) group;
    beganNs[slot] = nowNs;
    seenNs[slot] = nowNs;
    outPkts[slot] = 0;
    outBytes[slot] = 0;
    inPkts[slot] = 0;
    inBytes[slot] = 0;
    timers.schedule(slot, nowNs + first.idleNs());
  }

  /** Ends a flow; its slot is free. */
  public void end(int slot) {
    if (lingering(slot)) {
      lingering[groups[slot]].remove(slot);
    }
    timers.cancel(slot);
  }

  /**
   * Notes a packet or burst.
   *
   * @param outbound whether its client sent it
   * @param tcpFlags TCP flags, 0 for other protocols
   * @param bytes IP bytes of all its packets
   * @return 1 when a lingering flow lives again, -1 when a live one lingers from now on, else 0
   */
  public int seen(int slot, boolean outbound, int tcpFlags, int pkts, long bytes, long nowNs) {
    if (outbound) {
      outPkts[slot] += pkts;
      outBytes[slot] += bytes;
    } else {
      inPkts[slot] += pkts;
      inBytes[slot] += bytes;
    }
    seenNs[slot] = nowNs;
    NatState before = state(slot);
    NatState after = before.after(outbound, tcpFlags);
    return after == before ? 0 : change(slot, before, after, nowNs);
  }

  private int change(int slot, NatState before, NatState after, long nowNs) {
    states[slot] = (byte) after.ordinal();
    timers.schedule(slot, nowNs + after.idleNs());
    if (before.lingering() == after.lingering()) {
      return 0;
    }
    if (after.lingering()) {
      lingering[groups[slot]].addLast(slot);
      return -1;
    }
    lingering[groups[slot]].remove(slot);
    return 1;
  }

  /** Whether a packet from the client with these TCP flags makes a lingering flow live again. */
  public boolean revives(int slot, int tcpFlags) {
    NatState state = state(slot);
    return state.lingering() && !state.after(true, tcpFlags).lingering();
  }

  /** Whether the flow is over and only kept for late segments. */
  public boolean lingering(int slot) {
    return state(slot).lingering();
  }

  /** Whether a flow's time is up, though {@link #expired} may not have met it yet. */
  public boolean over(int slot, long nowNs) {
    return nowNs - seenNs[slot] >= state(slot).idleNs();
  }

  /** The flow of a group that has lingered longest, or -1. */
  public int oldest(int group) {
    return lingering[group].first();
  }

  /**
   * A flow whose time is up, which the caller must end, or -1 for none now. The work of one call is
   * bounded: there may be more while {@link #nextDeadlineNs()} is not after {@code nowNs}.
   */
  public int expired(long nowNs) {
    for (int i = 0; i < LOOKS; i++) {
      int slot = timers.poll(nowNs);
      if (slot < 0 || over(slot, nowNs)) {
        return slot;
      }
      timers.schedule(slot, seenNs[slot] + state(slot).idleNs());
    }
    return NONE;
  }

  /** When to call {@link #expired} next, or {@code Long.MAX_VALUE}. */
  public long nextDeadlineNs() {
    return timers.nextDeadlineNs();
  }

  /** What is known of a flow. */
  public NatState state(int slot) {
    return STATES[states[slot]];
  }

  /** When a flow had its first packet. */
  public long beganNs(int slot) {
    return beganNs[slot];
  }

  /** Packets from the client. */
  public long outPkts(int slot) {
    return outPkts[slot];
  }

  /** IP bytes from the client. */
  public long outBytes(int slot) {
    return outBytes[slot];
  }

  /** Packets to the client. */
  public long inPkts(int slot) {
    return inPkts[slot];
  }

  /** IP bytes to the client. */
  public long inBytes(int slot) {
    return inBytes[slot];
  }

  private void grow(int slot) {
    int length = Math.min(capacity, Math.max(16, Integer.highestOneBit(slot) << 1));
    states = Arrays.copyOf(states, length);
    groups = Arrays.copyOf(groups, length);
    beganNs = Arrays.copyOf(beganNs, length);
    seenNs = Arrays.copyOf(seenNs, length);
    outPkts = Arrays.copyOf(outPkts, length);
    outBytes = Arrays.copyOf(outBytes, length);
    inPkts = Arrays.copyOf(inPkts, length);
    inBytes = Arrays.copyOf(inBytes, length);
  }
}
