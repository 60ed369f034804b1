// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import oasis.exit.engine.ExitEffects.EndReason;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Icmp;
import oasis.packet.IcmpInner;
import oasis.packet.Ip;
import oasis.packet.Prefix;
import oasis.packet.Replies;
import oasis.packet.Rewrite;
import oasis.packet.Tcp;
import org.jspecify.annotations.Nullable;

/**
 * What the exit node does with packets, with the kernel's masquerade behind it: each (client
 * endpoint, inner source address) gets an address of its own out of the pool, ports stay as they
 * are, and the kernel translates that address to the node's own. Filtering is
 * address-and-port-dependent (RFC 4787 section 5): a packet for a client passes only when the
 * client's flow to that very address and port is in the table.
 *
 * <p>A client is its UDP address and port: one whose port changed (a new NAT mapping on its way) is
 * another client with other mapped addresses, and its old flows idle out. IPv4 only in this
 * version.
 *
 * <p>Bursts are rewritten in place. No call allocates. Confined to the data loop. Longer than most
 * classes because the way of a packet, out and back, is one piece of reasoning.
 */
public final class ExitEngine {
  /** IPv4 and TCP header: what the MSS leaves out of the MTU (RFC 9293 section 3.7.1). */
  private static final int HEADERS_BYTES = 40;

  private final Prefix[] allowed;
  private final DestinationPolicy policy;
  private final ExitLimits limits;
  private final int maxMss;
  private final Clients clients;
  private final Sources sources;
  private final Flows flows;
  private final Refusals refusals;
  private final Totals totals = new Totals();
  private final FlowKey key = new FlowKey();
  private final FlowKey endpoint = new FlowKey();
  private final FlowRecord record = new FlowRecord();

  /**
   * An engine without clients or flows.
   *
   * @param replies where answers are written, at least {@link Replies#MAX_BYTES} bytes, big-endian
   * @param repliesAddress native address of its index 0, or 0 in tests
   */
  public ExitEngine(EngineConfig config, ByteBuffer replies, long repliesAddress) {
    allowed = config.allowed().toArray(Prefix[]::new);
    policy = new DestinationPolicy(config.opened(), config.pool());
    limits = config.limits();
    maxMss = config.mtu() - HEADERS_BYTES;
    clients = new Clients(limits.clients(), config.seed());
    long most = (long) limits.clients() * limits.sourcesPerClient();
    sources =
        new Sources(config.pool(), (int) Math.min(most, Sources.MAX_ADDRESSES), config.seed() ^ 1);
    flows = new Flows(limits.flows(), config.seed() ^ 2);
    refusals =
        new Refusals(
            ownAddress(config.pool()),
            new ReplyLimit(limits.repliesPerSecond()),
            totals,
            replies,
            repliesAddress);
  }

  /** Low half of the address inside the pool that is the node's own: the TUN device's. */
  public static long ownAddress(Prefix pool) {
    return pool.lo() + 1;
  }

  /** Sets the node's own IPv4 addresses (low halves), which clients may not reach. */
  public void ownAddresses(long[] lows) {
    policy.ownAddresses(lows);
  }

  /**
   * Whether datagrams from this address are looked at; if not, they are counted as dropped. Asked
   * before anything is parsed.
   */
  public boolean admit(long hi, long lo, int datagrams) {
    for (Prefix prefix : allowed) {
      if (prefix.contains(hi, lo)) {
        return true;
      }
    }
    totals.drop(DropReason.NOT_ALLOWED, datagrams);
    return false;
  }

  /** An empty datagram came: it is answered with one, so that the client knows the node lives. */
  public void onKeepAlive(long hi, long lo, int port, ExitEffects out) {
    if (admit(hi, lo, 1)) {
      totals.keepAlives++;
      out.keepAlive(hi, lo, port);
    }
  }

  /** A client's packet failed its check before it became a burst. */
  public void onBadPacket(long hi, long lo, int port, DropReason why) {
    drop(clients.find(hi, lo, port), why, 1);
  }

  /**
   * A packet or burst came from a client's endpoint that {@link #admit} let in.
   *
   * @param b checked; rewritten in place
   */
  public void onClient(Burst b, long srcHi, long srcLo, int srcPort, long nowNs, ExitEffects out) {
    if (b.version() != 4) {
      drop(clients.find(srcHi, srcLo, srcPort), DropReason.UNSUPPORTED_PROTOCOL, b.segments());
      return;
    }
    endpoint.set(srcHi, srcLo, 0, 0, Ip.UDP, srcPort, 0);
    if (Icmp.isError(b)) {
      errorFromClient(b, out);
      return;
    }
    int source = source(Ip.srcLo(b.buffer(), b.start()));
    if (b.laterFragment()) {
      fragmentFromClient(b, source, out);
      return;
    }
    key.of(b);
    int sport = key.sport();
    int flow = -1;
    if (source >= 0) {
      key.srcLo = sources.mappedLo(source);
      flow = flows.find(key);
    }
    if (flow < 0 || flows.ended(flow) && isSyn(b)) {
      flow = begin(b, source, flow, nowNs, out);
      if (flow < 0) {
        return;
      }
    }
    forward(b, flow, sport, nowNs, out);
  }

  private void forward(Burst b, int flow, int sport, long nowNs, ExitEffects out) {
    int source = flows.source(flow);
    int client = sources.client(source);
    int flags = flags(b);
    boolean ended = flows.ended(flow);
    flows.outbound(flow, flags, b.segments(), bytes(b), nowNs);
    countEnd(client, ended, flows.ended(flow));
    if ((flags & Tcp.SYN) != 0) {
      Rewrite.clampMss(b, maxMss);
    }
    Rewrite.source(b, 0, sources.mappedLo(source), sport);
    countOut(client, b);
    out.toTun(b);
  }

  /**
   * Begins a flow, or an ended TCP connection again; the client learns of a refusal.
   *
   * @param source -1 when the inner address has none yet
   * @param flow the ended one, or -1
   * @return the flow, or -1
   */
  private int begin(Burst b, int source, int flow, long nowNs, ExitEffects out) {
    key.of(b);
    long innerLo = key.srcLo;
    int client = clients.find(endpoint.srcHi, endpoint.srcLo, endpoint.sport());
    DropReason why = mayBegin(b, client, source, innerLo);
    if (why == null && flow < 0 && flows.full()) {
      why = evictEnded(nowNs, out) ? null : DropReason.FLOW_LIMIT;
    }
    if (why != null) {
      drop(client, why, b.segments());
      refusals.refuse(b, why, endpoint, nowNs, out);
      return -1;
    }
    int holder = source >= 0 ? source : newSource(client, innerLo, nowNs);
    if (holder < 0) {
      drop(client, DropReason.NAT_FULL, b.segments());
      refusals.refuse(b, DropReason.NAT_FULL, endpoint, nowNs, out);
      return -1;
    }
    clients.addFlows(sources.client(holder), 1);
    totals.flowsBegun++;
    if (flow >= 0) {
      flows.reopen(flow, nowNs);
      return flow;
    }
    key.of(b); // making room may have used the key
    key.srcLo = sources.mappedLo(holder);
    sources.hold(holder);
    return flows.add(key, holder, nowNs);
  }

  private @Nullable DropReason mayBegin(Burst b, int client, int source, long innerLo) {
    switch (b.protocol()) {
      case Ip.TCP -> {
        // RFC 7857 section 2: only a SYN makes a mapping.
        if (!isSyn(b)) {
          return DropReason.NO_FLOW;
        }
      }
      case Ip.ICMP -> {
        if (Icmp.type(b.buffer(), b.transport()) != Icmp.ECHO_REQUEST) {
          return DropReason.UNSUPPORTED_PROTOCOL;
        }
      }
      case Ip.UDP -> {}
      default -> {
        return DropReason.UNSUPPORTED_PROTOCOL;
      }
    }
    if (!isHost(innerLo)) {
      return DropReason.BAD_HEADER;
    }
    if (!policy.permits(key.dstLo)) {
      return DropReason.FORBIDDEN_DESTINATION;
    }
    if (client >= 0 && clients.flows(client) >= limits.flowsPerClient()) {
      return DropReason.FLOW_LIMIT;
    }
    if (source < 0 && client >= 0 && clients.sources(client) >= limits.sourcesPerClient()) {
      return DropReason.NAT_FULL;
    }
    return null;
  }

  /** An address that one host can have. */
  private static boolean isHost(long lo) {
    int first = (int) (lo >>> 24) & 0xff;
    return first != 0 && first != 127 && first < 224;
  }

  private int newSource(int knownClient, long innerLo, long nowNs) {
    if (sources.exhausted()) {
      return -1;
    }
    int evict = sources.toEvict();
    // The address taken back may be the last of this very client; it then keeps its slot's place.
    if (evict >= 0) {
      forget(evict);
    }
    int client =
        knownClient >= 0 && evict < 0
            ? knownClient
            : clients.find(endpoint.srcHi, endpoint.srcLo, endpoint.sport());
    if (client < 0) {
      client = clients.add(endpoint.srcHi, endpoint.srcLo, endpoint.sport());
    }
    if (client < 0) {
      return -1;
    }
    clients.addSource(client);
    return sources.add(endpoint.srcHi, endpoint.srcLo, endpoint.sport(), innerLo, client, nowNs);
  }

  private void forget(int source) {
    int client = sources.client(source);
    sources.remove(source);
    clients.removeSource(client);
  }

  private boolean evictEnded(long nowNs, ExitEffects out) {
    int oldest = flows.oldestEnded();
    if (oldest < 0) {
      return false;
    }
    // Its source stays for now: it has only become idle, at the end of the line.
    end(oldest, EndReason.CLOSED, nowNs, out);
    return true;
  }

  /**
   * A later fragment has no ports. The kernel's connection tracking puts datagrams together again
   * before it translates them, and the first fragment had to pass as a flow, so a fragment on its
   * own gets nowhere.
   */
  private void fragmentFromClient(Burst b, int source, ExitEffects out) {
    if (source < 0 || !policy.permits(Ip.dstLo(b.buffer(), b.start()))) {
      int client = clients.find(endpoint.srcHi, endpoint.srcLo, endpoint.sport());
      drop(client, source < 0 ? DropReason.FRAGMENT : DropReason.FORBIDDEN_DESTINATION, 1);
      return;
    }
    Rewrite.source(b, 0, sources.mappedLo(source), 0);
    countOut(sources.client(source), b);
    out.toTun(b);
  }

  /** An ICMP error about a packet that the client got: it goes back to that packet's sender. */
  private void errorFromClient(Burst b, ExitEffects out) {
    int source = -1;
    if (isTranslatable(b) && IcmpInner.read(b, key)) {
      source = source(key.dstLo);
    }
    if (source >= 0 && key.srcLo == Ip.dstLo(b.buffer(), b.start())) {
      int port = key.dport();
      key.reverse();
      key.srcLo = sources.mappedLo(source);
      if (flows.find(key) >= 0) {
        IcmpInner.destination(b, 0, key.srcLo, port);
        Rewrite.source(b, 0, key.srcLo, 0);
        countOut(sources.client(source), b);
        out.toTun(b);
        return;
      }
    }
    drop(
        clients.find(endpoint.srcHi, endpoint.srcLo, endpoint.sport()),
        DropReason.NO_FLOW,
        b.segments());
  }

  /**
   * A packet or burst came from the kernel, for a mapped address.
   *
   * @param b checked; rewritten in place
   */
  public void onTun(Burst b, long nowNs, ExitEffects out) {
    if (b.version() != 4) {
      drop(-1, DropReason.UNSUPPORTED_PROTOCOL, b.segments());
      return;
    }
    if (Icmp.isError(b)) {
      errorFromTun(b, out);
      return;
    }
    if (b.laterFragment()) {
      int source = sources.byMapped(Ip.dstLo(b.buffer(), b.start()));
      if (source < 0 || !sources.held(source)) {
        drop(-1, DropReason.FRAGMENT, 1);
        return;
      }
      toClient(b, source, 0, out);
      return;
    }
    key.of(b);
    int port = key.dport();
    int flow = flows.find(key.reverse());
    if (flow < 0) {
      drop(-1, DropReason.NO_FLOW, b.segments());
      return;
    }
    int source = flows.source(flow);
    int flags = flags(b);
    boolean ended = flows.ended(flow);
    flows.inbound(flow, flags, b.segments(), bytes(b), nowNs);
    countEnd(sources.client(source), ended, flows.ended(flow));
    if ((flags & Tcp.SYN) != 0) {
      Rewrite.clampMss(b, maxMss);
    }
    toClient(b, source, port, out);
  }

  /** An ICMP error about a client's packet, from anywhere on its way or from this node's kernel. */
  private void errorFromTun(Burst b, ExitEffects out) {
    if (isTranslatable(b)
        && IcmpInner.read(b, key)
        && key.srcLo == Ip.dstLo(b.buffer(), b.start())) {
      int flow = flows.find(key);
      if (flow >= 0) {
        int source = flows.source(flow);
        sources.key(source, endpoint);
        IcmpInner.source(b, 0, endpoint.dstLo, key.sport());
        toClient(b, source, 0, out);
        return;
      }
    }
    drop(-1, DropReason.NO_FLOW, b.segments());
  }

  /** A redirect is about the local link only (RFC 1122 section 3.2.2.2). */
  private static boolean isTranslatable(Burst b) {
    return Icmp.type(b.buffer(), b.transport()) != Icmp.REDIRECT;
  }

  private void toClient(Burst b, int source, int port, ExitEffects out) {
    sources.key(source, endpoint);
    Rewrite.destination(b, 0, endpoint.dstLo, port);
    clients.countIn(sources.client(source), b.segments(), bytes(b));
    totals.inPkts += b.segments();
    totals.inBytes += bytes(b);
    out.toClient(b, endpoint.srcHi, endpoint.srcLo, endpoint.sport());
  }

  /** When {@link #onDue} wants to run; Long.MAX_VALUE for never. */
  public long nextDeadlineNs() {
    return earlier(flows.nextDeadlineNs(), sources.nextDeadlineNs());
  }

  private static long earlier(long a, long b) {
    if (a == Long.MAX_VALUE || b == Long.MAX_VALUE) {
      return a == Long.MAX_VALUE ? b : a;
    }
    return a - b < 0 ? a : b;
  }

  /** Ends flows and takes back addresses whose time is over. */
  public void onDue(long nowNs, ExitEffects out) {
    for (int flow = flows.expired(nowNs); flow >= 0; flow = flows.expired(nowNs)) {
      end(flow, flows.ended(flow) ? EndReason.CLOSED : EndReason.IDLE, nowNs, out);
    }
    for (int source = sources.expired(nowNs); source >= 0; source = sources.expired(nowNs)) {
      forget(source);
    }
  }

  /** Ends all flows: the node stops. */
  public void stop(long nowNs, ExitEffects out) {
    for (int flow = flows.next(0); flow >= 0; flow = flows.next(flow + 1)) {
      end(flow, flows.ended(flow) ? EndReason.CLOSED : EndReason.STOPPED, nowNs, out);
    }
  }

  private void end(int flow, EndReason why, long nowNs, ExitEffects out) {
    out.flowEnded(read(flow), why);
    int source = flows.source(flow);
    if (!flows.ended(flow)) {
      clients.addFlows(sources.client(source), -1);
    }
    flows.remove(flow);
    sources.release(source, nowNs);
  }

  private FlowRecord read(int flow) {
    flows.read(flow, record);
    sources.key(flows.source(flow), key);
    record.clientHi = key.srcHi;
    record.clientLo = key.srcLo;
    record.clientPort = key.sport();
    record.innerLo = key.dstLo;
    return record;
  }

  /** A snapshot of the counters; allocates. */
  public ExitInfo info() {
    return totals.info(clients.size(), sources.size(), flows.size(), flows.capacity());
  }

  /** Snapshots of at most {@code limit} clients; allocates. */
  public List<ClientInfo> clients(int limit) {
    List<ClientInfo> list = new ArrayList<>();
    for (int i = clients.next(0); i >= 0 && list.size() < limit; i = clients.next(i + 1)) {
      list.add(clients.info(i));
    }
    return list;
  }

  /** Snapshots of at most {@code limit} flows; allocates. */
  public List<FlowInfo> flows(int limit, long nowNs) {
    List<FlowInfo> list = new ArrayList<>();
    for (int i = flows.next(0); i >= 0 && list.size() < limit; i = flows.next(i + 1)) {
      list.add(FlowInfo.of(read(i), nowNs));
    }
    return list;
  }

  private int source(long innerLo) {
    return sources.find(endpoint.srcHi, endpoint.srcLo, endpoint.sport(), innerLo);
  }

  private static boolean isSyn(Burst b) {
    return (flags(b) & (Tcp.SYN | Tcp.ACK | Tcp.RST | Tcp.FIN)) == Tcp.SYN;
  }

  private static int flags(Burst b) {
    return b.protocol() == Ip.TCP ? Tcp.flags(b.buffer(), b.transport()) : 0;
  }

  /** IP bytes of all packets of a burst. */
  private static long bytes(Burst b) {
    return b.payloadBytes() + (long) b.segments() * b.headerBytes();
  }

  private void countEnd(int client, boolean before, boolean after) {
    if (before != after) {
      clients.addFlows(client, after ? -1 : 1);
    }
  }

  private void countOut(int client, Burst b) {
    clients.countOut(client, b.segments(), bytes(b));
    totals.outPkts += b.segments();
    totals.outBytes += bytes(b);
  }

  private void drop(int client, DropReason why, int pkts) {
    totals.drop(why, pkts);
    if (client >= 0) {
      clients.countDrop(client, why, pkts);
    }
  }
}
