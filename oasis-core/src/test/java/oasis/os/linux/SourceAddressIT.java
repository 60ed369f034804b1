// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Optional;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.packet.Address;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SourceAddressIT {
  private final String name = "oas-source-" + ProcessHandle.current().pid();
  private final CommandRunner host = new LinuxCommandRunner();
  private final CommandRunner inside = LinuxCommandRunner.inNamespace(name);

  @BeforeEach
  void build() throws OsException {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    Netns.create(host, name);
    for (String device : new String[] {"eth0", "oas0"}) {
      inside.check("ip", "link", "add", device, "type", "veth", "peer", "name", device + "p");
      inside.check("ip", "link", "set", device, "up");
    }
    inside.check("ip", "addr", "add", "198.18.0.1/32", "dev", "oas0");
    inside.check("ip", "addr", "add", "2001:db8:1::1/128", "dev", "oas0", "nodad");
  }

  @AfterEach
  void remove() throws OsException {
    Netns.delete(host, name);
  }

  private String found(boolean ipv4) throws Exception {
    Optional<Address> found =
        Netns.in(name, () -> SourceAddress.towardsInternet(ipv4, 0x2000_0000, "oas0"));
    return found.map(Address::toString).orElse("none");
  }

  @Test
  void aHostWithoutAnAddressOfItsOwnHasNone() throws Exception {
    assertThat(found(true)).isEqualTo("none");
    assertThat(found(false)).as("link-local addresses do not count").isEqualTo("none");
  }

  @Test
  void withoutADefaultRouteAnInterfaceSaysIt() throws Exception {
    inside.check("ip", "addr", "add", "192.0.2.9/24", "dev", "eth0");
    inside.check("ip", "addr", "add", "fd00:1::9/64", "dev", "eth0", "nodad");
    assertThat(found(true)).isEqualTo("192.0.2.9");
    assertThat(found(false)).as("a local prefix is no way to the Internet").isEqualTo("none");
    inside.check("ip", "addr", "add", "2001:db8::9/64", "dev", "eth0", "nodad");
    assertThat(found(false)).isEqualTo("2001:db8::9");
  }

  @Test
  void theDefaultRouteDecidesAmongSeveralAddresses() throws Exception {
    inside.check("ip", "addr", "add", "192.0.2.9/24", "dev", "eth0");
    inside.check("ip", "addr", "add", "192.0.2.10/24", "dev", "eth0");
    inside.check("ip", "route", "add", "default", "via", "192.0.2.1", "src", "192.0.2.10");
    inside.check("ip", "addr", "add", "fd00:1::9/64", "dev", "eth0", "nodad");
    inside.check("ip", "-6", "route", "add", "default", "via", "fd00:1::1");
    assertThat(found(true)).isEqualTo("192.0.2.10");
    assertThat(found(false)).isEqualTo("fd00:1::9");
  }

  @Test
  void aFamilyThatTheKernelLacksHasNone() throws Exception {
    inside.check("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1");
    assertThat(found(false)).isEqualTo("none");
    assertThat(SourceAddress.towards(Address.parse("127.0.0.1"), 0)).isEmpty();
  }
}
