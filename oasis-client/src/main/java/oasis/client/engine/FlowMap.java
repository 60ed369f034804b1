// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.util.Arrays;
import oasis.flow.FlowTable;
import oasis.flow.TimerWheel;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import org.jspecify.annotations.Nullable;

/**
 * The flow map: every connection with its carrier, by two keys in one table, the one its program
 * uses (with the fake address, where there is one) and the one that comes back from the network.
 * Per-flow state lies in arrays by flow number. A flow keeps its carrier for life. Confined to the
 * data loop.
 */
final class FlowMap {
  /** Found nothing. */
  static final int NONE = -1;

  static final long SECOND_NS = 1_000_000_000L;

  /** RFC 5382 REQ-5: an established connection lives at least 2 hours 4 minutes. */
  static final long TCP_ESTABLISHED_NS = 7_440 * SECOND_NS;

  /** RFC 5382 REQ-5: half-open and closing connections, 4 minutes. */
  static final long TCP_TRANSITORY_NS = 240 * SECOND_NS;

  /** A connection that both sides closed, or that was reset. */
  static final long TCP_CLOSED_NS = 10 * SECOND_NS;

  /** RFC 4787 REQ-5 recommends 5 minutes. */
  static final long UDP_NS = 300 * SECOND_NS;

  /** A query is answered in seconds or not at all. */
  static final long DNS_NS = 20 * SECOND_NS;

  /** RFC 5508 REQ-2: at least 60 seconds. */
  static final long ICMP_NS = 60 * SECOND_NS;

  private static final int VICTIMS = 64;
  private static final int SYN_SEEN = 1;
  private static final int ESTABLISHED = 2;
  private static final int FIN_OUT = 4;
  private static final int FIN_IN = 8;
  private static final int RESET = 16;

  private final FlowTable table;
  private final TimerWheel timers;
  private final int maxFlows;
  private int[] flowOfSlot = new int[64];
  private int flows;
  private int used;
  private int free = NONE;
  private int cursor;

  int[] outSlot = new int[0];
  int[] inSlot = new int[0];
  int[] carrier = new int[0];

  /** Number of the fake that the flow holds (see {@link Fakes}), or {@link #NONE}. */
  int[] fake = new int[0];

  /** For TCP the acknowledgement number last sent by the program; for a free flow the next free. */
  int[] lastAck = new int[0];

  byte[] tcp = new byte[0];
  long[] realHi = new long[0];
  long[] realLo = new long[0];
  long[] bornNs = new long[0];
  long[] lastNs = new long[0];
  long[] outPkts = new long[0];
  long[] outBytes = new long[0];
  long[] inPkts = new long[0];
  long[] inBytes = new long[0];

  /** What counts for the rule that decided, or null. */
  @Nullable RuleHits[] hits = new @Nullable RuleHits[0];

  FlowMap(int maxFlows, long seed) {
    this.maxFlows = maxFlows;
    table = new FlowTable(2 * maxFlows, seed);
    timers = new TimerWheel(maxFlows);
    grow(Math.min(maxFlows, 256));
  }

  /** Flow with this outbound key (as the program sends), or {@link #NONE}. */
  int findOutbound(FlowKey key) {
    int slot = table.find(key);
    return slot >= 0 && (flowOfSlot[slot] & 1) == 0 ? flowOfSlot[slot] >> 1 : NONE;
  }

  /** Flow with this inbound key (as the network answers), or {@link #NONE}. */
  int findInbound(FlowKey key) {
    int slot = table.find(key);
    return slot >= 0 && (flowOfSlot[slot] & 1) == 1 ? flowOfSlot[slot] >> 1 : NONE;
  }

  /**
   * Adds a flow.
   *
   * @param program the outbound key
   * @param network the inbound key
   * @return its number, or {@link #NONE} when the map is full or a key is taken
   */
  int add(FlowKey program, FlowKey network, int carrierIndex, int fakeEntry, long nowNs) {
    if (flows == maxFlows || table.find(program) >= 0 || table.find(network) >= 0) {
      return NONE;
    }
    int out = table.insert(program);
    int in = out < 0 ? NONE : table.insert(network);
    if (in < 0) {
      if (out >= 0) {
        table.remove(out);
      }
      return NONE;
    }
    int f = take();
    remember(out, f << 1);
    remember(in, f << 1 | 1);
    outSlot[f] = out;
    inSlot[f] = in;
    carrier[f] = carrierIndex;
    fake[f] = fakeEntry;
    lastAck[f] = 0;
    tcp[f] = 0;
    realHi[f] = network.srcHi;
    realLo[f] = network.srcLo;
    bornNs[f] = nowNs;
    lastNs[f] = nowNs;
    outPkts[f] = 0;
    outBytes[f] = 0;
    inPkts[f] = 0;
    inBytes[f] = 0;
    flows++;
    timers.schedule(f, nowNs + timeoutNs(f, program));
    return f;
  }

  /** Forgets a flow. */
  void remove(int f) {
    table.remove(outSlot[f]);
    table.remove(inSlot[f]);
    timers.cancel(f);
    outSlot[f] = NONE;
    hits[f] = null;
    lastAck[f] = free;
    free = f;
    flows--;
  }

  /** Counts an outbound burst of the flow and follows its TCP state. */
  void outbound(int f, Burst b, long nowNs) {
    lastNs[f] = nowNs;
    outPkts[f] += b.segments();
    outBytes[f] += b.length();
    count(f, b);
    if (b.protocol() == Ip.TCP && !b.laterFragment()) {
      int flags = Tcp.flags(b.buffer(), b.transport());
      if ((flags & Tcp.ACK) != 0) {
        lastAck[f] = Tcp.ack(b.buffer(), b.transport());
      }
      follow(f, flags, FIN_OUT);
    }
  }

  /** Counts an inbound burst of the flow and follows its TCP state. */
  void inbound(int f, Burst b, long nowNs) {
    lastNs[f] = nowNs;
    inPkts[f] += b.segments();
    inBytes[f] += b.length();
    count(f, b);
    if (b.protocol() == Ip.TCP && !b.laterFragment()) {
      follow(f, Tcp.flags(b.buffer(), b.transport()), FIN_IN);
    }
  }

  private void count(int f, Burst b) {
    RuleHits rule = hits[f];
    if (rule != null) {
      rule.carried(b.length());
    }
  }

  private void follow(int f, int flags, int fin) {
    int state = tcp[f];
    if ((flags & (Tcp.SYN | Tcp.FIN | Tcp.RST)) == 0) {
      // A plain segment towards the program: the handshake is through.
      if (fin == FIN_IN && (state & ESTABLISHED) == 0) {
        tcp[f] = (byte) (state | ESTABLISHED);
      }
      return;
    }
    if ((flags & Tcp.RST) != 0) {
      state |= RESET;
    } else if ((flags & Tcp.SYN) != 0) {
      // A bare SYN over a closed flow begins a new life of the same 5-tuple.
      state = (flags & Tcp.ACK) != 0 ? state | ESTABLISHED : SYN_SEEN;
    } else {
      state |= fin;
    }
    tcp[f] = (byte) state;
    timers.schedule(f, lastNs[f] + tcpTimeoutNs(f));
  }

  /** True when the TCP flow is over: reset, or closed by both sides. */
  boolean closed(int f) {
    return (tcp[f] & RESET) != 0 || (tcp[f] & (FIN_OUT | FIN_IN)) == (FIN_OUT | FIN_IN);
  }

  /** The TCP flow is over, whatever its ends say. */
  void end(int f) {
    tcp[f] |= RESET;
    timers.schedule(f, lastNs[f] + TCP_CLOSED_NS);
  }

  /**
   * A flow that may make room for a new one: the one that holds the network key when it is over or
   * was never answered, else, when the map is full, one of the next {@value #VICTIMS} that is over,
   * never was answered, or is not TCP and has been idle. {@link #NONE} when there is none.
   */
  int victim(FlowKey network, long nowNs) {
    int holder = findInbound(network);
    if (holder >= 0) {
      return closed(holder) || inPkts[holder] == 0 ? holder : NONE;
    }
    if (flows < maxFlows) {
      return NONE;
    }
    for (int i = 0; i < VICTIMS; i++) {
      cursor = cursor + 1 < used ? cursor + 1 : 0;
      if (exists(cursor) && dispensable(cursor, nowNs)) {
        return cursor;
      }
    }
    return NONE;
  }

  private boolean dispensable(int f, long nowNs) {
    boolean idle = nowNs - lastNs[f] > 10 * SECOND_NS;
    return closed(f) || idle && (inPkts[f] == 0 || tcp[f] == 0);
  }

  /** Nanoseconds of silence after which the flow is forgotten. */
  long timeoutNs(int f, FlowKey key) {
    return switch (key.protocol()) {
      case Ip.TCP -> tcpTimeoutNs(f);
      case Ip.UDP -> key.dport() == 53 ? DNS_NS : UDP_NS;
      default -> ICMP_NS;
    };
  }

  private long tcpTimeoutNs(int f) {
    if (closed(f)) {
      return TCP_CLOSED_NS;
    }
    return (tcp[f] & (FIN_OUT | FIN_IN | ESTABLISHED)) == ESTABLISHED
        ? TCP_ESTABLISHED_NS
        : TCP_TRANSITORY_NS;
  }

  /**
   * Next flow whose time is over, still in the map; the caller removes it. {@link #NONE} for none.
   *
   * @param scratch overwritten
   */
  int expired(long nowNs, FlowKey scratch) {
    for (int f = timers.poll(nowNs); f >= 0; f = timers.poll(nowNs)) {
      key(f, scratch);
      long due = lastNs[f] + timeoutNs(f, scratch);
      if (due <= nowNs) {
        return f;
      }
      // Look again when a flow that stays silent would be over; a close brings its own deadline.
      timers.schedule(f, due);
    }
    return NONE;
  }

  long nextDeadlineNs() {
    return timers.nextDeadlineNs();
  }

  /** The outbound key of flow {@code f}. */
  void key(int f, FlowKey into) {
    table.key(outSlot[f], into);
  }

  /** Whether flow number {@code f} is in use. */
  boolean exists(int f) {
    return f < used && outSlot[f] != NONE;
  }

  /** Next flow in use from number {@code from} on, or {@link #NONE}. */
  int next(int from) {
    for (int f = from; f < used; f++) {
      if (exists(f)) {
        return f;
      }
    }
    return NONE;
  }

  int size() {
    return flows;
  }

  private int take() {
    if (free != NONE) {
      int f = free;
      free = lastAck[f];
      return f;
    }
    if (used == carrier.length) {
      grow(Math.min(maxFlows, 2 * used));
    }
    return used++;
  }

  private void remember(int slot, int flow) {
    if (slot >= flowOfSlot.length) {
      flowOfSlot = Arrays.copyOf(flowOfSlot, Math.max(slot + 1, 2 * flowOfSlot.length));
    }
    flowOfSlot[slot] = flow;
  }

  private void grow(int n) {
    outSlot = Arrays.copyOf(outSlot, n);
    inSlot = Arrays.copyOf(inSlot, n);
    carrier = Arrays.copyOf(carrier, n);
    fake = Arrays.copyOf(fake, n);
    lastAck = Arrays.copyOf(lastAck, n);
    tcp = Arrays.copyOf(tcp, n);
    realHi = Arrays.copyOf(realHi, n);
    realLo = Arrays.copyOf(realLo, n);
    bornNs = Arrays.copyOf(bornNs, n);
    lastNs = Arrays.copyOf(lastNs, n);
    outPkts = Arrays.copyOf(outPkts, n);
    outBytes = Arrays.copyOf(outBytes, n);
    inPkts = Arrays.copyOf(inPkts, n);
    inBytes = Arrays.copyOf(inBytes, n);
    hits = Arrays.copyOf(hits, n);
  }
}
