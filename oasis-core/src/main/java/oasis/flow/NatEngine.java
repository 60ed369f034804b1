// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.IntUnaryOperator;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Icmp;
import oasis.packet.Ip;
import oasis.packet.Rewrite;
import oasis.packet.Tcp;
import org.jspecify.annotations.Nullable;

/**
 * Network address translation for many clients behind external addresses of both families: TCP (RFC
 * 5382, RFC 7857), UDP (RFC 4787), ICMP echo and ICMP errors (RFC 5508). {@code
 * docs/nat-behaviour.md} goes through these documents requirement by requirement.
 *
 * <ul>
 *   <li>Mapping is endpoint-independent: (client, protocol, inner address and port) has one
 *       external address and port. Several addresses of a family are paired: a client is on one.
 *   <li>Filtering is that of {@link NatBehaviour}; by default a packet from outside must belong to
 *       a session, which only a packet from inside begins; for TCP only a bare SYN.
 *   <li>A packet to a mapping of another client turns back here (hairpin), as if it had gone out
 *       and come in: with the external address as its source, and through the same filter. A
 *       client's own packets pass the filter.
 *   <li>Fragments follow the first one of their datagram and get an identification that is their
 *       own among those of all clients. Later fragments that come first wait a moment, where there
 *       is memory for them ({@link #holdFragmentsIn}).
 *   <li>ICMP errors about a session's packets are translated by the packet they quote, both ways,
 *       and rate-limited; they never end a session.
 *   <li>A closed or reset TCP connection keeps its port for four minutes, and an answered DNS query
 *       for one, but they give it up earlier, oldest first, when ports or sessions run out.
 * </ul>
 *
 * <p>Which destinations are open to clients is the caller's decision.
 *
 * <p>Time is an argument and must not go back. No allocation per packet; tables grow by doubling up
 * to their limits. Confined to one thread.
 */
public final class NatEngine {
  /** Bytes of memory for fragments to wait in. */
  public static final int FRAGMENT_BYTES = NatFragments.WAITING * NatFragments.WAITING_BYTES;

  private static final int NONE = -1;

  private final NatLimits limits;
  private final NatBehaviour behaviour;
  private final NatObserver observer;
  private final NatTable table;
  private final NatAddresses addresses;
  private final NatErrors errors;
  private final NatFragments fragments;
  private final NatInbound in;
  private final IpIds ids;
  private final NatTransfer transfer;
  private final FlowKey key = new FlowKey();
  private final Burst waited = new Burst();

  private int hairpin = NONE;
  private int opened = NONE;
  private boolean away6;

  /**
   * An engine for one's own host, without external addresses.
   *
   * @param seed secret of hashes and port choice
   */
  public NatEngine(NatLimits limits, long seed) {
    this(limits, NatBehaviour.OWN_HOST, seed, NatObserver.NONE);
  }

  /**
   * An engine without external addresses.
   *
   * @param seed secret of hashes and port choice
   * @param observer has a say in each session's beginning and is told of its end
   */
  public NatEngine(NatLimits limits, NatBehaviour behaviour, long seed, NatObserver observer) {
    this.limits = limits;
    this.behaviour = behaviour;
    this.observer = observer;
    table = new NatTable(limits, behaviour, seed, observer);
    addresses = table.addresses;
    errors = new NatErrors(table);
    KeyedHash seeds = new KeyedHash(~seed);
    fragments = new NatFragments(observer, seeds.of(0));
    in = new NatInbound(behaviour.filtering(), table, observer, errors, fragments);
    ids = new IpIds(seeds.of(1));
    transfer = new NatTransfer(limits, table, errors, fragments, ids);
  }

  /**
   * Gives memory for later fragments to wait in for their first one; without it they are dropped.
   *
   * @param memory at least {@link #FRAGMENT_BYTES}, big-endian
   * @param address native address of its index 0, or 0 in tests
   */
  public void holdFragmentsIn(ByteBuffer memory, long address) {
    fragments.holdIn(memory, address);
  }

  /**
   * Sets the external addresses of a family, at most 256 of both together. Sessions on addresses
   * that are in use no more end.
   *
   * @param external of that family; none: outbound packets get {@link DropReason#NAT_FULL}
   */
  public void setExternal(boolean v4, List<Address> external) {
    addresses.require(v4, external);
    for (int slot : addresses.slots(v4)) {
      if (!NatAddresses.contains(external, addresses.hi(slot), addresses.lo(slot))) {
        table.endAddress(slot);
      }
    }
    addresses.set(v4, external);
  }

  /**
   * Sets the only external IPv4 address, as {@link #setExternal} does.
   *
   * @param lo lower half, IPv4-mapped, or 0 for none
   */
  public void setExternal4(long lo) {
    setExternal(true, lo == 0 ? List.of() : List.of(new Address(0, lo)));
  }

  /** Sets the only external IPv6 address, 0 and 0 for none, as {@link #setExternal} does. */
  public void setExternal6(long hi, long lo) {
    setExternal(false, hi == 0 && lo == 0 ? List.of() : List.of(new Address(hi, lo)));
  }

  /** Whether there is an external IPv4 address. */
  public boolean hasExternal4() {
    return addresses.any(true);
  }

  /** Says that this host lacks its external IPv6 address for a while; the sessions stay. */
  public void setAway6(boolean away) {
    away6 = away;
  }

  /** Whether there is an external IPv6 address now: only then does this engine carry IPv6. */
  public boolean hasExternal6() {
    return !away6 && addresses.any(false);
  }

  /**
   * Translates a checked burst from a client: its source becomes the external address and port. If
   * it turns back to a client, {@link #hairpin} says to which. If fragments waited for it, {@link
   * #released} gives them.
   *
   * @param client client number, below {@link NatLimits#clients()}
   * @return null when translated in place, else why the packet must be dropped; it is then
   *     unchanged but for {@link DropReason#FILTERED}; {@link DropReason#HELD} when a copy waits
   */
  public @Nullable DropReason outbound(Burst b, int client, long nowNs) {
    if (client < 0 || client >= limits.clients()) {
      throw new IllegalArgumentException("client " + client + " of " + limits.clients());
    }
    fragments.release(NONE);
    return send(b, client, nowNs);
  }

  private @Nullable DropReason send(Burst b, int client, long nowNs) {
    hairpin = NONE;
    if (!addresses.any(b.version() == 4)) {
      return DropReason.NAT_FULL;
    }
    if (b.laterFragment()) {
      return sendLater(b, client, nowNs);
    }
    if (Icmp.isError(b)) {
      return sendError(b, client, nowNs);
    }
    if (!hasPorts(b) && !Icmp.isEchoRequest(b)) {
      return DropReason.UNSUPPORTED_PROTOCOL;
    }
    onePort(key.of(b), true);
    int ours = addresses.find(key.dstHi, key.dstLo);
    if (ours >= 0 && !isMapped(ours)) {
      return DropReason.FORBIDDEN_DESTINATION;
    }
    int protocol = key.protocol();
    int flags = Tcp.flags(b);
    int mapping = table.mappingInside(client, protocol, key.srcHi, key.srcLo, key.sport());
    int session =
        mapping < 0
            ? NONE
            : table.session(mapping, protocol, key.dstHi, key.dstLo, key.dport(), nowNs);
    DropReason why = null;
    if (session < 0) {
      why = begin(b, client, flags, nowNs);
      session = opened;
      mapping = session < 0 ? NONE : table.mappingOf(session);
    } else if (table.revives(session, flags)) {
      why = beginAgain(b, client, session, flags, nowNs);
    }
    if (why != null) {
      return why;
    }
    table.seen(session, true, flags, b, nowNs);
    translate(b, client, session, table.external(mapping), nowNs);
    return ours >= 0 ? turnBack(b, client, nowNs) : null;
  }

  private void translate(Burst b, int client, int session, int external, long nowNs) {
    long hi = addresses.hi(NatAddresses.slot(external));
    long lo = addresses.lo(NatAddresses.slot(external));
    // RFC 6864: only a datagram that is or may yet be in fragments needs a number.
    boolean numbered = b.fragment() || b.version() == 4 && !Ip.dontFragment4(b.buffer(), b.start());
    if (numbered) {
      int id = ids.take(hi, lo, key.dstHi, key.dstLo, b.segments());
      if (b.fragment()) {
        fragments.release(fragments.note(b, client, session, table.beganNs(session), id, nowNs));
      }
      Rewrite.identification(b, id);
    }
    Rewrite.source(b, hi, lo, NatAddresses.port(external));
  }

  /** Begins a session, {@link #opened}, for the packet whose addresses are in {@link #key}. */
  private @Nullable DropReason begin(Burst b, int client, int flags, long nowNs) {
    opened = NONE;
    if (key.protocol() == Ip.TCP && !Tcp.isFirst(flags)) {
      return DropReason.NO_FLOW;
    }
    DropReason why = observer.mayBegin(b, client);
    if (why == null) {
      opened = table.open(client, key, nowNs);
      why = opened < 0 ? table.refusal() : null;
    }
    return why;
  }

  /** A connection that was over lives again, so it counts against its client again. */
  private @Nullable DropReason beginAgain(Burst b, int client, int session, int flags, long nowNs) {
    if (!Tcp.isFirst(flags)) {
      return table.atLimit(client) ? DropReason.CLIENT_FLOW_LIMIT : null;
    }
    DropReason why = observer.mayBegin(b, client);
    return why == null ? table.restart(session, client, key.dport(), nowNs) : why;
  }

  private @Nullable DropReason sendError(Burst b, int client, long nowNs) {
    DropReason why = errors.outbound(b, client, nowNs);
    return why == null && isOurs(b) ? turnBack(b, client, nowNs) : why;
  }

  /** A later fragment goes where its first one went. */
  private @Nullable DropReason sendLater(Burst b, int client, long nowNs) {
    if (NatFragments.isForged(b)) {
      return DropReason.FRAGMENT;
    }
    int datagram = fragments.find(b, client, nowNs);
    if (datagram < 0) {
      return fragments.hold(b, client, nowNs) ? DropReason.HELD : DropReason.FRAGMENT;
    }
    int session = fragments.session(datagram);
    if (!table.follows(session, fragments.beganNs(datagram), true, b, nowNs)) {
      return DropReason.FRAGMENT;
    }
    int slot = NatAddresses.slot(table.external(table.mappingOf(session)));
    Rewrite.identification(b, fragments.id(datagram));
    Rewrite.source(b, addresses.hi(slot), addresses.lo(slot), 0);
    return isOurs(b) ? turnBack(b, client, nowNs) : null;
  }

  private boolean isOurs(Burst b) {
    return addresses.find(Ip.dstHi(b.buffer(), b.start()), Ip.dstLo(b.buffer(), b.start())) >= 0;
  }

  /** Whether the destination in {@link #key}, on an address of ours, is one to turn back to. */
  private boolean isMapped(int slot) {
    int protocol = key.protocol();
    return behaviour.hairpins()
        && (protocol == Ip.TCP || protocol == Ip.UDP)
        && table.mappingOutside(slot, protocol, key.dport()) >= 0;
  }

  /** A translated packet to one of our own addresses comes in again. */
  private @Nullable DropReason turnBack(Burst b, int from, long nowNs) {
    hairpin = in.receive(b, from, nowNs);
    if (hairpin >= 0) {
      return null;
    }
    DropReason why = in.lastDrop();
    return why == null || why == DropReason.NO_FLOW ? DropReason.FILTERED : why;
  }

  /** The client to which the last outbound packet turned back; -1 when it goes to the network. */
  public int hairpin() {
    return hairpin;
  }

  /**
   * Whether a packet from a client would turn back to a live mapping; its destination is then open,
   * though it is an address of this node.
   *
   * @param b checked, and no later fragment
   */
  public boolean hairpins(Burst b) {
    onePort(key.of(b), true);
    int slot = addresses.find(key.dstHi, key.dstLo);
    return slot >= 0 && isMapped(slot);
  }

  /**
   * Translates a checked burst from outside: its destination becomes the client's address and port.
   * If fragments waited for it, {@link #released} gives them.
   *
   * @return the client number, or -1: then the burst is unchanged and {@link #lastDrop} says why
   */
  public int inbound(Burst b, long nowNs) {
    hairpin = NONE;
    fragments.release(NONE);
    return in.receive(b, NONE, nowNs);
  }

  /**
   * The next later fragment that waited for the first one translated last, translated likewise: it
   * goes where that one went, to the same client if there is one. To be asked until it returns
   * null.
   *
   * @return valid until the next call
   */
  public @Nullable Burst released(long nowNs) {
    for (int client = fragments.next(waited); client >= NONE; client = fragments.next(waited)) {
      boolean goes = client < 0 ? in.receive(waited, NONE, nowNs) >= 0 : isSent(client, nowNs);
      if (goes) {
        return waited;
      }
      observer.fragmentLost(client);
    }
    return null;
  }

  private boolean isSent(int client, long nowNs) {
    return send(waited, client, nowNs) == null;
  }

  /**
   * Why the last {@link #inbound} returned -1; null when the packet is none of ours, that is, not
   * to an external address and port in use here, so that it may be the host's own.
   */
  public @Nullable DropReason lastDrop() {
    return in.lastDrop();
  }

  /**
   * Ends sessions whose time is up and gives up fragments that waited too long. The work of one
   * call is bounded; while {@link #nextDeadlineNs()} is not after {@code nowNs}, there is more to
   * do. Packets never see a session whose time is up, whether this was called or not.
   */
  public void expire(long nowNs) {
    table.expire(nowNs);
    fragments.expire(nowNs);
  }

  /** When to call {@link #expire} next, or {@code Long.MAX_VALUE}. */
  public long nextDeadlineNs() {
    return Math.min(table.nextDeadlineNs(), fragments.nextDeadlineNs());
  }

  /** Ends all sessions. */
  public void endAll() {
    table.endAll();
  }

  /** Writes all that it knows, for {@link #restore}. */
  public void write(StateWriter out) {
    transfer.write(out);
  }

  /**
   * Goes on where an engine with the same seed was when it was written: each packet meets the same
   * fate as there. The observer is told nothing.
   *
   * @param clients the number here of a client with another number there; -1 for none
   * @throws StateException when the state does not fit this engine's limits or itself; then the
   *     engine is to be thrown away
   */
  public void restore(StateReader in, IntUnaryOperator clients) throws StateException {
    transfer.restore(in, clients);
  }

  /** Sessions held, lingering ones included. */
  public int sessions() {
    return table.sessions();
  }

  /** Open sessions of one client, without lingering ones. */
  public int openSessions(int client) {
    return table.openSessions(client);
  }

  /** TCP connections on their way to open, of all clients. */
  public int handshakes() {
    return table.handshakes();
  }

  /** External ports in use. */
  public int mappings() {
    return table.mappings();
  }

  /** The first session slot at or behind {@code from}, or -1. */
  public int nextSession(int from) {
    return table.nextSession(from);
  }

  /** Reads what is known of the session in a slot. */
  public void read(int session, NatRecord into) {
    table.read(session, into);
  }

  /** An echo identifier is the port of the inner end only; the remote end has port 0. */
  static void onePort(FlowKey key, boolean outbound) {
    if (key.protocol() == Ip.ICMP || key.protocol() == Ip.ICMP6) {
      key.ports &= outbound ? ~0xffffL : ~0xffff_0000L;
    }
  }

  static boolean hasPorts(Burst b) {
    return b.protocol() == Ip.TCP || b.protocol() == Ip.UDP;
  }
}
