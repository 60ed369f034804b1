// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.util.Arrays;
import oasis.flow.NatObserver.End;
import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import org.jspecify.annotations.Nullable;

/**
 * The state behind a {@link NatEngine}: mappings (client, protocol, inner address and port) to
 * external ports, and sessions (mapping, remote address and port) with their lifetimes. A mapping
 * lives as long as it has sessions.
 *
 * <p>Confined to one thread.
 */
final class NatTable {
  /** {@link #open} failed: the table or the client's share of it is full. */
  static final int FULL = -1;

  /** {@link #open} failed: no port is free. */
  static final int NO_PORT = -2;

  /** Most sessions that one {@link #expire} ends. */
  private static final int EXPIRE_BATCH = 256;

  /** Most lingering sessions given up for one new port. */
  private static final int RECLAIM_TRIES = 8;

  /** Lists of lingering sessions: of each family those of TCP and those of UDP. */
  private static final int GROUPS = 4;

  private static final int SPACES_PER_FAMILY = 3;
  private static final int NONE = -1;

  private final NatLimits limits;
  private final FlowTable mappings;
  private final FlowTable sessions;
  private final Lifetimes lives;
  private final NatObserver observer;
  private final PortAllocator[] ports;

  /** Per family and port space: mapping slot + 1 by port - first, or 0. */
  private final int[] @Nullable [] byPort = new int[2 * SPACES_PER_FAMILY][];

  private final FlowKey key = new FlowKey();

  // Per mapping slot.
  private int[] externalPort = new int[0];
  private int[] sessionCount = new int[0];

  // Per client.
  private int[] openCount = new int[0];

  NatTable(NatLimits limits, long seed, NatObserver observer) {
    this.limits = limits;
    this.observer = observer;
    KeyedHash seeds = new KeyedHash(seed);
    mappings = new FlowTable(limits.sessions(), seeds.of(0));
    sessions = new FlowTable(limits.sessions(), seeds.of(1));
    lives = new Lifetimes(limits.sessions(), GROUPS);
    ports =
        new PortAllocator[] {
          new PortAllocator(limits.firstPort(), limits.lastPort(), seeds.of(2)),
          new PortAllocator(limits.firstPort(), limits.lastPort(), seeds.of(3))
        };
  }

  /** The mapping of a client's address and port, or -1. */
  int mappingInside(int client, int protocol, long hi, long lo, int port) {
    return mappings.find(key.set(hi, lo, 0, client, protocol, port, 0));
  }

  /** The mapping of an external port, or -1. */
  int mappingOutside(boolean v4, int protocol, int port) {
    int[] slots = byPort[family(v4) * SPACES_PER_FAMILY + PortAllocator.space(protocol)];
    int index = port - limits.firstPort();
    return slots == null || index < 0 || index >= slots.length ? NONE : slots[index] - 1;
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
   * Begins a session, and its mapping if there is none.
   *
   * @param inner source address and port inside, remote address and port
   * @return session slot, {@link #FULL} or {@link #NO_PORT}
   */
  int open(int client, FlowKey inner, long nowNs) {
    expire(nowNs);
    if (atLimit(client)) {
      return FULL;
    }
    boolean v4 = Addresses.isV4(inner.srcHi, inner.srcLo);
    if (sessions.size() == limits.sessions() && !reclaimAny(v4) && !reclaimAny(!v4)) {
      return FULL;
    }
    int protocol = inner.protocol();
    int mapping = mappingInside(client, protocol, inner.srcHi, inner.srcLo, inner.sport());
    if (mapping < 0) {
      int port = port(v4, protocol, inner.sport());
      if (port < 0) {
        return NO_PORT;
      }
      mapping = addMapping(client, inner, v4, port);
    }
    return addSession(client, mapping, inner, nowNs);
  }

  /** Whether a client has as many open sessions as it may. */
  boolean atLimit(int client) {
    return openSessions(client) >= limits.sessionsPerClient();
  }

  /** Whether a client's segment makes a lingering connection live again. */
  boolean revives(int slot, int tcpFlags) {
    return lives.revives(slot, tcpFlags);
  }

  /** Ends a lingering TCP session and begins another in its place, with the same port. */
  void restart(int slot, int client, int remotePort, long nowNs) {
    observer.ended(slot, End.CLOSED);
    mappings.key(mappingOf(slot), key);
    boolean v4 = Addresses.isV4(key.srcHi, key.srcLo);
    lives.end(slot);
    lives.begin(slot, group(v4, Ip.TCP), Ip.TCP, remotePort, nowNs);
    openCount[client]++;
    observer.began(slot);
  }

  /** Notes a packet or burst of a session. */
  void seen(int slot, int client, boolean outbound, int tcpFlags, Burst b, long nowNs) {
    openCount[client] += lives.seen(slot, outbound, tcpFlags, b.segments(), b.ipBytes(), nowNs);
  }

  /** Ends a session, and its mapping if that was its last. */
  void end(int slot, End why) {
    boolean lingers = lives.lingering(slot);
    observer.ended(slot, lingers ? End.CLOSED : why);
    sessions.key(slot, key);
    int mapping = (int) key.dstLo;
    mappings.key(mapping, key);
    int family = family(Addresses.isV4(key.srcHi, key.srcLo));
    if (!lingers) {
      openCount[(int) key.dstLo]--;
    }
    lives.end(slot);
    sessions.remove(slot);
    if (--sessionCount[mapping] == 0) {
      int protocol = key.protocol();
      int port = externalPort[mapping];
      ports[family].free(protocol, port);
      portIndex(family, protocol)[port - limits.firstPort()] = 0;
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

  /** Ends all sessions of one family. */
  void endFamily(boolean v4) {
    for (int s = sessions.nextUsed(0); s >= 0; s = sessions.nextUsed(s + 1)) {
      inner(mappingOf(s), key);
      if (Addresses.isV4(key.srcHi, key.srcLo) == v4) {
        end(s, End.REMOVED);
      }
    }
  }

  /** Ends all sessions of one client. */
  void endClient(int client) {
    for (int s = sessions.nextUsed(0); s >= 0; s = sessions.nextUsed(s + 1)) {
      if (clientOf(mappingOf(s)) == client) {
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

  /** External port of a mapping. */
  int externalPort(int mapping) {
    return externalPort[mapping];
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
    into.externalPort = externalPort[mapping];
    into.state = lives.state(slot);
    into.beganNs = lives.beganNs(slot);
    into.outPkts = lives.outPkts(slot);
    into.outBytes = lives.outBytes(slot);
    into.inPkts = lives.inPkts(slot);
    into.inBytes = lives.inBytes(slot);
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
    return client < openCount.length ? openCount[client] : 0;
  }

  private static int family(boolean v4) {
    return v4 ? 0 : 1;
  }

  private static int group(boolean v4, int protocol) {
    return 2 * family(v4) + (protocol == Ip.TCP ? 0 : 1);
  }

  /** Gives up a query that was answered, else a connection that is over. */
  private boolean reclaimAny(boolean v4) {
    return reclaim(v4, Ip.UDP) || reclaim(v4, Ip.TCP);
  }

  /** Gives up the session that has lingered longest. */
  private boolean reclaim(boolean v4, int protocol) {
    int oldest = lives.oldest(group(v4, protocol));
    if (oldest < 0) {
      return false;
    }
    end(oldest, End.CLOSED);
    return true;
  }

  private int port(boolean v4, int protocol, int inner) {
    PortAllocator free = ports[family(v4)];
    int port = draw(free, protocol, inner);
    if (protocol == Ip.TCP || protocol == Ip.UDP) {
      for (int i = 0; port < 0 && i < RECLAIM_TRIES && reclaim(v4, protocol); i++) {
        port = draw(free, protocol, inner);
      }
    }
    return port;
  }

  /** A free port that is not the inner one, of its parity for UDP if possible; or -1. */
  private static int draw(PortAllocator free, int protocol, int inner) {
    int port = protocol == Ip.UDP ? other(free, protocol, inner, true) : NONE;
    return port >= 0 ? port : other(free, protocol, inner, false);
  }

  private static int other(PortAllocator free, int protocol, int inner, boolean alike) {
    int port = alike ? free.allocateLike(protocol, inner) : free.allocate(protocol);
    if (port != inner) {
      return port;
    }
    int second = alike ? free.allocateLike(protocol, inner) : free.allocate(protocol);
    free.free(protocol, port);
    return second;
  }

  private int addMapping(int client, FlowKey inner, boolean v4, int port) {
    int protocol = inner.protocol();
    int mapping =
        mappings.insert(key.set(inner.srcHi, inner.srcLo, 0, client, protocol, inner.sport(), 0));
    if (mapping >= externalPort.length) {
      int length = grown(mapping, limits.sessions());
      externalPort = Arrays.copyOf(externalPort, length);
      sessionCount = Arrays.copyOf(sessionCount, length);
    }
    externalPort[mapping] = port;
    sessionCount[mapping] = 0;
    portIndex(family(v4), protocol)[port - limits.firstPort()] = mapping + 1;
    return mapping;
  }

  private int addSession(int client, int mapping, FlowKey inner, long nowNs) {
    int protocol = inner.protocol();
    int remotePort = inner.dport();
    int slot =
        sessions.insert(key.set(inner.dstHi, inner.dstLo, 0, mapping, protocol, remotePort, 0));
    if (client >= openCount.length) {
      openCount = Arrays.copyOf(openCount, grown(client, limits.clients()));
    }
    openCount[client]++;
    sessionCount[mapping]++;
    boolean v4 = Addresses.isV4(inner.srcHi, inner.srcLo);
    lives.begin(slot, group(v4, protocol), protocol, remotePort, nowNs);
    observer.began(slot);
    return slot;
  }

  private int[] portIndex(int family, int protocol) {
    int at = family * SPACES_PER_FAMILY + PortAllocator.space(protocol);
    int[] slots = byPort[at];
    if (slots == null) {
      slots = new int[limits.lastPort() - limits.firstPort() + 1];
      byPort[at] = slots;
    }
    return slots;
  }

  /** Array length that holds an index: a power of two, at most the limit. */
  private static int grown(int index, int limit) {
    return Math.min(limit, Math.max(16, Integer.highestOneBit(index) << 1));
  }
}
