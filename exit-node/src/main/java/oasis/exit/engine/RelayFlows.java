// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.Arrays;
import oasis.exit.engine.ExitEffects.EndReason;
import oasis.flow.FlowTable;
import oasis.flow.TimerWheel;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import org.jspecify.annotations.Nullable;

/**
 * The flows that are relayed to other nodes, so that they are told like all others: the node behind
 * knows no client, only the address that stands for one here. Translation does not need them. A
 * flow is over when nothing of it has passed for {@link #IDLE_NS}; while it lives it holds its
 * source, and with it that address. Confined to the data loop.
 */
final class RelayFlows {
  /** How long a flow may be silent; what comes later is another one. */
  static final long IDLE_NS = 300_000_000_000L;

  private static final int FIRST_ROOM = 16;

  private final ExitLimits limits;
  private final Clients clients;
  private final Sources sources;
  private final ExitEffects out;
  private final FlowTable table;
  private final TimerWheel wheel;
  private final int[] ofClient;
  private final FlowKey key = new FlowKey();
  private final FlowRecord record = new FlowRecord();
  private int[] source = new int[0];
  private long[] beganNs = new long[0];
  private long[] lastNs = new long[0];
  private long[] outPkts = new long[0];
  private long[] outBytes = new long[0];
  private long[] inPkts = new long[0];
  private long[] inBytes = new long[0];

  RelayFlows(EngineConfig config, Clients clients, Sources sources, ExitEffects out) {
    limits = config.limits();
    this.clients = clients;
    this.sources = sources;
    this.out = out;
    table = new FlowTable(limits.flows(), config.seed() ^ 9);
    wheel = new TimerWheel(limits.flows());
    ofClient = new int[Clients.slots(limits.clients())];
  }

  /**
   * A packet goes to another node.
   *
   * @param flow as that node will see it: from the address that stands for the source
   * @param from the source
   * @return null, or why it must not
   */
  @Nullable DropReason sent(FlowKey flow, int from, Burst b, long nowNs) {
    int slot = table.find(flow);
    if (slot < 0) {
      if (table.size() == table.capacity()) {
        return DropReason.FLOW_LIMIT;
      }
      if (ofClient[sources.client(from)] >= limits.flowsPerClient()) {
        return DropReason.CLIENT_FLOW_LIMIT;
      }
      slot = begin(flow, from, nowNs);
    }
    lastNs[slot] = nowNs;
    outPkts[slot] += b.segments();
    outBytes[slot] += b.ipBytes();
    return null;
  }

  /**
   * A packet comes back from another node.
   *
   * @param flow as that node sees it from here, as in {@link #sent}
   */
  void received(FlowKey flow, Burst b, long nowNs) {
    int slot = table.find(flow);
    if (slot >= 0) {
      lastNs[slot] = nowNs;
      inPkts[slot] += b.segments();
      inBytes[slot] += b.ipBytes();
    }
  }

  private int begin(FlowKey flow, int from, long nowNs) {
    int slot = table.insert(flow);
    if (slot >= source.length) {
      grow(Math.min(table.capacity(), Math.max(FIRST_ROOM, 2 * slot)));
    }
    source[slot] = from;
    beganNs[slot] = nowNs;
    lastNs[slot] = nowNs;
    outPkts[slot] = 0;
    outBytes[slot] = 0;
    inPkts[slot] = 0;
    inBytes[slot] = 0;
    wheel.schedule(slot, nowNs + IDLE_NS);
    sources.hold(from);
    ofClient[sources.client(from)]++;
    read(slot, record);
    out.flowBegan(record);
    return slot;
  }

  private void grow(int room) {
    source = Arrays.copyOf(source, room);
    beganNs = Arrays.copyOf(beganNs, room);
    lastNs = Arrays.copyOf(lastNs, room);
    outPkts = Arrays.copyOf(outPkts, room);
    outBytes = Arrays.copyOf(outBytes, room);
    inPkts = Arrays.copyOf(inPkts, room);
    inBytes = Arrays.copyOf(inBytes, room);
  }

  /** When {@link #expire} wants to run; Long.MAX_VALUE for never. */
  long nextDeadlineNs() {
    return wheel.nextDeadlineNs();
  }

  /** Ends flows that have been silent for too long. */
  void expire(long nowNs) {
    for (int slot = wheel.poll(nowNs); slot >= 0; slot = wheel.poll(nowNs)) {
      if (nowNs - lastNs[slot] < IDLE_NS) {
        wheel.schedule(slot, lastNs[slot] + IDLE_NS);
      } else {
        end(slot, EndReason.IDLE, nowNs);
      }
    }
  }

  /** The node stops. */
  void endAll(long nowNs) {
    for (int slot = table.nextUsed(0); slot >= 0; slot = table.nextUsed(slot + 1)) {
      wheel.cancel(slot);
      end(slot, EndReason.STOPPED, nowNs);
    }
  }

  private void end(int slot, EndReason why, long nowNs) {
    read(slot, record);
    out.flowEnded(record, why);
    ofClient[sources.client(source[slot])]--;
    sources.release(source[slot], nowNs);
    table.remove(slot);
  }

  /** The first flow at or behind {@code from}, or -1. */
  int next(int from) {
    return table.nextUsed(from);
  }

  /** Reads all that is known of a flow. */
  void read(int slot, FlowRecord into) {
    int from = source[slot];
    int client = sources.client(from);
    into.source = from;
    into.relayed = true;
    into.clientKey = clients.keyId(client);
    clients.endpoint(client, key);
    into.clientHi = key.srcHi;
    into.clientLo = key.srcLo;
    into.clientPort = key.sport();
    sources.inner(from, key);
    into.innerHi = key.dstHi;
    into.innerLo = key.dstLo;
    table.key(slot, key);
    into.mappedHi = key.srcHi;
    into.mappedLo = key.srcLo;
    into.mappedPort = key.sport();
    into.remoteHi = key.dstHi;
    into.remoteLo = key.dstLo;
    into.protocol = key.protocol();
    into.sourcePort = key.sport();
    into.remotePort = key.dport();
    into.beganNs = beganNs[slot];
    into.outPkts = outPkts[slot];
    into.outBytes = outBytes[slot];
    into.inPkts = inPkts[slot];
    into.inBytes = inBytes[slot];
  }
}
