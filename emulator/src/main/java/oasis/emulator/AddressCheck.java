// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.util.HashMap;
import java.util.Map;
import oasis.emulator.Topology.End;
import oasis.emulator.Topology.LinkSpec;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Prefix;
import org.jspecify.annotations.Nullable;

/**
 * Refuses addresses of links that could not work: those no host can have, those used twice, ends in
 * different networks, networks that overlap. Fed with one link after the other.
 */
final class AddressCheck {
  /** RFC 8200, section 5. */
  private static final int LEAST_MTU_OF_IPV6 = 1280;

  private static final int LEAST_BITS = 8;

  private final Map<Address, LinkSpec> addresses = new HashMap<>();
  private final Map<Prefix, LinkSpec> networks = new HashMap<>();

  void add(LinkSpec link) {
    if (link.a().addresses().isEmpty() && link.b().addresses().isEmpty()) {
      throw new TopologyException("the ends of link \"" + link.name() + "\" have no address", link);
    }
    if (link.a().address6() != null && link.mtu() < LEAST_MTU_OF_IPV6) {
      throw new TopologyException(
          "mtu of link \"" + link.name() + "\" must be " + LEAST_MTU_OF_IPV6 + " or more for IPv6",
          link);
    }
    family(link, "IPv4", link.a().address4(), link.b().address4());
    family(link, "IPv6", link.a().address6(), link.b().address6());
  }

  private void family(
      LinkSpec link, String family, @Nullable LinkAddress a, @Nullable LinkAddress b) {
    if (a == null && b == null) {
      return;
    }
    if (a == null || b == null) {
      End without = a == null ? link.a() : link.b();
      throw new TopologyException(
          "link \""
              + link.name()
              + "\" has no "
              + family
              + " address at \""
              + without.node()
              + "\", but one at its other end",
          link);
    }
    one(link, family, a);
    one(link, family, b);
    Prefix network = a.network();
    if (!network.equals(b.network())) {
      throw new TopologyException(
          "the ends of link \"" + link.name() + "\" are in different networks: " + a + " and " + b,
          link);
    }
    for (Map.Entry<Prefix, LinkSpec> other : networks.entrySet()) {
      if (other.getKey().contains(network) || network.contains(other.getKey())) {
        throw new TopologyException(
            "links \""
                + other.getValue().name()
                + "\" and \""
                + link.name()
                + "\" have overlapping networks: each link needs its own",
            link);
      }
    }
    networks.put(network, link);
  }

  private void one(LinkSpec link, String family, LinkAddress address) {
    boolean v4 = address.isV4();
    if (v4 != family.equals("IPv4")) {
      throw new TopologyException(address + " is not an " + family + " address", link);
    }
    if (v4 ? !unicast4(address.address()) : !unicast6(address.address())) {
      throw new TopologyException(address + " is not an address for a link's end", link);
    }
    // One bit for the host: both addresses are hosts' (RFC 3021, RFC 6164).
    int most = v4 ? 31 : 127;
    if (address.bits() < LEAST_BITS
        || address.bits() > most
        || (address.bits() < most && !isHost(address))) {
      throw new TopologyException(
          address
              + " must be a host's address within a prefix of "
              + LEAST_BITS
              + " to "
              + most
              + " bits",
          link);
    }
    LinkSpec other = addresses.putIfAbsent(address.address(), link);
    if (other != null) {
      throw new TopologyException(
          "address " + address.host() + " is used twice, on link \"" + other.name() + "\" too",
          link);
    }
  }

  /** Neither the network's own address (for IPv6 the routers' anycast) nor IPv4's broadcast. */
  private static boolean isHost(LinkAddress address) {
    Prefix network = address.network();
    Address own = address.address();
    boolean first = own.lo() == network.lo() && own.hi() == network.hi();
    return !first && !(address.isV4() && own.lo() == network.lastLo());
  }

  private static boolean unicast4(Address address) {
    int first = (int) (address.lo() >>> 24) & 0xff;
    return first != 0 && first != 127 && first < 224;
  }

  /** Link-local addresses are the kernel's to give. */
  private static boolean unicast6(Address address) {
    boolean loopback = address.hi() == 0 && address.lo() == 1;
    boolean linkLocal = address.hi() >>> 54 == 0xfe80 >>> 6;
    return !loopback
        && !linkLocal
        && !Addresses.isUnspecified(address.hi(), address.lo())
        && !Addresses.isMulticast(address.hi(), address.lo());
  }
}
