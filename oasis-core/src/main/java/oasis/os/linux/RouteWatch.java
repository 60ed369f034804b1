// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import oasis.os.Memory;
import oasis.os.OsException;

/**
 * Hears from the kernel that the host's network changes. It says what kind of thing changed, not
 * which one: whoever needs to know asks again. Nothing is allocated after construction. Confined to
 * one thread.
 */
public final class RouteWatch implements AutoCloseable {
  /** A network interface came, went or changed. */
  public static final int LINK = 1;

  /** A neighbour became known, changed its link address, or was lost. */
  public static final int NEIGHBOUR = 2;

  /** A route, a next hop object or a routing rule of either family changed. */
  public static final int ROUTE = 4;

  /** An address of this host came or went. */
  public static final int ADDRESS = 8;

  /** Everything. */
  public static final int ALL = LINK | NEIGHBOUR | ROUTE | ADDRESS;

  // Bits of multicast groups: 1 << (RTNLGRP_* - 1).
  private static final int GROUPS_LINK = 1;
  private static final int GROUPS_NEIGHBOUR = 1 << 2;
  private static final int GROUPS_ADDRESS = 1 << 4 | 1 << 8;
  private static final int GROUPS_ROUTE = 1 << 6 | 1 << 7 | 1 << 10 | 1 << 18 | 1 << 31;

  private static final int RTM_NEWADDR = 20;
  private static final int RTM_NEWRULE = 32;
  private static final int RTM_NEWNEXTHOP = 104;

  /** Of each kind there are four messages: new, delete, get and set. */
  private static final int KIND_MASK = ~3;

  private static final int BYTES = 32 * 1024;
  private static final int MAX_READS = 64;

  private final int fd;
  private final Memory memory = Memory.allocate(BYTES);
  private final NetlinkReader reader = new NetlinkReader();

  private RouteWatch(int fd) {
    this.fd = fd;
  }

  /**
   * Opens a socket in the network namespace of the calling thread. It needs no privilege.
   *
   * @param kinds what to hear of: a sum of {@link #LINK}, {@link #NEIGHBOUR}, {@link #ROUTE} and
   *     {@link #ADDRESS}
   */
  public static RouteWatch open(int kinds) throws OsException {
    int groups =
        ((kinds & LINK) != 0 ? GROUPS_LINK : 0)
            | ((kinds & NEIGHBOUR) != 0 ? GROUPS_NEIGHBOUR : 0)
            | ((kinds & ROUTE) != 0 ? GROUPS_ROUTE : 0)
            | ((kinds & ADDRESS) != 0 ? GROUPS_ADDRESS : 0);
    return new RouteWatch(Netlink.open(Netlink.ROUTE, groups));
  }

  /** Becomes readable when something changed. */
  public int fd() {
    return fd;
  }

  /**
   * Reads what has been heard, without waiting and at most a batch of it.
   *
   * @return the kinds that changed, {@link #ALL} when messages were lost, 0 when nothing was heard
   */
  public int read() {
    int changed = 0;
    for (int i = 0; i < MAX_READS; i++) {
      long bytes = Sys.read(fd, memory.address(), BYTES);
      if (bytes == -Errno.EAGAIN) {
        return changed;
      }
      changed |= bytes < 0 ? ALL : kinds((int) bytes);
    }
    return changed;
  }

  private int kinds(int bytes) {
    int kinds = 0;
    reader.begin(memory.buffer(), bytes);
    while (reader.next()) {
      kinds |=
          switch (reader.type() & KIND_MASK) {
            case NetlinkReader.RTM_NEWLINK -> LINK;
            case NetlinkReader.RTM_NEWNEIGH -> NEIGHBOUR;
            case NetlinkReader.RTM_NEWROUTE, RTM_NEWRULE, RTM_NEWNEXTHOP -> ROUTE;
            case RTM_NEWADDR -> ADDRESS;
            default -> 0;
          };
    }
    return kinds;
  }

  @Override
  public void close() {
    Sys.close(fd);
  }
}
