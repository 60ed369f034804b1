// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import oasis.io.config.ConfigException;
import oasis.os.linux.SourceAddress;
import oasis.packet.Address;
import oasis.packet.Addresses;

/** Resolves the host name in an overlay's URL by the resolver of this host. */
final class HostNames {
  private HostNames() {}

  /**
   * Takes the first address, of either family, that a route leads to; may wait for servers.
   *
   * @param realOf what an address stands for: this host's programs may get a fake one, and the
   *     client itself must not send its own traffic to itself
   */
  static Overlay.Resolver resolver(UnaryOperator<Address> realOf) {
    return host -> addressOf(host, realOf);
  }

  private static Address addressOf(String host, UnaryOperator<Address> realOf)
      throws ConfigException {
    List<Address> all;
    try {
      all = Arrays.stream(InetAddress.getAllByName(host)).map(HostNames::of).map(realOf).toList();
    } catch (UnknownHostException e) {
      throw new ConfigException("host \"" + host + "\" cannot be resolved");
    }
    return all.stream()
        .filter(one -> SourceAddress.towards(one, ClientNetwork.EXEMPT_MARK).isPresent())
        .findFirst()
        .orElse(all.get(0));
  }

  private static Address of(InetAddress address) {
    ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
    return bytes.limit() == 4
        ? new Address(0, Addresses.v4(bytes.getInt(0)))
        : new Address(bytes.getLong(0), bytes.getLong(8));
  }
}
