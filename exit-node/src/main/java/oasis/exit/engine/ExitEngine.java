// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Icmp;
import oasis.packet.IcmpInner;
import oasis.packet.Ip;
import oasis.packet.Prefix;
import oasis.packet.Rewrite;
import oasis.packet.Tcp;
import org.jspecify.annotations.Nullable;

/**
 * What the exit node does with packets, whatever carries them on: who may be a client, where
 * clients may go and how much they may hold, what they are told when something is refused, counters
 * and the ends of flows. A {@link Backend} behind it translates.
 *
 * <p>A client is its UDP address and port: one whose port changed (a new NAT mapping on its way) is
 * another client, and its old flows idle out. Both IP versions are carried inside UDP of either.
 *
 * <p>Bursts are rewritten in place. No call for a packet allocates. Confined to the data loop.
 */
public final class ExitEngine {
  /** IPv4 and TCP header: what the MSS leaves out of the MTU (RFC 9293 section 3.7.1). */
  private static final int HEADERS4_BYTES = Ip.V4_BYTES + Tcp.BYTES;

  private static final int HEADERS6_BYTES = Ip.V6_BYTES + Tcp.BYTES;

  private final Prefix[] allowed;
  private final DestinationPolicy policy;
  private final ExitLimits limits;
  private final int mtu;
  private final ExitEffects out;
  private final Clients clients;
  private final Sources sources;
  private final Backend backend;
  private final Refusals refusals;
  private final Totals totals = new Totals();
  private final FlowKey key = new FlowKey();
  private final FlowKey endpoint = new FlowKey();
  private final FlowRecord record = new FlowRecord();
  private long nowNs;

  /**
   * An engine without clients or flows.
   *
   * @param replies where answers are written, at least {@code Replies.MAX_BYTES} bytes, big-endian
   * @param repliesAddress native address of its index 0, or 0 in tests
   * @param out carries out what the engine decides
   */
  public ExitEngine(
      EngineConfig config,
      BackendKind kind,
      ByteBuffer replies,
      long repliesAddress,
      ExitEffects out) {
    allowed = config.allowed().toArray(Prefix[]::new);
    policy = new DestinationPolicy(config.opened(), List.of(config.pool(), config.pool6()));
    limits = config.limits();
    mtu = config.mtu();
    this.out = out;
    clients = new Clients(limits.clients(), config.seed());
    sources = new Sources(config.maxSources(), config.seed() ^ 1);
    refusals = new Refusals(config, totals, replies, repliesAddress, out);
    Behind behind = new Behind();
    backend =
        kind == BackendKind.KERNEL
            ? new KernelBackend(config, behind, sources)
            : new RawBackend(config, behind, clients, sources);
  }

  /** The address inside a pool that is the node's own: its answers come from there. */
  public static Address ownAddress(Prefix pool) {
    return new Address(pool.hi(), pool.lo() + 1);
  }

  /** Sets the node's own addresses, which clients may not reach. */
  public void ownAddresses(List<Address> addresses) {
    policy.ownAddresses(addresses);
  }

  /**
   * Sets the IPv4 address under which the raw backend's flows leave; another one ends them.
   *
   * @param address null for none: IPv4 is then refused
   */
  public void external4(@Nullable Address address, long now) {
    nowNs = now;
    backend.external(true, 0, address == null ? 0 : address.lo());
  }

  /** Sets the IPv6 address, as {@link #external4} does. */
  public void external6(@Nullable Address address, long now) {
    nowNs = now;
    backend.external(false, address == null ? 0 : address.hi(), address == null ? 0 : address.lo());
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
  public void onKeepAlive(long hi, long lo, int port) {
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
  public void onClient(Burst b, long hi, long lo, int port, long now) {
    nowNs = now;
    endpoint.set(hi, lo, 0, 0, Ip.UDP, port, 0);
    if (!Checksum.isGood(b)) {
      drop(client(), DropReason.BAD_CHECKSUM, b.segments());
      return;
    }
    int innerPort = innerEnd(b);
    int source = sources.find(endpoint, key.srcHi, key.srcLo);
    DropReason why = null;
    if (!backend.carries(b.version())) {
      why = DropReason.NO_CARRIER;
    } else if (source < 0) {
      why = mayBringSource(b);
      if (why == null) {
        source = newSource();
        why = source < 0 ? DropReason.NAT_FULL : null;
      }
    }
    if (why == null) {
      why = backend.outbound(b, source, now);
    }
    if (why == null) {
      send(b, source, innerPort);
    } else {
      drop(client(), why, b.segments());
      refusals.refuse(b, why, endpoint, now);
    }
  }

  /**
   * Reads the inner end of a packet from a client into the source of {@link #key}: its source, or,
   * for an ICMP error, the end to which the packet inside went. Returns its port.
   */
  private int innerEnd(Burst b) {
    if (Icmp.isError(b) && IcmpInner.read(b, key)) {
      key.reverse();
      return key.sport();
    }
    key.srcHi = Ip.srcHi(b.buffer(), b.start());
    key.srcLo = Ip.srcLo(b.buffer(), b.start());
    return b.laterFragment() ? 0 : key.of(b).sport();
  }

  private void send(Burst b, int source, int innerPort) {
    Rewrite.clampMss(b, maxMss(b));
    int pathMtu = out.toUnderlay(b);
    int client = sources.client(source);
    if (pathMtu == 0) {
      long bytes = b.ipBytes();
      clients.countOut(client, b.segments(), bytes);
      totals.outPkts += b.segments();
      totals.outBytes += bytes;
      return;
    }
    sources.key(source, key);
    Rewrite.source(b, key.dstHi, key.dstLo, innerPort);
    drop(client, DropReason.TOO_BIG, b.segments());
    refusals.tooBigForPath(b, pathMtu, endpoint, nowNs);
  }

  private int maxMss(Burst b) {
    return mtu - (b.version() == 4 ? HEADERS4_BYTES : HEADERS6_BYTES);
  }

  /** Whether a packet from an inner address without a source may bring it one. */
  private @Nullable DropReason mayBringSource(Burst b) {
    if (b.laterFragment()) {
      return DropReason.FRAGMENT;
    }
    if (Icmp.isError(b)) {
      return DropReason.NO_FLOW;
    }
    DropReason why = mayBegin(b);
    int client = client();
    if (why == null && client >= 0 && clients.sources(client) >= limits.sourcesPerClient()) {
      why = DropReason.NAT_FULL;
    }
    return why;
  }

  private @Nullable DropReason mayBegin(Burst b) {
    ByteBuffer m = b.buffer();
    int at = b.start();
    DropReason why = b.laterFragment() ? null : beginsFlow(b);
    if (why == null && !isHost(Ip.srcHi(m, at), Ip.srcLo(m, at))) {
      why = DropReason.BAD_HEADER;
    }
    if (why == null && !policy.permits(Ip.dstHi(m, at), Ip.dstLo(m, at))) {
      why = DropReason.FORBIDDEN_DESTINATION;
    }
    return why;
  }

  private static @Nullable DropReason beginsFlow(Burst b) {
    return switch (b.protocol()) {
      // RFC 7857 section 2: only a SYN makes a mapping.
      case Ip.TCP -> Tcp.isFirst(Tcp.flags(b)) ? null : DropReason.NO_FLOW;
      case Ip.UDP -> null;
      case Ip.ICMP -> isEchoRequest(b, Icmp.ECHO_REQUEST);
      case Ip.ICMP6 -> isEchoRequest(b, Icmp.V6_ECHO_REQUEST);
      default -> DropReason.UNSUPPORTED_PROTOCOL;
    };
  }

  private static @Nullable DropReason isEchoRequest(Burst b, int type) {
    return Icmp.type(b.buffer(), b.transport()) == type ? null : DropReason.UNSUPPORTED_PROTOCOL;
  }

  /** An address that one host can have, and use beyond its link. */
  private static boolean isHost(long hi, long lo) {
    if (!Addresses.isV4(hi, lo)) {
      return !Addresses.isUnspecified(hi, lo)
          && !Addresses.isLoopback(hi, lo)
          && !Addresses.isLinkLocal(hi, lo)
          && !Addresses.isMulticast(hi, lo);
    }
    int first = (int) (lo >>> 24) & 0xff;
    return first != 0 && first != 127 && first < 224;
  }

  /** A new source for the inner address in {@link #key}, or -1. */
  private int newSource() {
    if (sources.exhausted()) {
      return -1;
    }
    long innerHi = key.srcHi;
    long innerLo = key.srcLo;
    // The one that goes may be the last of this very client.
    int evict = sources.toEvict();
    if (evict >= 0) {
      forget(evict);
    }
    int client = client();
    if (client < 0) {
      client = clients.add(endpoint.srcHi, endpoint.srcLo, endpoint.sport());
    }
    if (client < 0) {
      return -1;
    }
    clients.addSource(client);
    int source = sources.add(endpoint, innerHi, innerLo, client, nowNs);
    backend.sourceAdded(source, Addresses.isV4(innerHi, innerLo));
    return source;
  }

  private void forget(int source) {
    int client = sources.client(source);
    backend.sourceRemoved(source);
    sources.remove(source);
    clients.removeSource(client);
  }

  /**
   * A packet or burst came back for a client: from the TUN device, or from the capture socket.
   *
   * @param b checked; rewritten in place
   */
  public void onUnderlay(Burst b, long now) {
    nowNs = now;
    int client = backend.inbound(b, now);
    if (client < 0) {
      DropReason why = backend.lastDrop();
      if (why != null) {
        drop(-1, why, b.segments());
      }
      return;
    }
    Rewrite.clampMss(b, maxMss(b));
    long bytes = b.ipBytes();
    clients.countIn(client, b.segments(), bytes);
    totals.inPkts += b.segments();
    totals.inBytes += bytes;
    clients.endpoint(client, endpoint);
    out.toClient(b, endpoint.srcHi, endpoint.srcLo, endpoint.sport());
  }

  /** When {@link #onDue} wants to run; Long.MAX_VALUE for never. */
  public long nextDeadlineNs() {
    return earlier(backend.nextDeadlineNs(), sources.nextDeadlineNs());
  }

  private static long earlier(long a, long b) {
    if (a == Long.MAX_VALUE || b == Long.MAX_VALUE) {
      return a == Long.MAX_VALUE ? b : a;
    }
    return a - b < 0 ? a : b;
  }

  /** Ends flows and forgets sources whose time is over. */
  public void onDue(long now) {
    nowNs = now;
    backend.expire(now);
    for (int source = sources.expired(now); source >= 0; source = sources.expired(now)) {
      forget(source);
    }
  }

  /** Ends all flows: the node stops. */
  public void stop(long now) {
    nowNs = now;
    backend.endAll();
  }

  /** The engine as its backend sees it. */
  private final class Behind implements Backend.Front {
    @Override
    public @Nullable DropReason mayBegin(Burst b) {
      return ExitEngine.this.mayBegin(b);
    }

    @Override
    public void began(int source) {
      totals.flowsBegun++;
      sources.hold(source);
    }

    @Override
    public void ended(int flow, ExitEffects.EndReason why) {
      out.flowEnded(read(flow), why);
      sources.release(record.source, nowNs);
    }

    @Override
    public void tooBigForTunnel(Burst b) {
      refusals.tooBigForTunnel(b, nowNs);
    }
  }

  private FlowRecord read(int flow) {
    backend.read(flow, record);
    sources.key(record.source, key);
    record.clientHi = key.srcHi;
    record.clientLo = key.srcLo;
    record.clientPort = key.sport();
    record.innerHi = key.dstHi;
    record.innerLo = key.dstLo;
    return record;
  }

  /** A snapshot of the counters; allocates. */
  public ExitInfo info() {
    return totals.info(clients.size(), sources.size(), backend.flows(), limits.flows());
  }

  /** Snapshots of at most {@code limit} clients; allocates. */
  public List<ClientInfo> clients(int limit) {
    List<ClientInfo> list = new ArrayList<>();
    for (int i = clients.next(0); i >= 0 && list.size() < limit; i = clients.next(i + 1)) {
      list.add(clients.info(i, backend.liveFlows(i)));
    }
    return list;
  }

  /** Snapshots of at most {@code limit} flows; allocates. */
  public List<FlowInfo> flows(int limit, long now) {
    List<FlowInfo> list = new ArrayList<>();
    for (int i = backend.nextFlow(0); i >= 0 && list.size() < limit; i = backend.nextFlow(i + 1)) {
      list.add(FlowInfo.of(read(i), now));
    }
    return list;
  }

  /** The client of {@link #endpoint}, or -1. */
  private int client() {
    return clients.find(endpoint.srcHi, endpoint.srcLo, endpoint.sport());
  }

  private void drop(int client, DropReason why, int pkts) {
    totals.drop(why, pkts);
    if (client >= 0) {
      clients.countDrop(client, why, pkts);
    }
  }
}
