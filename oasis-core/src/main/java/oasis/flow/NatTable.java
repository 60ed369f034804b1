// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.util.Arrays;
import oasis.flow.NatObserver.End;
import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import org.jspecify.annotations.Nullable;

/**
 * The state behind a {@link NatEngine}: mappings (client, protocol, inner address and port) to
 * external ends, and sessions (mapping, remote address and port) with their lifetimes. A mapping
 * lives as long as it has sessions.
 *
 * <p>Confined to one thread.
 */
final class NatTable {
  /** Most sessions that one {@link #expire} ends. */
  private static final int EXPIRE_BATCH = 256;

  /** Most lingering sessions given up for one new port. */
  private static final int RECLAIM_TRIES = 8;

  /** Lists of lingering sessions: of each address those of TCP and those of UDP. */
  static final int GROUPS = 2 * NatAddresses.MAX;

  private static final int NONE = -1;

  final NatAddresses addresses;
  final Lifetimes lives;
  final FlowQuota quota;

  private final NatLimits limits;
  private final NatObserver observer;
  private final FlowTable mappings;
  private final FlowTable sessions;

  /** Who has sent to which host, where filtering asks for that; else null. */
  private final @Nullable NatPeers peers;

  private final FlowKey key = new FlowKey();
  private @Nullable DropReason refusal;

  // Per mapping slot.
  private int[] external = new int[0];
  private int[] sessionCount = new int[0];

  NatTable(NatLimits limits, NatBehaviour behaviour, long seed, NatObserver observer) {
    this.limits = limits;
    this.observer = observer;
    KeyedHash seeds = new KeyedHash(seed);
    mappings = new FlowTable(limits.sessions(), seeds.of(0));
    sessions = new FlowTable(limits.sessions(), seeds.of(1));
    peers =
        behaviour.filtering() == NatBehaviour.Filtering.ADDRESS
            ? new NatPeers(limits.sessions(), seeds.of(2))
            : null;
    quota = new FlowQuota(limits.sessionsPerClient(), behaviour.rates(), limits.clients());
    lives = new Lifetimes(limits.sessions(), GROUPS, behaviour.timeouts(), quota);
    addresses = new NatAddresses(limits, behaviour.keepsPorts(), new KeyedHash(seeds.of(3)));
  }

  /** The mapping of a client's address and port, or -1. */
  int mappingInside(int client, int protocol, long hi, long lo, int port) {
    return mappings.find(key.set(hi, lo, 0, client, protocol, port, 0));
  }

  /** The mapping of an address slot's port, or -1. */
  int mappingOutside(int slot, int protocol, int port) {
    return addresses.mapping(slot, protocol, port);
  }

  /** The session of a mapping with a remote end, or -1; one whose time is up ends here. */
  int session(int mapping, int protocol, long hi, long lo, int port, long nowNs) {
    int slot = sessions.find(key.set(hi, lo, 0, mapping, protocol, port, 0));
    if (slot >= 0 && lives.over(slot, nowNs)) {
      end(slot, End.IDLE);
      return NONE;
    }
    return slot;
  }

  /**
   * Begins a session for a client, and its mapping if there is none.
   *
   * @param inner source address and port inside, remote address and port
   * @return session slot, or -1: then {@link #refusal} says why
   */
  int open(int client, FlowKey inner, long nowNs) {
    int protocol = inner.protocol();
    boolean v4 = Addresses.isV4(inner.srcHi, inner.srcLo);
    if (!makeRoom(client, protocol, addresses.home(v4, client), nowNs)) {
      return NONE;
    }
    int mapping = mappingInside(client, protocol, inner.srcHi, inner.srcLo, inner.sport());
    if (mapping < 0) {
      int end = take(v4, client, protocol, inner.sport());
      if (end < 0) {
        refusal = DropReason.NAT_FULL;
        return NONE;
      }
      mapping = addMapping(client, inner, end);
    }
    NatState first = NatState.first(protocol, inner.dport());
    return addSession(client, mapping, inner.dstHi, inner.dstLo, inner.dport(), first, nowNs);
  }

  /**
   * Begins a session of a mapping for a remote end, the source of {@code outer}.
   *
   * @return as for {@link #open}
   */
  int openInbound(int mapping, FlowKey outer, long nowNs) {
    int client = clientOf(mapping);
    int protocol = outer.protocol();
    // Held, so that the mapping does not end with the sessions that make room.
    sessionCount[mapping]++;
    int slot = NONE;
    if (makeRoom(client, protocol, NatAddresses.slot(external[mapping]), nowNs)) {
      NatState first = NatState.firstInbound(protocol);
      slot = addSession(client, mapping, outer.srcHi, outer.srcLo, outer.sport(), first, nowNs);
    }
    release(mapping);
    return slot;
  }

  /** Whether a client may have one more session now, and there is room for it. */
  private boolean makeRoom(int client, int protocol, int home, long nowNs) {
    expire(nowNs);
    boolean tcp = protocol == Ip.TCP;
    refusal = refuses(client, tcp, nowNs);
    if (refusal == null
        && sessions.size() == limits.sessions()
        && !reclaim(home)
        && !giveUp(lives.yields(client, tcp), End.YIELDED)) {
      refusal = DropReason.FLOW_LIMIT;
    }
    return refusal == null;
  }

  /** As the quota says, but that a handshake of another client may have to give way. */
  private @Nullable DropReason refuses(int client, boolean tcp, long nowNs) {
    DropReason why = quota.refuses(client, tcp, nowNs);
    boolean yields =
        why == DropReason.HANDSHAKE_LIMIT && giveUp(lives.yieldsHandshake(client), End.YIELDED);
    return yields ? null : why;
  }

  private boolean giveUp(int slot, End why) {
    if (slot >= 0) {
      end(slot, why);
    }
    return slot >= 0;
  }

  /** Why a session could not begin. */
  @Nullable DropReason refusal() {
    return refusal;
  }

  /**
   * Whether a mapping's client lets a stranger in by what it has sent before.
   *
   * @param hi address of the stranger
   */
  boolean admits(NatBehaviour.Filtering filtering, int mapping, int protocol, long hi, long lo) {
    return switch (filtering) {
      case ENDPOINT_INDEPENDENT -> true;
      case ADDRESS -> peers != null && peers.contains(mapping, protocol, hi, lo);
      case ADDRESS_AND_PORT -> false;
    };
  }

  /** Whether a client has as many open sessions as it may. */
  boolean atLimit(int client) {
    return quota.atLimit(client);
  }

  /** Whether a client's segment makes a lingering connection live again. */
  boolean revives(int slot, int tcpFlags) {
    return lives.revives(slot, tcpFlags);
  }

  /**
   * Ends a lingering TCP session and begins another in its place, with the same port.
   *
   * @return null, or why the client may not
   */
  @Nullable DropReason restart(int slot, int client, int remotePort, long nowNs) {
    DropReason why = refuses(client, true, nowNs);
    if (why == null) {
      observer.ended(slot, End.CLOSED);
      int home = NatAddresses.slot(external[mappingOf(slot)]);
      lives.end(slot);
      lives.begin(slot, group(home, Ip.TCP), client, Ip.TCP, remotePort, nowNs);
      observer.began(slot);
    }
    return why;
  }

  /** Notes a packet or burst of a session. */
  void seen(int slot, boolean outbound, int tcpFlags, Burst b, long nowNs) {
    lives.seen(slot, outbound, tcpFlags, b.segments(), b.ipBytes(), nowNs);
  }

  /**
   * Notes a later fragment of a session that was in this slot when its first fragment came.
   *
   * @return false when that session is there no more
   */
  boolean follows(int slot, long beganNs, boolean outbound, Burst b, long nowNs) {
    if (!isSame(slot, beganNs) || lives.over(slot, nowNs)) {
      return false;
    }
    if (!lives.lingering(slot)) {
      lives.seen(slot, outbound, 0, b.segments(), b.ipBytes(), nowNs);
    }
    return true;
  }

  long beganNs(int slot) {
    return lives.beganNs(slot);
  }

  /** Whether a slot still has the session that began then. */
  boolean isSame(int slot, long beganNs) {
    return sessions.used(slot) && lives.beganNs(slot) == beganNs;
  }

  /** Ends a session, and its mapping if that was its last. */
  void end(int slot, End why) {
    observer.ended(slot, lives.lingering(slot) ? End.CLOSED : why);
    sessions.key(slot, key);
    int mapping = (int) key.dstLo;
    if (peers != null) {
      peers.remove(mapping, key.protocol(), key.srcHi, key.srcLo);
    }
    lives.end(slot);
    sessions.remove(slot);
    release(mapping);
  }

  /** One session of a mapping less. */
  private void release(int mapping) {
    if (--sessionCount[mapping] == 0) {
      mappings.key(mapping, key);
      boolean v4 = Addresses.isV4(key.srcHi, key.srcLo);
      addresses.free(v4, (int) key.dstLo, key.protocol(), external[mapping]);
      mappings.remove(mapping);
    }
  }

  /** Ends sessions whose time is up, at most a batch. */
  void expire(long nowNs) {
    for (int i = 0; i < EXPIRE_BATCH; i++) {
      int slot = lives.expired(nowNs);
      if (slot < 0) {
        return;
      }
      end(slot, End.IDLE);
    }
  }

  long nextDeadlineNs() {
    return lives.nextDeadlineNs();
  }

  /** Ends all sessions that leave from an external address. */
  void endAddress(int slot) {
    for (int s = sessions.nextUsed(0); s >= 0; s = sessions.nextUsed(s + 1)) {
      if (NatAddresses.slot(external[mappingOf(s)]) == slot) {
        end(s, End.REMOVED);
      }
    }
  }

  /** Ends all sessions. */
  void endAll() {
    for (int s = sessions.nextUsed(0); s >= 0; s = sessions.nextUsed(s + 1)) {
      end(s, End.REMOVED);
    }
  }

  /** External address slot and port of a mapping. */
  int external(int mapping) {
    return external[mapping];
  }

  /** Mapping of a session. */
  int mappingOf(int slot) {
    sessions.key(slot, key);
    return (int) key.dstLo;
  }

  /** Client of a mapping. */
  int clientOf(int mapping) {
    mappings.key(mapping, key);
    return (int) key.dstLo;
  }

  /** Reads inner address and port of a mapping as the source of a key, the client as dstLo. */
  void inner(int mapping, FlowKey into) {
    mappings.key(mapping, into);
  }

  /** Reads what is known of a session. */
  void read(int slot, NatRecord into) {
    sessions.key(slot, key);
    int mapping = (int) key.dstLo;
    into.protocol = key.protocol();
    into.remoteHi = key.srcHi;
    into.remoteLo = key.srcLo;
    into.remotePort = key.sport();
    mappings.key(mapping, key);
    into.client = (int) key.dstLo;
    into.innerHi = key.srcHi;
    into.innerLo = key.srcLo;
    into.innerPort = key.sport();
    into.externalHi = addresses.hi(NatAddresses.slot(external[mapping]));
    into.externalLo = addresses.lo(NatAddresses.slot(external[mapping]));
    into.externalPort = NatAddresses.port(external[mapping]);
    into.state = lives.state(slot);
    into.beganNs = lives.beganNs(slot);
    into.outPkts = lives.outPkts(slot);
    into.outBytes = lives.outBytes(slot);
    into.inPkts = lives.inPkts(slot);
    into.inBytes = lives.inBytes(slot);
  }

  /** All sessions, in the order in which they are to be restored. */
  int[] inOrder() {
    return lives.inOrder(sessions);
  }

  int nextSession(int from) {
    return sessions.nextUsed(from);
  }

  int sessions() {
    return sessions.size();
  }

  int mappings() {
    return mappings.size();
  }

  int openSessions(int client) {
    return quota.open(client);
  }

  int handshakes() {
    return quota.handshakes();
  }

  /**
   * Takes in a session of another process, whose mapping is there.
   *
   * @param one its remote end
   * @return its slot, or -1 when it is there already
   */
  int adopt(int mapping, NatRecord one) {
    key.set(one.remoteHi, one.remoteLo, 0, mapping, one.protocol, one.remotePort, 0);
    return sessions.find(key) >= 0 ? NONE : link(mapping, one.protocol, one.remoteHi, one.remoteLo);
  }

  /** Takes a session in, whose key is {@link #key}. */
  private int link(int mapping, int protocol, long hi, long lo) {
    int slot = sessions.insert(key);
    sessionCount[mapping]++;
    if (peers != null) {
      peers.add(mapping, protocol, hi, lo);
    }
    return slot;
  }

  /** The list in which sessions of an address and protocol linger. */
  static int group(int address, int protocol) {
    return 2 * address + (protocol == Ip.TCP ? 0 : 1);
  }

  /** Gives up an answered query, else a connection that is over, of an address, else of any. */
  private boolean reclaim(int home) {
    int oldest = home < 0 ? NONE : lives.oldest(group(home, Ip.UDP));
    if (oldest < 0 && home >= 0) {
      oldest = lives.oldest(group(home, Ip.TCP));
    }
    for (int group = 0; group < GROUPS && oldest < 0; group++) {
      oldest = lives.oldest(group);
    }
    return giveUp(oldest, End.CLOSED);
  }

  private int take(boolean v4, int client, int protocol, int inner) {
    int end = addresses.take(v4, client, protocol, inner);
    int home = addresses.home(v4, client);
    if (home >= 0 && (protocol == Ip.TCP || protocol == Ip.UDP)) {
      for (int i = 0; end < 0 && i < RECLAIM_TRIES; i++) {
        if (!giveUp(lives.oldest(group(home, protocol)), End.CLOSED)) {
          return NONE;
        }
        end = addresses.take(v4, client, protocol, inner);
      }
    }
    return end;
  }

  /**
   * Adds a mapping.
   *
   * @param inner protocol, and address and port inside as its source
   * @param end external address slot and port, taken already
   */
  int addMapping(int client, FlowKey inner, int end) {
    int protocol = inner.protocol();
    int mapping =
        mappings.insert(key.set(inner.srcHi, inner.srcLo, 0, client, protocol, inner.sport(), 0));
    if (mapping >= external.length) {
      int length = Math.min(limits.sessions(), Math.max(16, Integer.highestOneBit(mapping) << 1));
      external = Arrays.copyOf(external, length);
      sessionCount = Arrays.copyOf(sessionCount, length);
    }
    external[mapping] = end;
    sessionCount[mapping] = 0;
    addresses.map(end, protocol, mapping);
    return mapping;
  }

  private int addSession(
      int client, int mapping, long hi, long lo, int port, NatState first, long nowNs) {
    mappings.key(mapping, key);
    int protocol = key.protocol();
    key.set(hi, lo, 0, mapping, protocol, port, 0);
    int slot = link(mapping, protocol, hi, lo);
    lives.begin(slot, group(NatAddresses.slot(external[mapping]), protocol), client, first, nowNs);
    observer.began(slot);
    return slot;
  }
}
