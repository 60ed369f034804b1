// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.List;
import java.util.stream.Stream;
import oasis.packet.Addresses;
import oasis.packet.Prefix;

/**
 * Where clients may go: everywhere but to the closed ranges and this node's own addresses, unless
 * an opened prefix holds the destination. Asked once per flow, so lists are scanned. IPv4 only.
 */
public final class DestinationPolicy {
  /** Ranges that no stranger's packet should reach from inside this node's network. */
  public static final List<Prefix> CLOSED =
      Stream.of(
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
              "240.0.0.0/4") // reserved (RFC 1112 section 4), and the limited broadcast address
          .map(Prefix::parse)
          .toList();

  private final Prefix[] closed;
  private final Prefix[] opened;
  private long[] own = {};

  /**
   * @param opened prefixes that are reachable although a closed range holds them
   * @param pool range of mapped addresses, closed in any case
   */
  public DestinationPolicy(List<Prefix> opened, Prefix pool) {
    this.opened = opened.toArray(Prefix[]::new);
    this.closed = Stream.concat(CLOSED.stream(), Stream.of(pool)).toArray(Prefix[]::new);
  }

  /** Sets this node's own IPv4 addresses, as low halves. */
  public void ownAddresses(long[] lows) {
    own = lows.clone();
  }

  /** Whether a client may reach an IPv4 address, given as its low half. */
  boolean permits(long lo) {
    if (!Addresses.isV4(0, lo)) {
      return false;
    }
    if (contains(opened, lo)) {
      return true;
    }
    for (long mine : own) {
      if (mine == lo) {
        return false;
      }
    }
    return !contains(closed, lo);
  }

  private static boolean contains(Prefix[] prefixes, long lo) {
    for (Prefix prefix : prefixes) {
      if (prefix.contains(0, lo)) {
        return true;
      }
    }
    return false;
  }
}
