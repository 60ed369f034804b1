// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.BitSet;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Prefix;

/**
 * Where clients may go: everywhere but to the closed ranges and this node's own addresses, unless
 * an opened prefix holds the destination; and to no closed port. IPv4 addresses hidden in IPv6
 * ones, behind which a translator may lead to them, are closed as they are. Asked once per flow, so
 * lists are scanned.
 */
public final class DestinationPolicy {
  /** 64:ff9b::/96, whose last 32 bits are an IPv4 address (RFC 6052). */
  private static final Prefix NAT64 = Prefix.parse("64:ff9b::/96");

  /** 2002::/16, whose next 32 bits are an IPv4 address (RFC 3056). */
  private static final Prefix SIX_TO_FOUR = Prefix.parse("2002::/16");

  /** IPv4 ranges that no stranger's packet should reach from inside this node's network. */
  public static final List<Prefix> CLOSED4 =
      parse(
          "0.0.0.0/8", // this network (RFC 1122 section 3.2.1.3)
          "10.0.0.0/8", // private (RFC 1918)
          "100.64.0.0/10", // shared by carriers (RFC 6598); our own mapping range lies in it
          "127.0.0.0/8", // loopback (RFC 1122 section 3.2.1.3)
          "168.63.129.16/32", // the metadata service of Azure
          "169.254.0.0/16", // link-local (RFC 3927), and most clouds' metadata services
          "172.16.0.0/12", // private (RFC 1918)
          "192.0.0.0/24", // protocol assignments (RFC 6890), Oracle's metadata service
          "192.168.0.0/16", // private (RFC 1918)
          "198.18.0.0/15", // benchmarks (RFC 2544); a client's fake addresses lie in it
          "224.0.0.0/4", // multicast (RFC 5771)
          "240.0.0.0/4"); // reserved (RFC 1112 section 4), and the limited broadcast address

  /** The same for IPv6, without what hides IPv4 addresses. */
  private static final List<Prefix> CLOSED6_PLAIN =
      parse(
          "::/16", // loopback, unspecified, IPv4-mapped and other forms of IPv4 (RFC 4291)
          "64:ff9b:1::/48", // translators for local use (RFC 8215)
          "100::/64", // discarded (RFC 6666)
          "2001::/23", // protocol assignments (RFC 2928): Teredo, benchmarks, identifiers
          "2001:db8::/32", // documentation (RFC 3849)
          "3fff::/20", // documentation (RFC 9637)
          "5f00::/16", // segment identifiers of a provider (RFC 9602)
          "fc00::/7", // unique local (RFC 4193), metadata services of clouds, our mapping range
          "fe80::/10", // link-local (RFC 4291 section 2.5.6)
          "fec0::/10", // site-local (RFC 3879)
          "ff00::/8"); // multicast (RFC 4291 section 2.7)

  /** IPv6 ranges that are closed, those behind which closed IPv4 ranges hide included. */
  public static final List<Prefix> CLOSED6 =
      Stream.concat(CLOSED6_PLAIN.stream(), CLOSED4.stream().flatMap(each -> hiding(each).stream()))
          .toList();

  private final Prefix[] closed;
  private final Prefix[] opened;
  private final BitSet closedPorts = new BitSet();
  private long[] own = {};

  /**
   * @param opened prefixes that are reachable although a closed range holds them
   * @param pools ranges of mapped addresses, closed in any case
   * @param closedPorts TCP ports, closed wherever they are
   */
  public DestinationPolicy(List<Prefix> opened, List<Prefix> pools, List<Integer> closedPorts) {
    closedPorts.forEach(this.closedPorts::set);
    this.opened = opened.toArray(Prefix[]::new);
    this.closed = Stream.of(CLOSED4, CLOSED6, pools).flatMap(List::stream).toArray(Prefix[]::new);
  }

  private static List<Prefix> parse(String... texts) {
    return Stream.of(texts).map(Prefix::parse).toList();
  }

  /** The IPv6 prefixes that hide an IPv4 prefix. */
  private static List<Prefix> hiding(Prefix v4) {
    long address = v4.lo() & 0xffff_ffffL;
    return List.of(
        new Prefix(SIX_TO_FOUR.hi() | address << 16, 0, SIX_TO_FOUR.bits() + v4.bits()),
        new Prefix(NAT64.hi(), address, NAT64.bits() + v4.bits()));
  }

  /** Sets this node's own addresses. */
  public void ownAddresses(List<Address> addresses) {
    own = addresses.stream().flatMapToLong(DestinationPolicy::halves).toArray();
  }

  private static LongStream halves(Address address) {
    return LongStream.of(address.hi(), address.lo());
  }

  /** Whether a client may reach an address of either family. */
  boolean permits(long hi, long lo) {
    if (contains(opened, hi, lo)) {
      return true;
    }
    return !contains(closed, hi, lo) && !isOwn(hi, lo) && !hidesOwn(hi, lo);
  }

  /** Whether a client may reach a TCP port. */
  boolean permitsPort(int port) {
    return !closedPorts.get(port);
  }

  private boolean hidesOwn(long hi, long lo) {
    if (NAT64.contains(hi, lo)) {
      return isOwn(0, Addresses.v4((int) lo));
    }
    return SIX_TO_FOUR.contains(hi, lo) && isOwn(0, Addresses.v4((int) (hi >>> 16)));
  }

  private boolean isOwn(long hi, long lo) {
    for (int i = 0; i < own.length; i += 2) {
      if (own[i] == hi && own[i + 1] == lo) {
        return true;
      }
    }
    return false;
  }

  private static boolean contains(Prefix[] prefixes, long hi, long lo) {
    for (Prefix prefix : prefixes) {
      if (prefix.contains(hi, lo)) {
        return true;
      }
    }
    return false;
  }
}
