// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * How long translated flows live, by slot number: state, timer and counters of each, and what their
 * clients hold. TCP connections that are over linger for a while, so that late segments still pass,
 * and so do answered queries; the one that has lingered longest can be found when room is needed,
 * and behind it the pending flow that has to give way ({@link #yields}).
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
  private final NatTimeouts timeouts;
  private final FlowQuota quota;
  private final TimerWheel timers;
  private final int groupCount;
  private final SlotList lingering;
  private final Pending handshakes = new Pending();
  private final Pending others = new Pending();

  private byte[] states = new byte[0];
  private char[] groups = new char[0];
  private int[] clients = new int[0];
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
   * @param groupCount lists of lingering flows, 1 to 65,536
   * @param quota what clients hold, kept here
   */
  public Lifetimes(int capacity, int groupCount, NatTimeouts timeouts, FlowQuota quota) {
    this.capacity = capacity;
    this.timeouts = timeouts;
    this.quota = quota;
    timers = new TimerWheel(capacity);
    this.groupCount = groupCount;
    lingering = new SlotList(groupCount);
  }

  /**
   * Begins a flow in a free slot.
   *
   * @param group list it joins when it lingers, from 0
   * @param client whose flow it is
   */
  public void begin(int slot, int group, int client, int protocol, int remotePort, long nowNs) {
    begin(slot, group, client, NatState.first(protocol, remotePort), nowNs);
  }

  /** Begins a flow in a free slot, in a state of its own choice. */
  void begin(int slot, int group, int client, NatState first, long nowNs) {
    if (slot >= states.length) {
      grow(slot);
    }
    states[slot] = (byte) first.ordinal();
    groups[slot] = (char) group;
    clients[slot] = client;
    beganNs[slot] = nowNs;
    seenNs[slot] = nowNs;
    outPkts[slot] = 0;
    outBytes[slot] = 0;
    inPkts[slot] = 0;
    inBytes[slot] = 0;
    quota.began(client, first, nowNs);
    enlist(slot, first);
    timers.schedule(slot, nowNs + timeouts.idleNs(first));
  }

  /** Writes what is known of a flow, but whose it is. */
  public void write(int slot, StateWriter out) {
    out.putByte(states[slot]);
    out.putTime(beganNs[slot]);
    out.putTime(seenNs[slot]);
    out.putLong(outPkts[slot]);
    out.putLong(outBytes[slot]);
    out.putLong(inPkts[slot]);
    out.putLong(inBytes[slot]);
  }

  /**
   * Lets a flow that was written go on in a free slot. They come {@link #inOrder}.
   *
   * @param ordinals of the states, by their numbers there
   */
  public void restore(int slot, int group, int client, int protocol, StateReader in, int[] ordinals)
      throws StateException {
    int number = in.takeByte("state", ordinals.length - 1);
    if (ordinals[number] < 0 || !STATES[ordinals[number]].fits(protocol)) {
      throw in.fail("a flow of protocol %d has state %d".formatted(protocol, number));
    }
    NatState state = STATES[ordinals[number]];
    if (slot >= states.length) {
      grow(slot);
    }
    states[slot] = (byte) state.ordinal();
    groups[slot] = (char) group;
    clients[slot] = client;
    beganNs[slot] = in.takePast("begin");
    seenNs[slot] = in.takePast("last packet");
    if (seenNs[slot] - beganNs[slot] < 0) {
      throw in.fail("a flow was seen before it began");
    }
    outPkts[slot] = in.takeCount("packets");
    outBytes[slot] = in.takeCount("bytes");
    inPkts[slot] = in.takeCount("packets");
    inBytes[slot] = in.takeCount("bytes");
    quota.restored(client, state);
    timers.schedule(slot, seenNs[slot] + timeouts.idleNs(state));
    enlist(slot, state);
  }

  /** Ends a flow; its slot is free. */
  public void end(int slot) {
    delist(slot, state(slot));
    quota.ended(clients[slot], state(slot));
    timers.cancel(slot);
  }

  /**
   * Notes a packet or burst.
   *
   * @param outbound whether its client sent it
   * @param tcpFlags TCP flags, 0 for other protocols
   * @param bytes IP bytes of all its packets
   */
  public void seen(int slot, boolean outbound, int tcpFlags, int pkts, long bytes, long nowNs) {
    if (outbound) {
      outPkts[slot] += pkts;
      outBytes[slot] += bytes;
    } else {
      inPkts[slot] += pkts;
      inBytes[slot] += bytes;
    }
    NatState before = state(slot);
    NatState after = before.after(outbound, tcpFlags);
    if (after != before) {
      seenNs[slot] = nowNs;
      change(slot, before, after, nowNs);
    } else if (before.refreshed(outbound, tcpFlags)) {
      seenNs[slot] = nowNs;
    }
  }

  private void change(int slot, NatState before, NatState after, long nowNs) {
    states[slot] = (byte) after.ordinal();
    quota.changed(clients[slot], before, after);
    timers.schedule(slot, nowNs + timeouts.idleNs(after));
    if (before.lingering() != after.lingering() || before.pending() != after.pending()) {
      delist(slot, before);
      enlist(slot, after);
    }
  }

  private void enlist(int slot, NatState state) {
    if (state.lingering()) {
      lingering.addLast(groups[slot], slot);
    } else if (state.pending()) {
      pending(state).add(clients[slot], slot);
    }
  }

  private void delist(int slot, NatState state) {
    if (state.lingering()) {
      lingering.remove(groups[slot], slot);
    } else if (state.pending()) {
      pending(state).remove(clients[slot], slot);
    }
  }

  private Pending pending(NatState state) {
    return state.opening() ? handshakes : others;
  }

  /**
   * The flow to give up, when there is no room, so that a client may begin another: of whoever has
   * most pending flows, the oldest of them. TCP connections on their way to open and other flows
   * are counted apart. Who yields has still no fewer than the client then, so that none can push
   * another below its own share, nor two each other out in turn.
   *
   * @return its slot, which the caller must end, or -1: nobody has to give way to this client
   */
  public int yields(int client, boolean tcp) {
    Pending most = handshakes.most() > others.most() ? handshakes : others;
    return yields(most, (tcp ? handshakes : others).count(client));
  }

  /** The same when too many TCP connections are on their way to open. */
  public int yieldsHandshake(int client) {
    return yields(handshakes, handshakes.count(client));
  }

  private static int yields(Pending of, int own) {
    return of.most() >= own + 2 ? of.oldestOfMost() : NONE;
  }

  /** The flows of a table of the same slots, in the order in which they are to be restored. */
  public int[] inOrder(FlowTable flows) {
    IntStream.Builder order = IntStream.builder();
    for (int slot = flows.nextUsed(0); slot >= 0; slot = flows.nextUsed(slot + 1)) {
      if (!state(slot).lingering() && !state(slot).pending()) {
        order.add(slot);
      }
    }
    handshakes.forEach(order);
    others.forEach(order);
    for (int group = 0; group < groupCount; group++) {
      for (int slot = oldest(group); slot >= 0; slot = lingering.after(slot)) {
        order.add(slot);
      }
    }
    return order.build().toArray();
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
    return nowNs - seenNs[slot] >= timeouts.idleNs(state(slot));
  }

  /** The flow of a group that has lingered longest, or -1. */
  public int oldest(int group) {
    return lingering.first(group);
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
      timers.schedule(slot, seenNs[slot] + timeouts.idleNs(state(slot)));
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

  /** Whose flow it is. */
  public int client(int slot) {
    return clients[slot];
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
    clients = Arrays.copyOf(clients, length);
    beganNs = Arrays.copyOf(beganNs, length);
    seenNs = Arrays.copyOf(seenNs, length);
    outPkts = Arrays.copyOf(outPkts, length);
    outBytes = Arrays.copyOf(outBytes, length);
    inPkts = Arrays.copyOf(inPkts, length);
    inBytes = Arrays.copyOf(inBytes, length);
  }
}
