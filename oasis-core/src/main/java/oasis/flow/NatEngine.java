// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import oasis.packet.Addresses;
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
 * Network address translation for many clients behind one external address per family: TCP (RFC
 * 5382, RFC 7857), UDP (RFC 4787) and ICMP echo (RFC 5508).
 *
 * <ul>
 *   <li>Mapping is endpoint-independent: (client, protocol, inner address and port) has one
 *       external port, drawn at random from the range of {@link NatLimits}, never the program's
 *       own; for UDP its parity is kept while ports last.
 *   <li>Filtering is address-and-port-dependent: a packet from outside must belong to a session,
 *       which only a packet from inside begins; for TCP only a bare SYN.
 *   <li>ICMP errors about a session's packets are translated by the packet they quote, both ways,
 *       and rate-limited; they never end a session.
 *   <li>A closed or reset TCP connection keeps its port for four minutes, and an answered DNS query
 *       for one, but they give it up earlier, oldest first, when ports or sessions run out.
 * </ul>
 *
 * <p>Not done here: hairpinning between clients (a packet to the external address itself is
 * refused), and fragments (all are dropped as {@link DropReason#FRAGMENT}: later ones have no
 * ports, and the first alone is of no use). Which destinations are open to clients is the caller's
 * decision.
 *
 * <p>Time is an argument and must not go back. No allocation per packet; tables grow by doubling up
 * to their limits. Confined to one thread.
 */
public final class NatEngine {
  /** Translated ICMP errors, each way; the kernel's default for the errors it makes is the same. */
  private static final int ERRORS_PER_SECOND = 1000;

  private static final int ERRORS_AT_ONCE = 50;

  private static final int NONE = -1;

  private final NatLimits limits;
  private final NatObserver observer;
  private final NatTable table;
  private final FlowKey key = new FlowKey();
  private final FlowKey inner = new FlowKey();
  private final RateLimit errorsOut = new RateLimit(ERRORS_PER_SECOND, ERRORS_AT_ONCE);
  private final RateLimit errorsIn = new RateLimit(ERRORS_PER_SECOND, ERRORS_AT_ONCE);

  private long external4;
  private long external6Hi;
  private long external6Lo;
  private @Nullable DropReason lastDrop;
  private int opened = NONE;

  /**
   * An engine without external addresses.
   *
   * @param seed secret of hashes and port choice
   */
  public NatEngine(NatLimits limits, long seed) {
    this(limits, seed, NatObserver.NONE);
  }

  /**
   * An engine without external addresses.
   *
   * @param seed secret of hashes and port choice
   * @param observer has a say in each session's beginning and is told of its end
   */
  public NatEngine(NatLimits limits, long seed, NatObserver observer) {
    this.limits = limits;
    this.observer = observer;
    table = new NatTable(limits, seed, observer);
  }

  /**
   * Sets the external IPv4 address; another address than before ends all IPv4 sessions.
   *
   * @param lo lower half, IPv4-mapped, or 0 for none: outbound packets get {@link
   *     DropReason#NAT_FULL}
   */
  public void setExternal4(long lo) {
    if (lo != 0 && !Addresses.isV4(0, lo)) {
      throw new IllegalArgumentException("not an IPv4 address: " + Addresses.text(0, lo));
    }
    if (lo != external4) {
      table.endFamily(true);
      external4 = lo;
    }
  }

  /** Sets the external IPv6 address, 0 and 0 for none, as {@link #setExternal4} does. */
  public void setExternal6(long hi, long lo) {
    if (Addresses.isV4(hi, lo)) {
      throw new IllegalArgumentException("not an IPv6 address: " + Addresses.text(hi, lo));
    }
    if (hi != external6Hi || lo != external6Lo) {
      table.endFamily(false);
      external6Hi = hi;
      external6Lo = lo;
    }
  }

  /** Whether there is an external IPv4 address. */
  public boolean hasExternal4() {
    return external4 != 0;
  }

  /** Whether there is an external IPv6 address: only then does this engine carry IPv6. */
  public boolean hasExternal6() {
    return external6Hi != 0 || external6Lo != 0;
  }

  /**
   * Translates a checked burst from a client: its source becomes the external address and port.
   *
   * @param client client number, below {@link NatLimits#clients()}
   * @return null when translated in place, else why the packet must be dropped (unchanged)
   */
  public @Nullable DropReason outbound(Burst b, int client, long nowNs) {
    if (client < 0 || client >= limits.clients()) {
      throw new IllegalArgumentException("client " + client + " of " + limits.clients());
    }
    if (b.fragment()) {
      return DropReason.FRAGMENT;
    }
    boolean v4 = b.version() == 4;
    if (externalHi(v4) == 0 && externalLo(v4) == 0) {
      return DropReason.NAT_FULL;
    }
    if (Icmp.isError(b)) {
      return errorOutbound(b, client, v4, nowNs);
    }
    if (!translatable(b, Icmp.ECHO_REQUEST, Icmp.V6_ECHO_REQUEST)) {
      return DropReason.UNSUPPORTED_PROTOCOL;
    }
    onePort(key.of(b), true);
    if (key.dstHi == externalHi(v4) && key.dstLo == externalLo(v4)) {
      return DropReason.FORBIDDEN_DESTINATION;
    }
    int protocol = key.protocol();
    int flags = Tcp.flags(b);
    int mapping = table.mappingInside(client, protocol, key.srcHi, key.srcLo, key.sport());
    int session = mapping < 0 ? NONE : sessionOutbound(mapping, nowNs);
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
    table.seen(session, client, true, flags, b, nowNs);
    Rewrite.source(b, externalHi(v4), externalLo(v4), table.externalPort(mapping));
    return null;
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
      if (opened < 0) {
        why = opened == NatTable.NO_PORT ? DropReason.NAT_FULL : DropReason.FLOW_LIMIT;
      }
    }
    return why;
  }

  /** A connection that was over lives again, so it counts against its client again. */
  private @Nullable DropReason beginAgain(Burst b, int client, int session, int flags, long nowNs) {
    if (table.atLimit(client)) {
      return DropReason.FLOW_LIMIT;
    }
    if (!Tcp.isFirst(flags)) {
      return null;
    }
    DropReason why = observer.mayBegin(b, client);
    if (why == null) {
      table.restart(session, client, key.dport(), nowNs);
    }
    return why;
  }

  /**
   * Translates a checked burst from outside: its destination becomes the client's address and port.
   *
   * @return the client number, or -1: then the burst is unchanged and {@link #lastDrop} says why
   */
  public int inbound(Burst b, long nowNs) {
    lastDrop = null;
    boolean v4 = b.version() == 4;
    if (Ip.dstHi(b.buffer(), b.start()) != externalHi(v4)
        || Ip.dstLo(b.buffer(), b.start()) != externalLo(v4)) {
      return NONE;
    }
    if (b.laterFragment()) {
      return drop(DropReason.FRAGMENT);
    }
    if (Icmp.isError(b)) {
      return errorInbound(b, v4, nowNs);
    }
    if (!translatable(b, Icmp.ECHO_REPLY, Icmp.V6_ECHO_REPLY)) {
      return NONE;
    }
    onePort(key.of(b), false);
    int mapping = table.mappingOutside(v4, key.protocol(), key.dport());
    if (mapping < 0) {
      return NONE;
    }
    if (b.fragment()) {
      return drop(DropReason.FRAGMENT);
    }
    int session = sessionInbound(mapping, nowNs);
    if (session < 0) {
      return drop(DropReason.NO_FLOW);
    }
    table.inner(mapping, inner);
    int client = (int) inner.dstLo;
    table.seen(session, client, false, Tcp.flags(b), b, nowNs);
    Rewrite.destination(b, inner.srcHi, inner.srcLo, inner.sport());
    return client;
  }

  /**
   * Why the last {@link #inbound} returned -1; null when the packet is none of ours, that is, not
   * to an external address and port in use here, so that it may be the host's own.
   */
  public @Nullable DropReason lastDrop() {
    return lastDrop;
  }

  /**
   * Ends sessions whose time is up. The work of one call is bounded; while {@link
   * #nextDeadlineNs()} is not after {@code nowNs}, there is more to do. Packets never see a session
   * whose time is up, whether this was called or not.
   */
  public void expire(long nowNs) {
    table.expire(nowNs);
  }

  /** When to call {@link #expire} next, or {@code Long.MAX_VALUE}. */
  public long nextDeadlineNs() {
    return table.nextDeadlineNs();
  }

  /** Ends all sessions of a client, for when it leaves; walks all sessions. */
  public void removeClient(int client) {
    table.endClient(client);
  }

  /** Ends all sessions. */
  public void endAll() {
    table.endAll();
  }

  /** Sessions held, lingering ones included. */
  public int sessions() {
    return table.sessions();
  }

  /** Open sessions of one client, without lingering ones. */
  public int openSessions(int client) {
    return table.openSessions(client);
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

  /**
   * An error about a packet that we brought to a client, as when its port is closed (RFC 5508
   * section 4.2), which goes to that packet's sender and nobody else. The quoted packet gets back
   * the destination under which the remote end sent it.
   */
  private @Nullable DropReason errorOutbound(Burst b, int client, boolean v4, long nowNs) {
    if (!Icmp.isPathError(b) || !IcmpInner.read(b, key)) {
      return DropReason.UNSUPPORTED_PROTOCOL;
    }
    if (key.srcHi != Ip.dstHi(b.buffer(), b.start())
        || key.srcLo != Ip.dstLo(b.buffer(), b.start())) {
      return DropReason.NO_FLOW;
    }
    onePort(key, false);
    int mapping = table.mappingInside(client, key.protocol(), key.dstHi, key.dstLo, key.dport());
    if (mapping < 0 || sessionInbound(mapping, nowNs) < 0) {
      return DropReason.NO_FLOW;
    }
    if (!errorsOut.allows(nowNs)) {
      return DropReason.RATE_LIMITED;
    }
    int port = table.externalPort(mapping);
    IcmpInner.destination(b, externalHi(v4), externalLo(v4), port);
    Rewrite.source(b, externalHi(v4), externalLo(v4), 0);
    return null;
  }

  /**
   * An error about a packet that we sent for a client (RFC 5508 section 4.1). The quoted packet
   * gets back the source under which the client sent it; the sender of the error, any router on the
   * way, stays.
   */
  private int errorInbound(Burst b, boolean v4, long nowNs) {
    if (!IcmpInner.read(b, key)
        || key.srcHi != externalHi(v4)
        || key.srcLo != externalLo(v4)
        || !PortAllocator.hasPorts(key.protocol())) {
      return NONE;
    }
    onePort(key, true);
    int mapping = table.mappingOutside(v4, key.protocol(), key.sport());
    if (mapping < 0) {
      return NONE;
    }
    if (!Icmp.isPathError(b)) {
      return drop(DropReason.UNSUPPORTED_PROTOCOL);
    }
    if (sessionOutbound(mapping, nowNs) < 0) {
      return drop(DropReason.NO_FLOW);
    }
    if (!errorsIn.allows(nowNs)) {
      return drop(DropReason.RATE_LIMITED);
    }
    table.inner(mapping, inner);
    IcmpInner.source(b, inner.srcHi, inner.srcLo, inner.sport());
    Rewrite.destination(b, inner.srcHi, inner.srcLo, 0);
    return (int) inner.dstLo;
  }

  /** The live session of a mapping with the destination in {@link #key}, or -1. */
  private int sessionOutbound(int mapping, long nowNs) {
    return table.session(mapping, key.protocol(), key.dstHi, key.dstLo, key.dport(), nowNs);
  }

  /** The live session of a mapping with the source in {@link #key}, or -1. */
  private int sessionInbound(int mapping, long nowNs) {
    return table.session(mapping, key.protocol(), key.srcHi, key.srcLo, key.sport(), nowNs);
  }

  private int drop(DropReason why) {
    lastDrop = why;
    return NONE;
  }

  private long externalHi(boolean v4) {
    return v4 ? 0 : external6Hi;
  }

  private long externalLo(boolean v4) {
    return v4 ? external4 : external6Lo;
  }

  /** An echo identifier is the port of the inner end only; the remote end has port 0. */
  private static void onePort(FlowKey key, boolean outbound) {
    if (key.protocol() == Ip.ICMP || key.protocol() == Ip.ICMP6) {
      key.ports &= outbound ? ~0xffffL : ~0xffff_0000L;
    }
  }

  /** TCP, UDP, or the one ICMP type of the packet's direction. */
  private static boolean translatable(Burst b, int icmpType, int icmp6Type) {
    int protocol = b.protocol();
    if (protocol == Ip.TCP || protocol == Ip.UDP) {
      return true;
    }
    boolean v4 = b.version() == 4;
    return protocol == (v4 ? Ip.ICMP : Ip.ICMP6)
        && Icmp.type(b.buffer(), b.transport()) == (v4 ? icmpType : icmp6Type);
  }
}
