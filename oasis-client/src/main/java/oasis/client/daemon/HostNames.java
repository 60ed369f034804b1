// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

/** Resolves the host name in an overlay's URL by the resolver of this host. */
final class HostNames {
  /** Takes the first IPv4 address; may wait for name servers. */
  static final Overlay.Resolver RESOLVER = HostNames::addressOf;

  private HostNames() {}

  private static String addressOf(String host) throws ConfigException {
    try {
      for (InetAddress address : InetAddress.getAllByName(host)) {
        if (address instanceof Inet4Address) {
          return address.getHostAddress();
        }
      }
      throw new ConfigException("host \"" + host + "\" has no IPv4 address");
    } catch (UnknownHostException e) {
      throw new ConfigException("host \"" + host + "\" cannot be resolved");
    }
  }
}
