// SPDX-License-Identifier: Apache-2.0
package oasis.os;

/**
 * Asks the host where packets go. The answers are written into objects that the caller keeps, so
 * that asking allocates nothing; addresses are two longs (IPv4-mapped form). Confined to one
 * thread.
 */
public interface HostRoutes {
  /** Where packets to one destination go. Mutable and reused. */
  final class Route {
    /** How the destination is reached (rtm_type); see {@link #unicast}. */
    public int type;

    /** Index of the interface that packets leave by, 0 for none. */
    public int interfaceIndex;

    /** True when packets go to {@link #gatewayHi} instead of to the destination itself. */
    public boolean hasGateway;

    /** High half of the gateway's address; the gateway of an IPv4 route may have an IPv6 one. */
    public long gatewayHi;

    /** Low half of the gateway's address. */
    public long gatewayLo;

    /** MTU in bytes that the route sets or that the host has learned for it, 0 for none. */
    public int mtu;

    /** True when the route wraps packets into others (lwtunnel). */
    public boolean encapsulates;

    /** High half of the address that the host itself would send from; both 0 when not known. */
    public long sourceHi;

    /** Low half of the address that the host itself would send from. */
    public long sourceLo;

    private static final int RTN_UNICAST = 1;

    /** Forgets all. */
    public void clear() {
      type = 0;
      interfaceIndex = 0;
      hasGateway = false;
      gatewayHi = 0;
      gatewayLo = 0;
      mtu = 0;
      encapsulates = false;
      sourceHi = 0;
      sourceLo = 0;
    }

    /** True for another host, reached directly or by a gateway: not this host, nor a group. */
    public boolean unicast() {
      return type == RTN_UNICAST;
    }
  }

  /** What the host knows about a neighbour on a link. Mutable and reused. */
  final class Neighbour {
    /** Index of the interface. */
    public int interfaceIndex;

    /** State of the entry (NUD_*). */
    public int state;

    /** True when the link address is known and 6 bytes long. */
    public boolean hasMac;

    /** The link address in the low 48 bits. */
    public long mac;

    private static final int NUD_REACHABLE = 0x02;
    private static final int NUD_STALE = 0x04;
    private static final int NUD_DELAY = 0x08;
    private static final int NUD_PROBE = 0x10;
    private static final int NUD_PERMANENT = 0x80;
    private static final int USABLE =
        NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;

    /** Forgets all. */
    public void clear() {
      interfaceIndex = 0;
      state = 0;
      hasMac = false;
      mac = 0;
    }

    /** True while the host itself would send to this link address. */
    public boolean usable() {
      return hasMac && (state & USABLE) != 0;
    }

    /** True when the address is no longer confirmed, and nobody who sends makes the host probe. */
    public boolean stale() {
      return (state & NUD_STALE) != 0;
    }
  }

  /** A network interface. Mutable and reused. */
  final class Link {
    /** Index of the interface. */
    public int index;

    /** Hardware type (ARPHRD_*); see {@link #ethernet}. */
    public int type;

    /** Flags (IFF_*). */
    public int flags;

    /** MTU in bytes, 0 when not known. */
    public int mtu;

    /** MTU in bytes for IPv6, which a router may have lowered; 0 when not known. */
    public int mtu6;

    /** True when {@link #mac} is known. */
    public boolean hasMac;

    /** Ethernet address in the low 48 bits. */
    public long mac;

    private static final int ARPHRD_ETHER = 1;
    private static final int IFF_UP = 0x1;
    private static final int IFF_NOARP = 0x80;

    /** Forgets all. */
    public void clear() {
      index = 0;
      type = 0;
      flags = 0;
      mtu = 0;
      mtu6 = 0;
      hasMac = false;
      mac = 0;
    }

    /** True when the interface is up and has neighbours with Ethernet addresses. */
    public boolean ethernet() {
      return type == ARPHRD_ETHER && hasMac && (flags & (IFF_UP | IFF_NOARP)) == IFF_UP;
    }
  }

  /**
   * Asks where the host sends packets to a destination.
   *
   * @param mark firewall mark that the packets have, 0 for none
   * @return 0, or -errno when there is no answer or no route
   */
  int route(long hi, long lo, int mark, Route into);

  /**
   * Asks for the link address of a neighbour.
   *
   * @return 0, or -errno: -ENOENT when the host has no entry for it
   */
  int neighbour(int interfaceIndex, long hi, long lo, Neighbour into);

  /**
   * Asks for an interface.
   *
   * @return 0, or -errno
   */
  int link(int interfaceIndex, Link into);
}
