// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import oasis.packet.Address;
import oasis.packet.Prefix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DestinationPolicyTest {
  private final DestinationPolicy policy =
      new DestinationPolicy(
          List.of(Prefix.parse("10.6.0.0/16"), Prefix.parse("2001:db8:6::/48")),
          List.of(Prefix.parse("11.0.0.0/8"), Prefix.parse("2600:64::/64")),
          List.of(25, 6667));

  DestinationPolicyTest() {
    policy.ownAddresses(List.of(Address.parse("203.0.113.1"), Address.parse("2600:9::1")));
  }

  private boolean permits(String text) {
    Address address = Address.parse(text);
    return policy.permits(address.hi(), address.lo());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0.1.2.3", "10.1.2.3", "100.64.0.9", "127.0.0.1", "168.63.129.16", "169.254.169.254",
        "172.31.0.1", "192.0.0.192", "192.168.0.1", "198.18.0.5", "224.0.0.1", "239.1.1.1",
        "255.255.255.255", "203.0.113.1", "11.1.1.1"
      })
  void closedIpv4(String text) {
    assertThat(permits(text)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "::",
        "::1",
        "::2",
        "::10.1.2.3",
        "::ffff:0:808:808",
        "64:ff9b:1::808:808",
        "100::1",
        "2001::1",
        "2001:2::1",
        "2001:db8::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fd6f:6173:6973::5",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
        "2600:9::1",
        "2600:64::77"
      })
  void closedIpv6(String text) {
    assertThat(permits(text)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "64:ff9b::10.1.2.3",
        "64:ff9b::127.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b::255.255.255.255",
        "64:ff9b::203.0.113.1",
        "2002:a01:203::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2002:c0a8:1::1",
        "2002:e000:1::1",
        "2002:cb00:7101::9"
      })
  void closedIpv4HiddenInIpv6(String text) {
    assertThat(permits(text)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.1.1.1",
        "10.6.7.8",
        "203.0.113.2",
        "2600:9::2",
        "2a00::1",
        "2001:db8:6::9",
        "2001:200::1",
        "2001:4860:4860::8888",
        "64:ff9b::1.1.1.1",
        "2002:101:101::1"
      })
  void open(String text) {
    assertThat(permits(text)).isTrue();
  }

  @Test
  void onlyTheNamedPortsAreClosed() {
    for (int port : new int[] {24, 26, 80, 465, 587, 6666, 65535}) {
      assertThat(policy.permitsPort(port)).as("port %d", port).isTrue();
    }
    assertThat(policy.permitsPort(25)).isFalse();
    assertThat(policy.permitsPort(6667)).isFalse();
  }

  @Test
  void everyClosedIpv4RangeIsClosedInBothHidingPlaces() {
    assertThat(DestinationPolicy.CLOSED6).hasSize(11 + 2 * DestinationPolicy.CLOSED4.size());
  }
}
