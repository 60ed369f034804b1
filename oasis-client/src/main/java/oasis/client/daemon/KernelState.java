// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import oasis.os.HostRoutes.Route;
import oasis.os.OsException;
import oasis.os.linux.RouteSocket;
import oasis.os.linux.SourceAddress;
import oasis.os.linux.Sys;
import oasis.packet.Address;
import oasis.packet.Prefix;

/**
 * Whether the kernel still leads packets into our device, asked as a packet would ask: by looking
 * up routes, with our mark and without. Programs that configure the network (systemd-networkd,
 * NetworkManager, VPNs) remove rules and routes that they do not know. About the network namespace
 * of the calling thread.
 */
final class KernelState {
  /** Addresses that no host ever has: RFC 7600 section 4.8 and RFC 6666. */
  private static final Address NOBODY4 = Address.parse("192.0.0.8");

  private static final Address NOBODY6 = Address.parse("100::1");

  private static final String LOOSE = "2";

  private KernelState() {}

  /** Whether addresses, routes, ip rules and the settings of the device are as we made them. */
  static boolean isIntact(ClientNetworkConfig config) throws OsException {
    String fakeRange6 = config.fakeRange6();
    try (RouteSocket routes = RouteSocket.open()) {
      return leads(routes, config.tun(), config.fakeRange(), NOBODY4)
          && (fakeRange6 == null || leads(routes, config.tun(), fakeRange6, NOBODY6))
          && isLoose(config.tun());
    }
  }

  private static boolean leads(RouteSocket routes, String tun, String fakeRange, Address nobody) {
    Prefix range = Prefix.parse(fakeRange);
    int device = Sys.ifNameToIndex(tun);
    return SourceAddress.isAssigned(Address.parse(ClientNetworkConfig.second(fakeRange)))
        && leavesBy(device, routes, new Address(range.hi(), range.lo() + 2), 0)
        && leavesBy(device, routes, nobody, ClientNetwork.CAPTURE_MARK);
  }

  private static boolean leavesBy(int device, RouteSocket routes, Address to, int mark) {
    Route route = new Route();
    return routes.route(to.hi(), to.lo(), mark, route) == 0 && route.interfaceIndex == device;
  }

  /** Answers come in by our device from addresses that the main table routes elsewhere. */
  private static boolean isLoose(String tun) {
    Path setting = Path.of("/proc/sys/net/ipv4/conf", tun, "rp_filter");
    try {
      return Files.readString(setting).strip().equals(LOOSE);
    } catch (IOException e) {
      return true; // what cannot be read cannot be set either
    }
  }
}
