// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import oasis.flow.FlowTable;
import oasis.flow.NatState;
import oasis.flow.TimerWheel;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;

/**
 * The flow table, keyed by the translated 5-tuple (mapped address to destination), with state,
 * timer and counters of each flow. Ended TCP connections linger, so that late segments still pass;
 * when the table is full the one that ended first makes room. Confined to the data loop.
 */
final class Flows {
  private static final int DNS_PORT = 53;
  private static final int NONE = -1;

  private final FlowTable table;
  private final TimerWheel timers;
  private final FlowKey key = new FlowKey();
  private final int[] source;
  private final NatState[] state;
  private final long[] lastNs;
  private final long[] beganNs;
  private final long[] outPkts;
  private final long[] outBytes;
  private final long[] inPkts;
  private final long[] inBytes;
  private final int[] older;
  private final int[] newer;
  private int oldestEnded = NONE;
  private int newestEnded = NONE;

  Flows(int capacity, long seed) {
    table = new FlowTable(capacity, seed);
    timers = new TimerWheel(capacity);
    source = new int[capacity];
    state = new NatState[capacity];
    lastNs = new long[capacity];
    beganNs = new long[capacity];
    outPkts = new long[capacity];
    outBytes = new long[capacity];
    inPkts = new long[capacity];
    inBytes = new long[capacity];
    older = new int[capacity];
    newer = new int[capacity];
  }

  int find(FlowKey translated) {
    return table.find(translated);
  }

  boolean full() {
    return table.size() == table.capacity();
  }

  /** The TCP connection that ended first, or -1. */
  int oldestEnded() {
    return oldestEnded;
  }

  /** Takes in an absent flow; there must be room. */
  int add(FlowKey translated, int ofSource, long nowNs) {
    int flow = table.insert(translated);
    if (flow < 0) {
      throw new IllegalStateException("no room for a flow");
    }
    source[flow] = ofSource;
    state[flow] = first(translated);
    beganNs[flow] = nowNs;
    lastNs[flow] = nowNs;
    outPkts[flow] = 0;
    outBytes[flow] = 0;
    inPkts[flow] = 0;
    inBytes[flow] = 0;
    timers.schedule(flow, nowNs + state[flow].idleNs());
    return flow;
  }

  private static NatState first(FlowKey translated) {
    return switch (translated.protocol()) {
      case Ip.TCP -> NatState.SYN_SENT;
      case Ip.UDP -> translated.dport() == DNS_PORT ? NatState.DNS : NatState.UDP_UNANSWERED;
      default -> NatState.ECHO;
    };
  }

  void remove(int flow) {
    if (state[flow].lingering()) {
      unlink(flow);
    }
    timers.cancel(flow);
    table.remove(flow);
  }

  boolean ended(int flow) {
    return state[flow].lingering();
  }

  int source(int flow) {
    return source[flow];
  }

  NatState state(int flow) {
    return state[flow];
  }

  /** Begins again what had ended: a client reuses its port for a new connection. */
  void reopen(int flow, long nowNs) {
    become(flow, NatState.SYN_SENT, nowNs);
  }

  /**
   * Notes a packet from the client.
   *
   * @param flags of TCP, else 0
   */
  void outbound(int flow, int flags, int pkts, long bytes, long nowNs) {
    outPkts[flow] += pkts;
    outBytes[flow] += bytes;
    touch(flow, afterOutbound(state[flow], flags), nowNs);
  }

  /** Notes a packet for the client. */
  void inbound(int flow, int flags, int pkts, long bytes, long nowNs) {
    inPkts[flow] += pkts;
    inBytes[flow] += bytes;
    touch(flow, afterInbound(state[flow], flags), nowNs);
  }

  private static NatState afterOutbound(NatState now, int flags) {
    if ((flags & Tcp.RST) != 0) {
      return NatState.RESET;
    }
    return switch (now) {
      case SYN_ANSWERED ->
          (flags & Tcp.FIN) != 0
              ? NatState.CLOSED_INSIDE
              : (flags & Tcp.SYN) != 0 ? now : NatState.ESTABLISHED;
      case ESTABLISHED -> (flags & Tcp.FIN) != 0 ? NatState.CLOSED_INSIDE : now;
      case CLOSED_OUTSIDE -> (flags & Tcp.FIN) != 0 ? NatState.CLOSED : now;
      case RESET -> NatState.ESTABLISHED; // The reset was forged: the connection goes on.
      default -> now;
    };
  }

  private static NatState afterInbound(NatState now, int flags) {
    if ((flags & Tcp.RST) != 0) {
      return NatState.RESET;
    }
    return switch (now) {
      case SYN_SENT -> (flags & Tcp.SYN) != 0 ? NatState.SYN_ANSWERED : now;
      case SYN_ANSWERED, ESTABLISHED -> (flags & Tcp.FIN) != 0 ? NatState.CLOSED_OUTSIDE : now;
      case CLOSED_INSIDE -> (flags & Tcp.FIN) != 0 ? NatState.CLOSED : now;
      case RESET -> NatState.ESTABLISHED;
      case UDP_UNANSWERED -> NatState.UDP;
      default -> now;
    };
  }

  private void touch(int flow, NatState next, long nowNs) {
    if (next == state[flow]) {
      if (!next.lingering()) {
        lastNs[flow] = nowNs;
      }
      return;
    }
    become(flow, next, nowNs);
  }

  private void become(int flow, NatState next, long nowNs) {
    boolean was = state[flow].lingering();
    state[flow] = next;
    lastNs[flow] = nowNs;
    if (was && !next.lingering()) {
      unlink(flow);
    } else if (!was && next.lingering()) {
      link(flow);
    }
    // A longer time-out needs no new timer: the old one finds out when it strikes.
    if (timers.deadlineNs(flow) - (nowNs + next.idleNs()) > 0) {
      timers.schedule(flow, nowNs + next.idleNs());
    }
  }

  /** A flow whose time is over, or -1; timers that struck too early are set again. */
  int expired(long nowNs) {
    for (int flow = timers.poll(nowNs); flow >= 0; flow = timers.poll(nowNs)) {
      long deadlineNs = lastNs[flow] + state[flow].idleNs();
      if (deadlineNs - nowNs <= 0) {
        return flow;
      }
      timers.schedule(flow, deadlineNs);
    }
    return NONE;
  }

  long nextDeadlineNs() {
    return timers.nextDeadlineNs();
  }

  int size() {
    return table.size();
  }

  int capacity() {
    return table.capacity();
  }

  int next(int from) {
    return table.nextUsed(from);
  }

  /** Fills in what this table knows of a flow. */
  void read(int flow, FlowRecord into) {
    table.key(flow, key);
    into.mappedLo = key.srcLo;
    into.remoteLo = key.dstLo;
    into.protocol = key.protocol();
    into.sourcePort = key.sport();
    into.remotePort = key.dport();
    into.state = state[flow];
    into.beganNs = beganNs[flow];
    into.outPkts = outPkts[flow];
    into.outBytes = outBytes[flow];
    into.inPkts = inPkts[flow];
    into.inBytes = inBytes[flow];
  }

  private void link(int flow) {
    older[flow] = newestEnded;
    newer[flow] = NONE;
    if (newestEnded == NONE) {
      oldestEnded = flow;
    } else {
      newer[newestEnded] = flow;
    }
    newestEnded = flow;
  }

  private void unlink(int flow) {
    if (older[flow] == NONE) {
      oldestEnded = newer[flow];
    } else {
      newer[older[flow]] = newer[flow];
    }
    if (newer[flow] == NONE) {
      newestEnded = older[flow];
    } else {
      older[newer[flow]] = older[flow];
    }
  }
}
