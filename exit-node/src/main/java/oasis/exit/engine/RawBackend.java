// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import oasis.exit.engine.ExitEffects.EndReason;
import oasis.flow.NatEngine;
import oasis.flow.NatLimits;
import oasis.flow.NatObserver;
import oasis.flow.NatRecord;
import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Icmp;
import oasis.packet.Ip;
import oasis.packet.Rewrite;
import org.jspecify.annotations.Nullable;

/**
 * The backend with raw sockets behind it: our own NAT engine maps each client's flows to ports of a
 * reserved range on the node's own addresses. What the kernel does for the other backend is done
 * here: the hop counts, and a packet that the tunnel cannot take is answered with its MTU.
 *
 * <p>Confined to the data loop.
 */
final class RawBackend implements Backend, NatObserver {
  private static final int NONE = -1;

  private final Front front;
  private final Clients clients;
  private final Sources sources;
  private final int mtu;
  private final NatEngine nat;
  private final NatRecord session = new NatRecord();
  private final FlowKey key = new FlowKey();
  private final FlowKey endpoint = new FlowKey();
  private long external4;
  private long external6Hi;
  private long external6Lo;
  private int current = NONE;
  private @Nullable DropReason lastDrop;

  RawBackend(EngineConfig config, Front front, Clients clients, Sources sources) {
    this.front = front;
    this.clients = clients;
    this.sources = sources;
    mtu = config.mtu();
    ExitLimits limits = config.limits();
    nat =
        new NatEngine(
            new NatLimits(
                config.firstPort(),
                config.lastPort(),
                limits.flows(),
                limits.flowsPerClient(),
                limits.clients()),
            config.seed() ^ 2,
            this);
  }

  @Override
  public boolean carries(int version) {
    return version == 4 ? nat.hasExternal4() : nat.hasExternal6();
  }

  @Override
  public void external(boolean v4, long hi, long lo) {
    // Flows that end now are reported with the address that they had.
    if (v4) {
      nat.setExternal4(lo);
      external4 = lo;
    } else {
      nat.setExternal6(hi, lo);
      external6Hi = hi;
      external6Lo = lo;
    }
  }

  @Override
  public @Nullable DropReason outbound(Burst b, int source, long nowNs) {
    if (Ip.ttl(b.buffer(), b.start()) <= 1) {
      return DropReason.EXPIRED;
    }
    current = source;
    DropReason why = nat.outbound(b, sources.client(source), nowNs);
    if (why == null) {
      Rewrite.lowerTtl(b);
    }
    return why;
  }

  @Override
  public int inbound(Burst b, long nowNs) {
    lastDrop = null;
    boolean tooBig = exceedsTunnel(b);
    if (tooBig) {
      key.of(b);
    }
    int client = nat.inbound(b, nowNs);
    if (client < 0) {
      lastDrop = nat.lastDrop();
    } else if (tooBig) {
      Rewrite.destination(b, key.dstHi, key.dstLo, key.dport());
      front.tooBigForTunnel(b);
      lastDrop = DropReason.TOO_BIG;
      client = NONE;
    }
    return client;
  }

  /** True for a packet that is too long for the tunnel and must not be fragmented. */
  private boolean exceedsTunnel(Burst b) {
    int payload = b.segmentBytes() == 0 ? b.payloadBytes() : b.segmentBytes();
    return b.headerBytes() + payload > mtu
        && !b.fragment()
        && !Icmp.isError(b)
        && (b.version() == 6 || Ip.dontFragment4(b.buffer(), b.start()));
  }

  @Override
  public @Nullable DropReason lastDrop() {
    return lastDrop;
  }

  @Override
  public int liveFlows(int client) {
    return nat.openSessions(client);
  }

  @Override
  public int flows() {
    return nat.sessions();
  }

  @Override
  public int nextFlow(int from) {
    return nat.nextSession(from);
  }

  @Override
  public void read(int flow, FlowRecord into) {
    nat.read(flow, session);
    clients.endpoint(session.client, endpoint);
    boolean v4 = Addresses.isV4(session.innerHi, session.innerLo);
    into.source = sources.find(endpoint, session.innerHi, session.innerLo);
    into.mappedHi = v4 ? 0 : external6Hi;
    into.mappedLo = v4 ? external4 : external6Lo;
    into.mappedPort = session.externalPort;
    into.remoteHi = session.remoteHi;
    into.remoteLo = session.remoteLo;
    into.protocol = session.protocol;
    into.sourcePort = session.innerPort;
    into.remotePort = session.remotePort;
    into.state = session.state;
    into.beganNs = session.beganNs;
    into.outPkts = session.outPkts;
    into.outBytes = session.outBytes;
    into.inPkts = session.inPkts;
    into.inBytes = session.inBytes;
  }

  @Override
  public void expire(long nowNs) {
    nat.expire(nowNs);
  }

  @Override
  public long nextDeadlineNs() {
    return nat.nextDeadlineNs();
  }

  @Override
  public void endAll() {
    nat.endAll();
  }

  @Override
  public @Nullable DropReason mayBegin(Burst b, int client) {
    return front.mayBegin(b);
  }

  @Override
  public void began(int slot) {
    front.began(current);
  }

  @Override
  public void ended(int slot, NatObserver.End why) {
    front.ended(
        slot,
        switch (why) {
          case CLOSED -> EndReason.CLOSED;
          case IDLE -> EndReason.IDLE;
          case REMOVED -> EndReason.STOPPED;
        });
  }
}
