// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import java.nio.ByteBuffer;
import oasis.flow.FlowTable;
import oasis.os.HostRoutes;
import oasis.packet.Addresses;
import oasis.packet.FlowKey;

/**
 * What the host's routes say about the destinations that are being sent to: the path's MTU and,
 * where the next hop is a neighbour on an Ethernet link, the link header. Bounded; a destination is
 * asked for when it is first needed, again every {@link #VALID_NS} and after a change of the host's
 * network, and makes room for others in the order it came. Time is an argument. Nothing is
 * allocated once the table has grown. Confined to one thread.
 */
final class NextHops {
  /** Bytes of an Ethernet header. */
  static final int ETHERNET_BYTES = 14;

  /** How long an answer is believed. */
  static final long VALID_NS = 2_000_000_000L;

  /** How long it is believed that a neighbour is not resolved, or a destination not reachable. */
  static final long RETRY_NS = 20_000_000L;

  /**
   * However often the host's network changes, a destination is not asked for more often: strangers
   * can make the host's neighbours change at will.
   */
  static final long SETTLE_NS = 200_000_000L;

  private static final int ETHERTYPE_V4 = 0x0800;
  private static final int ETHERTYPE_V6 = 0x86dd;

  /** Interfaces kept in mind. */
  private static final int LINKS = 16;

  private final HostRoutes host;
  private final int mark;
  private final FlowTable table;
  private final FlowKey key = new FlowKey();
  private final HostRoutes.Route route = new HostRoutes.Route();
  private final HostRoutes.Neighbour neighbour = new HostRoutes.Neighbour();

  // Of each destination, by its slot in the table.
  private final long[] askedNs;
  private final long[] validNs;
  private final int[] askedChanges;
  private final int[] mtu;
  private final int[] interfaceIndex;
  private final long[] toMac;
  private final long[] fromMac;
  private final byte[] state;

  private static final byte HEADER_KNOWN = 1;
  private static final byte STALE = 2;
  private static final byte BY_RAW_SOCKET = 4;

  private final HostRoutes.Link[] links = new HostRoutes.Link[LINKS];
  private final long[] linkAskedNs = new long[LINKS];
  private final int[] linkAskedChanges = new int[LINKS];
  private int nextLink;

  private int changes;
  private int linkChanges;
  private int oldest;

  /**
   * An empty cache.
   *
   * @param mark firewall mark that routes are asked for with
   * @param capacity most destinations
   * @param seed secret of the hash
   */
  NextHops(HostRoutes host, int mark, int capacity, long seed) {
    this.host = host;
    this.mark = mark;
    table = new FlowTable(capacity, seed);
    askedNs = new long[capacity];
    validNs = new long[capacity];
    askedChanges = new int[capacity];
    mtu = new int[capacity];
    interfaceIndex = new int[capacity];
    toMac = new long[capacity];
    fromMac = new long[capacity];
    state = new byte[capacity];
    for (int i = 0; i < LINKS; i++) {
      links[i] = new HostRoutes.Link();
    }
  }

  /**
   * The host's network has changed: every destination is asked for again when next needed.
   *
   * @param links whether interfaces have changed, too
   */
  void changed(boolean links) {
    changes++;
    if (links) {
      linkChanges++;
    }
  }

  /** Destinations held. */
  int size() {
    return table.size();
  }

  /**
   * Finds a destination, and asks the host where need be.
   *
   * @return the number under which the accessors below know it, until the next call
   */
  int find(long hi, long lo, long nowNs) {
    key.dstHi = hi;
    key.dstLo = lo;
    int slot = table.find(key);
    if (slot < 0) {
      slot = insert();
      state[slot] = 0;
      ask(slot, nowNs);
    } else {
      long age = nowNs - askedNs[slot];
      if (age >= validNs[slot] || askedChanges[slot] != changes && age >= SETTLE_NS) {
        ask(slot, nowNs);
      }
    }
    return slot;
  }

  private int insert() {
    if (table.size() == table.capacity()) {
      table.remove(oldest);
      oldest = oldest + 1 == table.capacity() ? 0 : oldest + 1;
    }
    return table.insert(key);
  }

  /** Longest packet in bytes that may be sent there, 0 when not known. */
  int mtu(int slot) {
    return mtu[slot];
  }

  /** True when the next hop is a neighbour on an Ethernet link whose address is known. */
  boolean headerKnown(int slot) {
    return (state[slot] & HEADER_KNOWN) != 0;
  }

  /** Index of the interface, when the header is known. */
  int interfaceIndex(int slot) {
    return interfaceIndex[slot];
  }

  /** Writes the link header, {@link #ETHERNET_BYTES} long, when it is known. */
  void putHeader(int slot, ByteBuffer b, int at, int ipVersion) {
    b.putShort(at, (short) (toMac[slot] >>> 32)).putInt(at + 2, (int) toMac[slot]);
    b.putShort(at + 6, (short) (fromMac[slot] >>> 32)).putInt(at + 8, (int) fromMac[slot]);
    b.putShort(at + 12, (short) (ipVersion == 4 ? ETHERTYPE_V4 : ETHERTYPE_V6));
  }

  /**
   * True once for each answer that called the neighbour stale. One burst must then go by a way on
   * which the kernel itself looks the neighbour up: it sends to it and, unlike us, has it confirmed
   * (RFC 4861 section 7.3.3; Linux does the same for IPv4).
   */
  boolean takeStale(int slot) {
    boolean stale = (state[slot] & STALE) != 0;
    state[slot] &= ~STALE;
    return stale;
  }

  /** Remembers by which socket a destination is sent to; true when that is a change. */
  boolean switchTo(int slot, boolean rawSocket) {
    byte bit = rawSocket ? BY_RAW_SOCKET : 0;
    boolean change = (state[slot] & BY_RAW_SOCKET) != bit;
    state[slot] = (byte) (state[slot] & ~BY_RAW_SOCKET | bit);
    return change;
  }

  private void ask(int slot, long nowNs) {
    askedNs[slot] = nowNs;
    askedChanges[slot] = changes;
    validNs[slot] = RETRY_NS;
    mtu[slot] = 0;
    state[slot] &= BY_RAW_SOCKET;
    if (host.route(key.dstHi, key.dstLo, mark, route) < 0) {
      return;
    }
    int l = link(route.interfaceIndex, nowNs);
    if (l < 0) {
      return;
    }
    validNs[slot] = VALID_NS;
    HostRoutes.Link link = links[l];
    mtu[slot] = pathMtu(link);
    if (!route.unicast() || route.encapsulates || !link.ethernet()) {
      return;
    }
    long hi = route.hasGateway ? route.gatewayHi : key.dstHi;
    long lo = route.hasGateway ? route.gatewayLo : key.dstLo;
    if (host.neighbour(link.index, hi, lo, neighbour) < 0 || !neighbour.usable()) {
      validNs[slot] = RETRY_NS;
      return;
    }
    interfaceIndex[slot] = link.index;
    toMac[slot] = neighbour.mac;
    fromMac[slot] = link.mac;
    state[slot] |= neighbour.stale() ? HEADER_KNOWN | STALE : HEADER_KNOWN;
  }

  private int pathMtu(HostRoutes.Link link) {
    boolean v4 = Addresses.isV4(key.dstHi, key.dstLo);
    int linkMtu = v4 || link.mtu6 == 0 ? link.mtu : Math.min(link.mtu, link.mtu6);
    return route.mtu == 0 ? linkMtu : Math.min(route.mtu, linkMtu);
  }

  /** Index in {@link #links} of an interface, or -1. */
  private int link(int index, long nowNs) {
    if (index <= 0) {
      return -1;
    }
    int l = 0;
    while (l < LINKS && links[l].index != index) {
      l++;
    }
    if (l == LINKS) {
      l = nextLink;
      nextLink = (nextLink + 1) % LINKS;
    } else if (linkAskedChanges[l] == linkChanges && nowNs - linkAskedNs[l] < VALID_NS) {
      return l;
    }
    linkAskedNs[l] = nowNs;
    linkAskedChanges[l] = linkChanges;
    if (host.link(index, links[l]) < 0 || links[l].index != index) {
      links[l].clear();
      return -1;
    }
    return l;
  }
}
