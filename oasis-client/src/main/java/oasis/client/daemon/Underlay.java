// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.StandardProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.util.List;
import oasis.flow.NatEngine;
import oasis.flow.NatLimits;
import oasis.io.DataLoop;
import oasis.io.LinuxCapturePort;
import oasis.io.LinuxTun;
import oasis.os.OsException;
import oasis.os.linux.Errno;
import oasis.os.linux.Sys;
import oasis.packet.Address;
import oasis.packet.Addresses;

/**
 * Keeps OC0 at the address that this host uses towards the Internet. It changes when the host moves
 * to another network, so it is looked for again and again, by one thread.
 */
final class Underlay {
  /** Any address that only the default route leads to; nothing is ever sent there. */
  private static final byte[] FAR = {(byte) 203, 0, 113, 1};

  private static final int DISCARD_PORT = 9;

  private final LinuxTun tun;
  private final LinuxCapturePort capture;
  private long address;

  private Underlay(LinuxTun tun, LinuxCapturePort capture, long address) {
    this.tun = tun;
    this.capture = capture;
    this.address = address;
  }

  /** Opens the socket on which the answers to OC0's packets arrive. */
  static Underlay open(LinuxTun tun, NatLimits ports) throws OsException {
    long address = find(tun.name());
    int index = Sys.ifNameToIndex(tun.name());
    Errno.check(index, "if_nametoindex", tun.name());
    return new Underlay(
        tun,
        LinuxCapturePort.open(
            taken(address), ports.firstPort(), ports.lastPort(), new int[] {index}),
        address);
  }

  LinuxCapturePort capture() {
    return capture;
  }

  /** The address found last, low half of an IPv4-mapped address; 0 when the host has none. */
  long address() {
    return address;
  }

  /**
   * Looks for the address again; when it has changed, all flows of OC0 begin anew.
   *
   * @return whether it has changed
   */
  boolean follow(DataLoop loop, NatEngine nat) {
    long now = find(tun.name());
    if (now == address) {
      return false;
    }
    address = now;
    loop.submit(
        () -> {
          nat.setExternal4(now);
          try {
            capture.retarget(taken(now));
          } catch (OsException e) {
            nat.setExternal4(0); // no answer would arrive
          }
        });
    return true;
  }

  private static List<Address> taken(long address) {
    return address == 0 ? List.of() : List.of(new Address(0, address));
  }

  private static long find(String tun) {
    try (DatagramChannel probe = DatagramChannel.open(StandardProtocolFamily.INET)) {
      probe.connect(new InetSocketAddress(InetAddress.getByAddress(FAR), DISCARD_PORT));
      if (probe.getLocalAddress() instanceof InetSocketAddress local) {
        return lo(local.getAddress());
      }
    } catch (IOException e) {
      // No default route.
    }
    return firstOfInterfaces(tun);
  }

  private static long firstOfInterfaces(String tun) {
    try {
      return NetworkInterface.networkInterfaces()
          .filter(one -> !one.getName().equals(tun))
          .flatMap(NetworkInterface::inetAddresses)
          .filter(address -> address instanceof Inet4Address && !address.isLoopbackAddress())
          .mapToLong(Underlay::lo)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }

  private static long lo(InetAddress address) {
    byte[] b = address.getAddress();
    if (b.length != 4 || address.isAnyLocalAddress()) {
      return 0;
    }
    return Addresses.v4((b[0] & 255) << 24 | (b[1] & 255) << 16 | (b[2] & 255) << 8 | b[3] & 255);
  }
}
