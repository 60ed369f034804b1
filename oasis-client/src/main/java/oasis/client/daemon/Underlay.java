// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import oasis.client.engine.ClientEngine;
import oasis.flow.NatEngine;
import oasis.flow.NatLimits;
import oasis.io.DataLoop;
import oasis.io.LinuxCapturePort;
import oasis.os.OsException;
import oasis.os.linux.EnslavedInterfaces;
import oasis.os.linux.Errno;
import oasis.os.linux.LocalAddress;
import oasis.os.linux.SourceAddress;
import oasis.os.linux.Sys;
import oasis.packet.Address;

/**
 * Keeps OC0 at the addresses, one of each family, that this host uses towards the Internet. They
 * change when the host moves to another network, so they are looked for again and again, by one
 * thread.
 */
final class Underlay {
  /** No interface has it. */
  private static final int NO_INDEX = 0;

  private final String tun;
  private final int tunIndex;
  private final boolean ipv6;
  private final LinuxCapturePort capture;

  private final UnderlayUse use;

  private volatile Addresses addresses;

  /** OC0's address of each family, as far as the host has one. */
  record Addresses(Optional<Address> v4, Optional<Address> v6) {
    static final Addresses NONE = new Addresses(Optional.empty(), Optional.empty());

    List<Address> all() {
      return Stream.concat(v4.stream(), v6.stream()).toList();
    }

    /** Lets the engine translate to these, which ends the flows of a family that has changed. */
    void give(NatEngine nat) {
      nat.setExternal4(v4.map(Address::lo).orElse(0L));
      nat.setExternal6(v6.map(Address::hi).orElse(0L), v6.map(Address::lo).orElse(0L));
    }
  }

  private Underlay(String tun, boolean ipv6, NatLimits ports) throws OsException {
    this.tun = tun;
    this.ipv6 = ipv6;
    tunIndex =
        tun.isEmpty() ? NO_INDEX : Errno.check(Sys.ifNameToIndex(tun), "if_nametoindex", tun);
    // Whose packets the capture leaves out: our own device, and parts of others.
    int[] excluded = EnslavedInterfaces.list(tunIndex);
    addresses = find(tun, ipv6, Addresses.NONE);
    capture =
        LinuxCapturePort.open(
            addresses.all(), ports.firstPort(), ports.lastPort(), excluded, false);
    use = new UnderlayUse(capture::retarget, addresses, excluded);
  }

  /**
   * Opens the socket on which the answers to OC0's packets arrive.
   *
   * @param tun name of our device, empty without one
   * @param ipv6 whether OC0 carries IPv6
   */
  static Underlay open(String tun, boolean ipv6, NatLimits ports) throws OsException {
    return new Underlay(tun, ipv6, ports);
  }

  LinuxCapturePort capture() {
    return capture;
  }

  /** What the host has, as far as was found last; any thread. */
  Addresses addresses() {
    return addresses;
  }

  /**
   * Looks for the addresses again; TCP connections of a family whose address has changed are reset,
   * other flows begin anew.
   *
   * @throws OsException when the kernel does not list its interfaces
   */
  void follow(DataLoop loop, NatEngine nat, ClientEngine engine) throws OsException {
    Addresses now = find(tun, ipv6, use.used());
    int[] parts = EnslavedInterfaces.list(tunIndex);
    addresses = now;
    use.follow(now, parts, loop::submit, nat, engine::onUnderlayMoved);
  }

  private static Addresses find(String tun, boolean ipv6, Addresses used) {
    return new Addresses(
        find(tun, SourceAddress.FAR4, used.v4()),
        ipv6 ? find(tun, SourceAddress.FAR6, used.v6()) : Optional.empty());
  }

  /** While no route leads to the Internet, another interface's address would be no better. */
  private static Optional<Address> find(String tun, Address far, Optional<Address> used) {
    int mark = ClientNetwork.EXEMPT_MARK;
    if (SourceAddress.towards(far, mark).isEmpty()
        && used.filter(SourceAddress::isAssigned).isPresent()) {
      return used;
    }
    return LocalAddress.next(used, SourceAddress.towardsInternet(far.isV4(), mark, tun));
  }
}
