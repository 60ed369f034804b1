// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.IntUnaryOperator;
import oasis.exit.engine.ExitEffects.EndReason;
import oasis.flow.NatEngine;
import oasis.flow.NatLimits;
import oasis.flow.NatObserver;
import oasis.flow.NatRecord;
import oasis.flow.StateException;
import oasis.flow.StateReader;
import oasis.flow.StateWriter;
import oasis.packet.Address;
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
  private final Sources sources;
  private final int mtu;
  private final NatEngine nat;
  private final NatRecord session = new NatRecord();
  private final FlowKey key = new FlowKey();
  private final FlowKey port = new FlowKey();
  private boolean outward;
  private @Nullable DropReason lastDrop;

  /**
   * @param waiting memory for fragments that wait
   * @param waitingAddress native address of its index 0, or 0 in tests
   */
  RawBackend(
      EngineConfig config, Front front, Sources sources, ByteBuffer waiting, long waitingAddress) {
    this.front = front;
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
                Clients.slots(limits.clients())),
            config.nat(),
            config.seed() ^ 2,
            this);
    nat.holdFragmentsIn(waiting, waitingAddress);
  }

  @Override
  public boolean carries(int version) {
    return version == 4 ? nat.hasExternal4() : nat.hasExternal6();
  }

  @Override
  public void external(List<Address> addresses) {
    nat.setExternal(true, addresses.stream().filter(Address::isV4).toList());
    nat.setExternal(false, addresses.stream().filter(each -> !each.isV4()).toList());
  }

  @Override
  public @Nullable DropReason outbound(Burst b, int source, long nowNs) {
    if (Ip.ttl(b.buffer(), b.start()) <= 1) {
      return DropReason.EXPIRED;
    }
    outward = true;
    DropReason why = nat.outbound(b, sources.client(source), nowNs);
    if (why == null) {
      Rewrite.lowerTtl(b);
    }
    return why;
  }

  @Override
  public boolean hairpins(Burst b) {
    return nat.hairpins(b);
  }

  @Override
  public int hairpin() {
    return nat.hairpin();
  }

  @Override
  public @Nullable Burst released(long nowNs) {
    Burst b = nat.released(nowNs);
    if (b != null && outward) {
      Rewrite.lowerTtl(b);
    }
    return b;
  }

  @Override
  public int inbound(Burst b, long nowNs) {
    outward = false;
    lastDrop = null;
    boolean tooBig = exceedsTunnel(b);
    if (tooBig) {
      key.dstHi = Ip.dstHi(b.buffer(), b.start());
      key.dstLo = Ip.dstLo(b.buffer(), b.start());
      key.ports = b.laterFragment() ? 0 : port.of(b).dport();
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
    into.source = sourceOf(flow);
    into.mappedHi = session.externalHi;
    into.mappedLo = session.externalLo;
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
  public @Nullable DropReason mayBeginInbound(
      int protocol, long remoteHi, long remoteLo, int remotePort) {
    return front.mayBeginInbound(protocol, remoteHi, remoteLo, remotePort);
  }

  @Override
  public void began(int slot) {
    front.began(slot);
  }

  /** Reads a flow into {@link #session} and finds its source, which it holds. */
  private int sourceOf(int flow) {
    nat.read(flow, session);
    return sources.find(session.client, session.innerHi, session.innerLo);
  }

  @Override
  public void fragmentLost(int client) {
    front.fragmentLost(client);
  }

  @Override
  public void ended(int slot, NatObserver.End why) {
    front.ended(
        slot,
        switch (why) {
          case CLOSED -> EndReason.CLOSED;
          case IDLE -> EndReason.IDLE;
          case YIELDED -> EndReason.YIELDED;
          case REMOVED -> EndReason.STOPPED;
        });
  }

  @Override
  public void write(StateWriter out) {
    out.section("raw");
    nat.write(out);
  }

  @Override
  public void restore(StateReader in, IntUnaryOperator newClients, IntUnaryOperator newSources)
      throws StateException {
    in.section("raw");
    nat.restore(in, newClients);
    for (int flow = nat.nextSession(0); flow >= 0; flow = nat.nextSession(flow + 1)) {
      int source = sourceOf(flow);
      if (source < 0 || sources.client(source) != session.client) {
        throw in.fail("a flow has no source");
      }
      sources.hold(source);
    }
  }
}
