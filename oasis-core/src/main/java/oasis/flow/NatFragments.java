// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.nio.ByteBuffer;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;

/**
 * What a {@link NatEngine} has to remember of fragments: only the first one of a datagram has
 * ports, so the others follow what was decided for it. Nothing is reassembled. Later fragments that
 * come before their first wait for it a moment, in memory of a fixed size (RFC 4787 REQ-14); those
 * from clients and those from outside have halves of their own, so that a flood of the one does not
 * push out the other, and neither touches whole packets or fragments in order.
 *
 * <p>A datagram is known by its addresses and identification, for IPv4 also by its protocol (RFC
 * 791 section 3.2, RFC 8200 section 4.5), and by the client when one sent it. Confined to one
 * thread.
 */
final class NatFragments {
  /** Most datagrams that are followed at a time. */
  static final int DATAGRAMS = 4096;

  /** Most fragments that wait at a time, half of them from clients. */
  static final int WAITING = 64;

  /** Longest fragment that can wait. */
  static final int WAITING_BYTES = 2048;

  /** How long a datagram is followed. */
  static final long FOLLOW_NS = 10_000_000_000L;

  /** How long a fragment waits. */
  static final long WAIT_NS = 1_000_000_000L;

  /** RFC 3128: a TCP fragment that begins here would write over flags that were looked at. */
  private static final int LEAST_TCP_OFFSET = 24;

  private static final int NONE = -1;

  private final NatObserver observer;
  private final FlowKey key = new FlowKey();
  private final FlowKey released = new FlowKey();

  // Datagrams whose first fragment has come.
  private final FlowTable datagrams;
  private final SlotList age = new SlotList();
  private final int[] session = new int[DATAGRAMS];
  private final long[] beganNs = new long[DATAGRAMS];
  private final int[] id = new int[DATAGRAMS];
  private final long[] notedNs = new long[DATAGRAMS];

  // Fragments that wait, the first half of the slots for those from clients.
  private final FlowKey[] waitingFor = new FlowKey[WAITING];
  private final int[] bytes = new int[WAITING];
  private final long[] sinceNs = new long[WAITING];
  private final SlotList waiting = new SlotList(2);
  private final SlotList free = new SlotList(2);
  private ByteBuffer memory = ByteBuffer.allocate(0);
  private long address;
  private int count;
  private boolean releasing;
  private final Burst restored = new Burst();

  NatFragments(NatObserver observer, long seed) {
    this.observer = observer;
    datagrams = new FlowTable(DATAGRAMS, seed);
    for (int i = 0; i < WAITING; i++) {
      waitingFor[i] = new FlowKey();
    }
  }

  /** Gives memory for fragments to wait in; without it they are dropped. */
  void holdIn(ByteBuffer to, long nativeAddress) {
    if (to.capacity() < WAITING * WAITING_BYTES) {
      throw new IllegalArgumentException("too little memory for fragments: " + to.capacity());
    }
    memory = to;
    address = nativeAddress;
    for (int i = 0; i < WAITING; i++) {
      if (!free.contains(i) && !waiting.contains(i)) {
        free.addLast(half(i), i);
      }
    }
  }

  private static int half(int slot) {
    return slot < WAITING / 2 ? 0 : 1;
  }

  /** Whether a later fragment is one that no honest sender makes. */
  static boolean isForged(Burst later) {
    return later.protocol() == Ip.TCP && later.fragmentOffset() < LEAST_TCP_OFFSET;
  }

  /**
   * Notes a first fragment as it came, before it is translated.
   *
   * @param client who sent it, or -1 when it came from outside
   * @param ofSession its session
   * @param newId identification that the datagram gets
   * @return the datagram's number
   */
  int note(Burst first, int client, int ofSession, long sessionBeganNs, int newId, long nowNs) {
    keyOf(first, client);
    int slot = datagrams.find(key);
    if (slot >= 0) {
      age.remove(slot);
    } else {
      forget(nowNs);
      slot = datagrams.insert(key);
    }
    age.addLast(slot);
    session[slot] = ofSession;
    beganNs[slot] = sessionBeganNs;
    id[slot] = newId;
    notedNs[slot] = nowNs;
    return slot;
  }

  /** Makes room for one more: the oldest goes when it is old or there are too many. */
  private void forget(long nowNs) {
    for (int i = 0; i < 2; i++) {
      int oldest = age.first();
      boolean full = datagrams.size() == DATAGRAMS;
      if (oldest == NONE || !full && nowNs - notedNs[oldest] < FOLLOW_NS) {
        return;
      }
      age.remove(oldest);
      datagrams.remove(oldest);
    }
  }

  /** The number of a later fragment's datagram, or -1 while its first one has not come. */
  int find(Burst later, int client, long nowNs) {
    keyOf(later, client);
    int slot = datagrams.find(key);
    return slot >= 0 && nowNs - notedNs[slot] < FOLLOW_NS ? slot : NONE;
  }

  /** Session of a datagram. */
  int session(int datagram) {
    return session[datagram];
  }

  /** When that session began: the slot may mean another one by now. */
  long beganNs(int datagram) {
    return beganNs[datagram];
  }

  /** Identification that a datagram got. */
  int id(int datagram) {
    return id[datagram];
  }

  /** Lets a later fragment wait, in the place of the oldest if need be; false when it cannot. */
  boolean hold(Burst later, int client, long nowNs) {
    int length = later.length();
    boolean inOnePiece =
        later.pieces() == 1 && later.pieceStart(0) == later.start() + later.headerBytes();
    if (memory.capacity() == 0 || length > WAITING_BYTES || !inOnePiece) {
      return false;
    }
    int half = client >= 0 ? 0 : 1;
    if (free.first(half) == NONE) {
      giveUp(half, waiting.first(half));
    }
    int slot = free.first(half);
    free.remove(half, slot);
    waiting.addLast(half, slot);
    keyOf(later, client);
    waitingFor[slot].set(key);
    bytes[slot] = length;
    sinceNs[slot] = nowNs;
    memory.put(slot * WAITING_BYTES, later.buffer(), later.start(), length);
    count++;
    return true;
  }

  private void giveUp(int half, int slot) {
    observer.fragmentLost(client(waitingFor[slot]));
    release(half, slot);
  }

  private void release(int half, int slot) {
    waiting.remove(half, slot);
    free.addLast(half, slot);
    count--;
  }

  /** Gives up what has waited too long. */
  void expire(long nowNs) {
    for (int half = 0; half < 2 && count > 0; half++) {
      int oldest = waiting.first(half);
      while (oldest != NONE && nowNs - sinceNs[oldest] >= WAIT_NS) {
        giveUp(half, oldest);
        oldest = waiting.first(half);
      }
    }
  }

  /** When {@link #expire} has something to do; Long.MAX_VALUE for never. */
  long nextDeadlineNs() {
    long next = Long.MAX_VALUE;
    for (int half = 0; half < 2 && count > 0; half++) {
      int oldest = waiting.first(half);
      next = oldest == NONE ? next : Math.min(next, sinceNs[oldest] + WAIT_NS);
    }
    return next;
  }

  /** Which datagram's fragments need not wait any more; -1 for none. */
  void release(int datagram) {
    releasing = datagram >= 0 && count > 0;
    if (releasing) {
      datagrams.key(datagram, released);
    }
  }

  /**
   * The next fragment that waited for the datagram to be released, in the order in which they came.
   *
   * @param into gets it as it came; valid until the next packet
   * @return the client that sent it or -1, or {@link Integer#MIN_VALUE} when there is none
   */
  int next(Burst into) {
    while (releasing) {
      int half = client(released) >= 0 ? 0 : 1;
      int slot = waiting.first(half);
      while (slot != NONE && !same(waitingFor[slot], released)) {
        slot = waiting.after(slot);
      }
      if (slot == NONE) {
        releasing = false;
      } else {
        release(half, slot);
        if (into.check(memory, address, slot * WAITING_BYTES, bytes[slot]) == null) {
          return client(released);
        }
      }
    }
    return Integer.MIN_VALUE;
  }

  private static boolean same(FlowKey a, FlowKey b) {
    return a.ports == b.ports
        && a.srcLo == b.srcLo
        && a.dstLo == b.dstLo
        && a.srcHi == b.srcHi
        && a.dstHi == b.dstHi;
  }

  /**
   * Writes what is followed and what waits.
   *
   * @param sessions numbers of the session slots in the state
   * @param table says which sessions are still there
   */
  void write(StateWriter out, int[] sessions, NatTable table) {
    out.section("fragments");
    IntStream.Builder followed = IntStream.builder();
    for (int slot = age.first(); slot != NONE; slot = age.after(slot)) {
      if (table.isSame(session[slot], beganNs[slot])) {
        followed.add(slot);
      }
    }
    int[] order = followed.build().toArray();
    out.putInt(order.length);
    for (int slot : order) {
      datagrams.key(slot, key);
      out.putKey(key);
      out.putInt(sessions[session[slot]]);
      out.putInt(id[slot]);
      out.putTime(notedNs[slot]);
    }
    out.putInt(count);
    for (int half = 0; half < 2; half++) {
      for (int slot = waiting.first(half); slot != NONE; slot = waiting.after(slot)) {
        out.putKey(waitingFor[slot]);
        out.putTime(sinceNs[slot]);
        out.putInt(bytes[slot]);
        out.putBytes(memory, slot * WAITING_BYTES, bytes[slot]);
      }
    }
  }

  /**
   * Goes on with them.
   *
   * @param sessions slots of the sessions, by their numbers in the state
   * @param clients the number here of a client with another number there; -1 for none
   */
  void restore(StateReader in, int[] sessions, NatTable table, IntUnaryOperator clients)
      throws StateException {
    in.section("fragments");
    int followed = in.takeInt("number of datagrams", 0, DATAGRAMS);
    for (int i = 0; i < followed; i++) {
      boolean known = restoreKey(in, clients);
      int of = sessions[in.takeInt("session", 0, sessions.length - 1)];
      int number = in.takeInt("identification", Integer.MIN_VALUE, Integer.MAX_VALUE);
      long noted = in.takePast("first fragment");
      if (known) {
        if (datagrams.find(key) >= 0) {
          throw in.fail("a datagram is there twice");
        }
        int slot = datagrams.insert(key);
        age.addLast(slot);
        session[slot] = of;
        beganNs[slot] = table.beganNs(of);
        id[slot] = number;
        notedNs[slot] = noted;
      }
    }
    int held = in.takeInt("number of fragments", 0, WAITING);
    for (int i = 0; i < held; i++) {
      restoreWaiting(in, clients);
    }
  }

  private void restoreWaiting(StateReader in, IntUnaryOperator clients) throws StateException {
    boolean known = restoreKey(in, clients);
    long since = in.takePast("fragment");
    int length = in.takeInt("bytes of a fragment", 0, WAITING_BYTES);
    int half = client(key) >= 0 ? 0 : 1;
    int slot = free.first(half);
    if (slot == NONE || memory.capacity() == 0) {
      throw in.fail("too many fragments wait");
    }
    in.takeBytes(memory, slot * WAITING_BYTES, length);
    if (restored.check(memory, address, slot * WAITING_BYTES, length) != null
        || !restored.laterFragment()) {
      throw in.fail("what waits is no fragment");
    }
    if (known) {
      free.remove(half, slot);
      waiting.addLast(half, slot);
      waitingFor[slot].set(key);
      bytes[slot] = length;
      sinceNs[slot] = since;
      count++;
    }
  }

  /** Reads a datagram's key, with its client's number here; false when that is gone. */
  private boolean restoreKey(StateReader in, IntUnaryOperator clients) throws StateException {
    in.takeKey(key);
    int there = client(key);
    if (there < 0) {
      return there == NONE;
    }
    int here = clients.applyAsInt(there);
    key.ports = key.ports & (1L << 40) - 1 | here + 1L << 40;
    return here >= 0;
  }

  /** Client + 1 in the upper bits, then the protocol, then the identification. */
  private void keyOf(Burst b, int client) {
    ByteBuffer m = b.buffer();
    int at = b.start();
    key.srcHi = Ip.srcHi(m, at);
    key.srcLo = Ip.srcLo(m, at);
    key.dstHi = Ip.dstHi(m, at);
    key.dstLo = Ip.dstLo(m, at);
    long protocol = b.version() == 4 ? b.protocol() : 0;
    key.ports = client + 1L << 40 | protocol << 32 | b.fragmentId() & 0xffff_ffffL;
  }

  private static int client(FlowKey datagram) {
    return (int) (datagram.ports >>> 40) - 1;
  }
}
