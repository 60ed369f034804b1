// SPDX-License-Identifier: Apache-2.0
package oasis.planetlab.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import oasis.packet.Address;
import org.junit.jupiter.api.Test;

class NameServersTest {
  @Test
  void onlyServersThatPacketsReachAreTaken() {
    List<String> lines =
        List.of(
            "# nameserver 192.0.2.9",
            "search example.org",
            "nameserver 127.0.0.53",
            "  nameserver\t192.0.2.1 # the first",
            "nameserver ::1",
            "nameserver fe80::1%eth0",
            "nameserver fe80::1",
            "nameserver 169.254.169.254", // the resolver of some clouds
            "nameserver 2001:db8::53",
            "nameserver",
            "nameserver nonsense");
    assertThat(NameServers.parse(lines))
        .containsExactly(
            Address.parse("192.0.2.1"),
            Address.parse("169.254.169.254"),
            Address.parse("2001:db8::53"));
  }
}
