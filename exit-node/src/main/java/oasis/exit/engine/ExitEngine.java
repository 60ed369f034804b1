// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.nio.ByteBuffer;
import java.util.List;
import oasis.flow.NatEngine;
import oasis.flow.StateException;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Icmp;
import oasis.packet.IcmpInner;
import oasis.packet.Ip;
import oasis.packet.Prefix;
import oasis.packet.Replies;
import oasis.packet.Rewrite;
import org.jspecify.annotations.Nullable;

/**
 * What the exit node does with packets, whatever carries them on: who may be a client, where
 * clients may go and how much they may hold, what they are told when something is refused, counters
 * and the ends of flows. A {@link Backend} behind it translates.
 *
 * <p>A client with a key is that key: its UDP address may change, and its flows go on. One without
 * is its UDP address and port: when its port changes (a new NAT mapping on its way) it is another
 * client, and its old flows idle out. Both IP versions are carried inside UDP of either. Other
 * nodes of the overlay are no clients ({@link Peer}): packets are relayed to them and taken from
 * them.
 *
 * <p>Bursts are rewritten in place. No call for a packet allocates. Confined to the data loop.
 */
public final class ExitEngine {
  /** Bytes of memory that an engine needs. */
  public static final int MEMORY_BYTES = Replies.MAX_BYTES + NatEngine.FRAGMENT_BYTES;

  private final FlowGate gate;
  private final ExitEffects out;
  private final Clients clients;
  private final Sources sources;
  private final Backend backend;
  private final SourceKeeper keeper;
  private final EngineTransfer transfer;
  private final Refusals refusals;
  private final Totals totals = new Totals();
  private final FlowKey key = new FlowKey();
  private final EngineView view;
  private final Keyring keyring = new Keyring();
  private final Sender sender = new Sender();
  private final QueueStage queues;
  private final Delivery delivery;
  private final Relay relay;
  private final RelayFlows relayed;
  private final PeerWatch watch;
  private long nowNs;

  /**
   * An engine without clients or flows.
   *
   * @param memory for answers and for fragments that wait, {@link #MEMORY_BYTES}
   * @param address native address of its index 0, or 0 in tests
   * @param out carries out what the engine decides
   */
  public ExitEngine(
      EngineConfig config, BackendKind kind, ByteBuffer memory, long address, ExitEffects out) {
    gate = new FlowGate(config);
    ExitLimits limits = config.limits();
    this.out = out;
    clients = new Clients(limits.clients(), config.seed());
    sources = new Sources(config.maxSources(), config.seed() ^ 1);
    queues = new QueueStage(out, clients, Clients.slots(limits.clients()), totals);
    delivery = new Delivery(config.mtu(), clients, totals, queues);
    relayed = new RelayFlows(config, clients, sources, out);
    relay = new Relay(config, sources, relayed);
    watch = new PeerWatch(clients, Clients.slots(limits.clients()), out);
    ByteBuffer replies = memory.slice(0, Replies.MAX_BYTES);
    ByteBuffer waiting = memory.slice(Replies.MAX_BYTES, NatEngine.FRAGMENT_BYTES);
    long waitingAddress = address == 0 ? 0 : address + Replies.MAX_BYTES;
    refusals = new Refusals(config, totals, replies, address, out);
    Behind behind = new Behind();
    backend =
        kind == BackendKind.KERNEL
            ? new KernelBackend(config, behind, sources)
            : new RawBackend(config, behind, sources, waiting, waitingAddress);
    keeper = new SourceKeeper(limits, gate, clients, sources, backend, relay);
    view =
        new EngineView(
            gate, relayed, watch, totals, clients, sources, backend, queues, limits.flows());
    transfer = new EngineTransfer(clients, sources, backend, relay, keyring, totals);
  }

  /** The address inside a pool that is the node's own: its answers come from there. */
  public static Address ownAddress(Prefix pool) {
    return new Address(pool.hi(), pool.lo() + 1);
  }

  /** Sets the node's own addresses, which clients may not reach. */
  public void ownAddresses(List<Address> addresses) {
    gate.ownAddresses(addresses);
  }

  /**
   * Sets the addresses under which the raw backend's flows leave; those on others end. A family
   * without one is refused.
   */
  public void external(List<Address> addresses, long now) {
    nowNs = now;
    backend.external(addresses);
  }

  /** The keys of clients and peers. */
  public Keyring keyring() {
    return keyring;
  }

  /**
   * Sets the other nodes of the overlay, {@link Peer#MAX} at most; flows of one that stays go on.
   */
  public void setPeers(List<Peer> peers, long now) {
    clients.setPeers(peers);
    clients.shutOut(gate);
    relay.setPeers(clients);
    watch.setPeers(now);
  }

  /**
   * Whether datagrams from this sender are looked at; if not, they are counted as dropped. Asked
   * before any packet is parsed.
   *
   * @param keyId number of the key that seals them ({@link Keyring#open}), 0 for none
   */
  public boolean admit(int keyId, long hi, long lo, int port, int datagrams) {
    boolean admitted =
        keyId != 0 || gate.admits(hi, lo) || view.isPeer(clients.find(0, hi, lo, port));
    if (!admitted) {
      totals.drop(DropReason.NOT_ALLOWED, datagrams);
    }
    return admitted;
  }

  /**
   * A datagram without a packet came: it is answered with one, so that the client knows the node
   * lives. Not to a peer, which would answer it again.
   */
  public void onKeepAlive(int keyId, long hi, long lo, int port, long now) {
    if (admit(keyId, hi, lo, port, 1)) {
      nowNs = now;
      totals.keepAlives++;
      sender.set(keyId, hi, lo, port);
      if (!view.isPeer(here())) {
        out.keepAlive(keyId, hi, lo, port);
      }
    }
  }

  /** A datagram was dropped before its packet was looked at: by its trailer. */
  public void onBadDatagram(DropReason why) {
    totals.drop(why, 1);
  }

  /** A sender's packet failed its check before it became a burst. */
  public void onBadPacket(int keyId, long hi, long lo, int port, DropReason why) {
    drop(clients.find(keyId, hi, lo, port), why, 1);
  }

  /** As {@link #onClient(Burst, int, long, long, int, long)} from a client without a key. */
  public void onClient(Burst b, long hi, long lo, int port, long now) {
    onClient(b, 0, hi, lo, port, now);
  }

  /**
   * A packet or burst came from a client or peer that {@link #admit} let in.
   *
   * @param b checked; rewritten in place
   * @param keyId number of the key that sealed it, 0 for none
   */
  public void onClient(Burst b, int keyId, long hi, long lo, int port, long now) {
    nowNs = now;
    queues.at(now);
    sender.set(keyId, hi, lo, port);
    int client = here();
    if (!Checksum.isGood(b)) {
      drop(client, DropReason.BAD_CHECKSUM, b.segments());
      return;
    }
    if (view.isPeer(client) && returns(b, client)) {
      return;
    }
    int peer = relay.towards(b, client);
    int innerPort = innerEnd(b);
    int source = client < 0 ? -1 : sources.find(client, key.srcHi, key.srcLo);
    DropReason why = null;
    if (peer < 0 && !backend.carries(b.version())) {
      why = DropReason.NO_CARRIER;
    } else if (source < 0) {
      why = keeper.mayAdd(b, client, peer);
      if (why == null) {
        source = keeper.add(sender, key.srcHi, key.srcLo, now);
        why = source < 0 ? DropReason.NAT_FULL : null;
      }
    }
    if (why == null) {
      why = peer < 0 ? backend.outbound(b, source, now) : relay.outbound(b, source, now);
    }
    if (why != null) {
      refuse(b, why);
    } else if (peer < 0) {
      send(b, source, innerPort);
      sendReleased(source);
    } else {
      delivery.countOut(sources.client(source), b);
      delivery.deliver(b, peer);
    }
  }

  /** The sender's slot, or -1; from now on its answers go to the endpoint that it has now. */
  private int here() {
    int client = sender.find(clients);
    if (client >= 0 && sender.keyId() != 0) {
      clients.moved(client, sender.hi(), sender.lo(), sender.port());
    }
    watch.heard(client, nowNs);
    return client;
  }

  /** Whether a peer's packet is the answer to one that was relayed to it; it is then done. */
  private boolean returns(Burst b, int peer) {
    int client = relay.inbound(b, nowNs);
    if (client == Relay.DROPPED) {
      refuse(b, relay.lastDrop());
    } else if (client >= 0) {
      delivery.countOut(peer, b);
      delivery.deliver(b, client);
    }
    return client != Relay.NOT_OURS;
  }

  private void refuse(Burst b, DropReason why) {
    if (why != DropReason.HELD) {
      drop(sender.find(clients), why, b.segments());
      refusals.refuse(b, why, sender, nowNs);
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
    delivery.clampMss(b);
    int client = sources.client(source);
    int hairpin = backend.hairpin();
    if (hairpin >= 0) {
      delivery.countOut(client, b);
      delivery.deliver(b, hairpin);
      return;
    }
    int pathMtu = queues.toUnderlay(b, client);
    if (pathMtu == 0) {
      delivery.countOut(client, b);
      return;
    }
    sources.inner(source, key);
    Rewrite.source(b, key.dstHi, key.dstLo, innerPort);
    drop(client, DropReason.TOO_BIG, b.segments());
    refusals.tooBigForPath(b, pathMtu, sender, nowNs);
  }

  /** Sends fragments of a client that waited for the one sent just now, behind it. */
  private void sendReleased(int source) {
    for (Burst b = backend.released(nowNs); b != null; b = backend.released(nowNs)) {
      delivery.countOut(sources.client(source), b);
      int hairpin = backend.hairpin();
      if (hairpin >= 0) {
        delivery.deliverReleased(b, hairpin);
      } else {
        queues.briefToUnderlay(b, sources.client(source));
      }
    }
  }

  /**
   * A packet or burst came back for a client: from the TUN device, or from the capture socket.
   *
   * @param b checked; rewritten in place
   */
  public void onUnderlay(Burst b, long now) {
    nowNs = now;
    queues.at(now);
    int client = backend.inbound(b, now);
    if (client < 0) {
      DropReason why = backend.lastDrop();
      if (why != null && why != DropReason.HELD) {
        drop(-1, why, b.segments());
      }
      return;
    }
    delivery.deliver(b, client);
    for (Burst f = backend.released(now); f != null; f = backend.released(now)) {
      delivery.deliverReleased(f, client);
    }
  }

  /** When {@link #onDue} wants to run; Long.MAX_VALUE for never. */
  public long nextDeadlineNs() {
    long flows = earlier(backend.nextDeadlineNs(), relayed.nextDeadlineNs());
    long others = earlier(queues.nextDeadlineNs(), watch.nextDeadlineNs());
    return earlier(earlier(flows, sources.nextDeadlineNs()), others);
  }

  static long earlier(long a, long b) {
    if (a == Long.MAX_VALUE || b == Long.MAX_VALUE) {
      return a == Long.MAX_VALUE ? b : a;
    }
    return a - b < 0 ? a : b;
  }

  /** Ends flows and forgets sources whose time is over; sends what need not wait any longer. */
  public void onDue(long now) {
    nowNs = now;
    backend.expire(now);
    relayed.expire(now);
    keeper.expire(now);
    watch.onDue(now);
    queues.onDue(now);
  }

  /** The ports have sent everything that they were given: what waited there is free. */
  public void flushed() {
    queues.flushed();
  }

  /**
   * Takes other caps and classes from now on; what waits goes on waiting in the new classes, or
   * goes at once where nothing has to wait any longer: the ports are to be flushed behind this.
   *
   * @param memory of {@link QueueConfig#memoryBytes}
   * @param address native address of its index 0, or 0 in tests
   * @throws IllegalArgumentException with one line, when they are too many; nothing has changed
   *     then
   */
  public void queues(QueueConfig config, ByteBuffer memory, long address, long now) {
    queues.configure(config, memory, address, now);
  }

  /** The caps and classes in force. */
  public QueueConfig queues() {
    return queues.config();
  }

  /** Ends all flows: the node stops. */
  public void stop(long now) {
    nowNs = now;
    backend.endAll();
    relayed.endAll(now);
  }

  /** Writes all that it knows, for the engine of another process to go on with; allocates. */
  public byte[] write(long now) {
    return transfer.write(now);
  }

  /**
   * Goes on where another engine with the same seed was when it was written. Before any packet, and
   * behind keys and peers.
   *
   * @throws StateException in one line, when the state is damaged or does not fit this engine's
   *     configuration; the engine is then to be thrown away
   */
  public void restore(byte[] state, long now) throws StateException {
    nowNs = now;
    transfer.restore(state, now);
    clients.shutOut(gate);
  }

  /** The engine as its backend sees it. */
  private final class Behind implements Backend.Front {
    @Override
    public @Nullable DropReason mayBegin(Burst b) {
      return gate.mayBegin(b, backend);
    }

    @Override
    public @Nullable DropReason mayBeginInbound(
        int protocol, long remoteHi, long remoteLo, int remotePort) {
      return gate.mayBeginInbound(protocol, remoteHi, remoteLo, remotePort);
    }

    @Override
    public void began(int flow) {
      totals.flowsBegun++;
      FlowRecord record = view.read(flow);
      out.flowBegan(record);
      sources.hold(record.source);
    }

    @Override
    public void ended(int flow, ExitEffects.EndReason why) {
      FlowRecord record = view.read(flow);
      out.flowEnded(record, why);
      sources.release(record.source, nowNs);
    }

    @Override
    public void fragmentLost(int client) {
      drop(client, DropReason.FRAGMENT, 1);
    }

    @Override
    public void tooBigForTunnel(Burst b) {
      refusals.tooBigForTunnel(b, nowNs);
    }
  }

  /** What it shows of itself. */
  public EngineView view() {
    return view;
  }

  /** Whether flows may begin; those that live go on in any case. */
  public void drain(boolean on) {
    gate.drain(on);
  }

  /**
   * Takes other clients and destinations from now on. Who is no client any more is sent nothing;
   * flows to destinations are not asked again.
   */
  public void policy(EngineConfig config) {
    gate.set(config);
    clients.shutOut(gate);
  }

  private void drop(int client, DropReason why, int pkts) {
    totals.drop(why, pkts);
    if (client >= 0) {
      clients.countDrop(client, why, pkts);
    }
  }
}
