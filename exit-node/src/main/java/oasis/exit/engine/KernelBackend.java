// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import oasis.exit.engine.ExitEffects.EndReason;
import oasis.flow.FlowQuota;
import oasis.flow.FlowTable;
import oasis.flow.Lifetimes;
import oasis.flow.StateException;
import oasis.flow.StateReader;
import oasis.flow.StateWriter;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Icmp;
import oasis.packet.IcmpInner;
import oasis.packet.Ip;
import oasis.packet.Rewrite;
import oasis.packet.Tcp;
import org.jspecify.annotations.Nullable;

/**
 * The backend with the kernel's masquerade behind it: each source gets an address of its own out of
 * its family's pool, 1:1, so that clients with the same inner address do not collide in the kernel;
 * ports stay as they are, and the kernel translates that address to the node's own. Filtering is
 * address-and-port-dependent (RFC 4787 section 5): a packet for a client passes only when the
 * client's flow to that very address and port is in the table.
 *
 * <p>Confined to the data loop.
 */
final class KernelBackend implements Backend {
  private static final int NONE = -1;

  private final Front front;
  private final Sources sources;
  private final AddressPool pool4;
  private final AddressPool pool6;
  private final boolean carries6;
  private final FlowQuota quota;
  private final FlowTable table;
  private final Lifetimes lives;
  private final int[] sourceOf;
  private final KernelTransfer transfer;
  private final FlowKey key = new FlowKey();
  private final FlowKey inner = new FlowKey();
  private @Nullable DropReason lastDrop;

  KernelBackend(EngineConfig config, Front front, Sources sources) {
    this.front = front;
    this.sources = sources;
    ExitLimits limits = config.limits();
    quota =
        new FlowQuota(
            limits.flowsPerClient(), config.nat().rates(), Clients.slots(limits.clients()));
    pool4 = new AddressPool(config.pool(), config.maxSources(), config.seed() ^ 1);
    pool6 = new AddressPool(config.pool6(), config.maxSources(), config.seed() ^ 3);
    carries6 = config.ipv6();
    table = new FlowTable(limits.flows(), config.seed() ^ 2);
    lives = new Lifetimes(limits.flows(), 1, config.nat().timeouts(), quota);
    sourceOf = new int[limits.flows()];
    Arrays.fill(sourceOf, NONE);
    transfer = new KernelTransfer(sources, pool4, pool6, quota, table, lives, sourceOf);
  }

  @Override
  public boolean carries(int version) {
    return version == 4 || carries6;
  }

  @Override
  public void sourceAdded(int source, boolean v4) {
    (v4 ? pool4 : pool6).take(source);
  }

  @Override
  public void sourceRemoved(int source) {
    poolOf(source).free(source);
  }

  private AddressPool poolOf(int source) {
    return sources.isV4(source) ? pool4 : pool6;
  }

  private AddressPool pool(Burst b) {
    return b.version() == 4 ? pool4 : pool6;
  }

  @Override
  public @Nullable DropReason outbound(Burst b, int source, long nowNs) {
    if (Icmp.isError(b)) {
      return errorOutbound(b, source);
    }
    AddressPool pool = pool(b);
    if (b.laterFragment()) {
      // It has no ports. The kernel's connection tracking puts datagrams together again before it
      // translates them, and the first fragment had to pass as a flow, so one alone gets nowhere.
      DropReason why = front.mayBegin(b);
      if (why == null) {
        Rewrite.source(b, pool.hi(), pool.lo(source), 0);
      }
      return why;
    }
    if (isIcmp(b) && !Icmp.isEchoRequest(b)) {
      // Asked here, not when a flow begins: what has no identifier looks like a ping with number 0.
      return DropReason.UNSUPPORTED_PROTOCOL;
    }
    int sport = key.of(b).sport();
    int flags = Tcp.flags(b);
    key.srcHi = pool.hi();
    key.srcLo = pool.lo(source);
    int flow = table.find(key);
    DropReason why = null;
    if (flow < 0 || lives.revives(flow, flags)) {
      why = begin(b, source, flow, flags, nowNs);
      flow = flow < 0 && why == null ? table.find(key) : flow;
    }
    if (why == null) {
      seen(b, flow, true, flags, nowNs);
      Rewrite.source(b, pool.hi(), pool.lo(source), sport);
    }
    return why;
  }

  /** Begins the flow in {@link #key}, or, when there is one, its ended TCP connection again. */
  private @Nullable DropReason begin(Burst b, int source, int ended, int flags, long nowNs) {
    int client = sources.client(source);
    if (ended >= 0 && !Tcp.isFirst(flags)) {
      return quota.atLimit(client) ? DropReason.CLIENT_FLOW_LIMIT : null;
    }
    DropReason why = front.mayBegin(b);
    if (why == null) {
      why = makeRoom(client, ended < 0, nowNs);
    }
    if (why != null) {
      return why;
    }
    if (ended >= 0) {
      front.ended(ended, EndReason.CLOSED);
      lives.end(ended);
    }
    start(ended < 0 ? table.insert(key) : ended, source, nowNs);
    return null;
  }

  /**
   * Whether a client may begin the flow in {@link #key}; others give way to it where they must.
   *
   * @param another whether it takes a place of its own in the table
   */
  private @Nullable DropReason makeRoom(int client, boolean another, long nowNs) {
    boolean tcp = key.protocol() == Ip.TCP;
    DropReason why = quota.refuses(client, tcp, nowNs);
    if (why == DropReason.HANDSHAKE_LIMIT
        && giveUp(lives.yieldsHandshake(client), EndReason.YIELDED)) {
      why = null;
    }
    if (why != null || !another || table.size() < table.capacity()) {
      return why;
    }
    boolean room =
        giveUp(lives.oldest(0), EndReason.CLOSED)
            || giveUp(lives.yields(client, tcp), EndReason.YIELDED);
    return room ? null : DropReason.FLOW_LIMIT;
  }

  private boolean giveUp(int flow, EndReason why) {
    if (flow >= 0) {
      end(flow, why);
    }
    return flow >= 0;
  }

  private void start(int flow, int source, long nowNs) {
    sourceOf[flow] = source;
    lives.begin(flow, 0, sources.client(source), key.protocol(), key.dport(), nowNs);
    front.began(flow);
  }

  private void seen(Burst b, int flow, boolean outbound, int flags, long nowNs) {
    lives.seen(flow, outbound, flags, b.segments(), b.ipBytes(), nowNs);
  }

  /** An ICMP error about a packet that the client got: it goes back to that packet's sender. */
  private @Nullable DropReason errorOutbound(Burst b, int source) {
    if (!Icmp.isPathError(b)
        || !IcmpInner.read(b, key)
        || key.srcHi != Ip.dstHi(b.buffer(), b.start())
        || key.srcLo != Ip.dstLo(b.buffer(), b.start())) {
      return DropReason.NO_FLOW;
    }
    int port = key.dport();
    AddressPool pool = pool(b);
    key.reverse();
    key.srcHi = pool.hi();
    key.srcLo = pool.lo(source);
    if (table.find(key) < 0) {
      return DropReason.NO_FLOW;
    }
    IcmpInner.destination(b, pool.hi(), key.srcLo, port);
    Rewrite.source(b, pool.hi(), key.srcLo, 0);
    return null;
  }

  @Override
  public int inbound(Burst b, long nowNs) {
    if (Icmp.isError(b)) {
      return errorInbound(b);
    }
    if (b.laterFragment()) {
      int source = pool(b).source(Ip.dstHi(b.buffer(), b.start()), Ip.dstLo(b.buffer(), b.start()));
      return source < 0 || !sources.held(source)
          ? drop(DropReason.FRAGMENT)
          : toInner(b, source, 0);
    }
    int port = key.of(b).dport();
    int flow = isIcmp(b) && !Icmp.isEchoReply(b) ? NONE : table.find(key.reverse());
    if (flow < 0) {
      return drop(DropReason.NO_FLOW);
    }
    seen(b, flow, false, Tcp.flags(b), nowNs);
    return toInner(b, sourceOf[flow], port);
  }

  /** An ICMP error about a client's packet, from anywhere on its way or from this node's kernel. */
  private int errorInbound(Burst b) {
    if (Icmp.isPathError(b)
        && IcmpInner.read(b, key)
        && key.srcHi == Ip.dstHi(b.buffer(), b.start())
        && key.srcLo == Ip.dstLo(b.buffer(), b.start())) {
      int flow = table.find(key);
      if (flow >= 0) {
        int source = sourceOf[flow];
        sources.inner(source, inner);
        IcmpInner.source(b, inner.dstHi, inner.dstLo, key.sport());
        return toInner(b, source, 0);
      }
    }
    return drop(DropReason.NO_FLOW);
  }

  private static boolean isIcmp(Burst b) {
    return b.protocol() == Ip.ICMP || b.protocol() == Ip.ICMP6;
  }

  private int toInner(Burst b, int source, int port) {
    sources.inner(source, inner);
    Rewrite.destination(b, inner.dstHi, inner.dstLo, port);
    return sources.client(source);
  }

  private int drop(DropReason why) {
    lastDrop = why;
    return NONE;
  }

  @Override
  public @Nullable DropReason lastDrop() {
    return lastDrop;
  }

  @Override
  public int liveFlows(int client) {
    return quota.open(client);
  }

  @Override
  public int flows() {
    return table.size();
  }

  @Override
  public int nextFlow(int from) {
    return table.nextUsed(from);
  }

  @Override
  public void read(int flow, FlowRecord into) {
    table.key(flow, inner);
    into.source = sourceOf[flow];
    into.mappedHi = inner.srcHi;
    into.mappedLo = inner.srcLo;
    into.mappedPort = 0;
    into.remoteHi = inner.dstHi;
    into.remoteLo = inner.dstLo;
    into.protocol = inner.protocol();
    into.sourcePort = inner.sport();
    into.remotePort = inner.dport();
    into.state = lives.state(flow);
    into.beganNs = lives.beganNs(flow);
    into.outPkts = lives.outPkts(flow);
    into.outBytes = lives.outBytes(flow);
    into.inPkts = lives.inPkts(flow);
    into.inBytes = lives.inBytes(flow);
  }

  private void end(int flow, EndReason why) {
    front.ended(flow, lives.lingering(flow) ? EndReason.CLOSED : why);
    lives.end(flow);
    table.remove(flow);
  }

  @Override
  public void expire(long nowNs) {
    for (int flow = lives.expired(nowNs); flow >= 0; flow = lives.expired(nowNs)) {
      end(flow, EndReason.IDLE);
    }
  }

  @Override
  public long nextDeadlineNs() {
    return lives.nextDeadlineNs();
  }

  @Override
  public void endAll() {
    for (int flow = table.nextUsed(0); flow >= 0; flow = table.nextUsed(flow + 1)) {
      end(flow, EndReason.STOPPED);
    }
  }

  @Override
  public void write(StateWriter out) {
    transfer.write(out);
  }

  @Override
  public void restore(StateReader in, IntUnaryOperator newClients, IntUnaryOperator newSources)
      throws StateException {
    transfer.restore(in, newClients, newSources);
  }
}
