// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import oasis.client.daemon.Underlay.Addresses;
import oasis.flow.NatEngine;
import oasis.os.OsException;
import oasis.packet.Address;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes OC0 from the addresses that it has to those that the host has. While the host has none of a
 * family, OC0 keeps the last one, because the same one may be there again soon. Where the capture
 * does not follow, it is tried again. One thread calls; the data loop does what it says.
 */
final class UnderlayUse {
  private static final Logger LOG = LoggerFactory.getLogger(UnderlayUse.class);

  private final Filter filter;

  /** OC0's addresses, and whether the host has that of IPv6 at the moment. */
  private Addresses used;

  private boolean has6;
  private int[] excluded;

  /** Set by the data loop. */
  private volatile boolean failed;

  /** What the filter takes packets for; the data loop's. */
  private Addresses filtered;

  /** The capture's filter. */
  @FunctionalInterface
  interface Filter {
    /** As {@link oasis.io.LinuxCapturePort#retarget(List, int[])}. */
    void retarget(List<Address> local, int[] excluded) throws OsException;
  }

  /** Learns of which families the address is another. */
  @FunctionalInterface
  interface Moved {
    void onUnderlayMoved(boolean ipv4, boolean ipv6);
  }

  UnderlayUse(Filter filter, Addresses first, int[] excluded) {
    this.filter = filter;
    used = first;
    filtered = first;
    has6 = first.v6().isPresent();
    this.excluded = excluded.clone();
  }

  /** OC0's addresses, which the host may lack at the moment. */
  Addresses used() {
    return used;
  }

  /**
   * Follows the host.
   *
   * @param now what the host has
   * @param parts interfaces that the capture leaves out
   * @param loop runs a command on the data loop
   */
  void follow(Addresses now, int[] parts, Consumer<Runnable> loop, NatEngine nat, Moved observer) {
    Addresses next = new Addresses(now.v4().or(used::v4), now.v6().or(used::v6));
    boolean next6 = now.v6().isPresent();
    if (next.equals(used) && next6 == has6 && Arrays.equals(parts, excluded) && !failed) {
      return;
    }
    boolean moved4 = isOther(used.v4(), next.v4());
    boolean moved6 = isOther(used.v6(), next.v6());
    used = next;
    has6 = next6;
    excluded = parts.clone();
    failed = false;
    loop.accept(
        () -> {
          reach(next, parts).give(nat);
          nat.setAway6(!next6);
          observer.onUnderlayMoved(moved4, moved6);
        });
  }

  /** The addresses of which answers arrive from now on. */
  private Addresses reach(Addresses next, int[] parts) {
    try {
      filter.retarget(next.all(), parts);
      filtered = next;
      return next;
    } catch (OsException e) {
      LOG.warn("the underlay's packets are still taken as before: {}; tried again", e.getMessage());
      failed = true;
      return new Addresses(
          next.v4().filter(one -> filtered.v4().equals(next.v4())),
          next.v6().filter(one -> filtered.v6().equals(next.v6())));
    }
  }

  private static boolean isOther(Optional<Address> before, Optional<Address> now) {
    return before.isPresent() && !before.equals(now);
  }
}
