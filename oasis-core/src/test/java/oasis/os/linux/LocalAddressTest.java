// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Optional;
import oasis.packet.Address;
import org.junit.jupiter.api.Test;

class LocalAddressTest {
  private static final Optional<Address> NONE = Optional.empty();

  /** An address that every host with IPv6 has; ::2 is of the same network. */
  private static final Optional<Address> OURS = address("::1");

  @Test
  void whatTheHostDoesNotHaveAnyMoreIsReplaced() {
    assertThat(next("2001:db8::5", "2001:db8::6")).isEqualTo(address("2001:db8::6"));
    assertThat(next("192.0.2.5", "192.0.2.6")).isEqualTo(address("192.0.2.6"));
    assertThat(LocalAddress.next(NONE, OURS)).isEqualTo(OURS);
  }

  @Test
  void aPrivacyAddressIsKeptWhileTheHostHasIt() {
    assumeTrue(SourceAddress.isAssigned(Address.parse("::1")), "needs IPv6");
    assertThat(next("::1", "::2")).isEqualTo(OURS);
  }

  @Test
  void anotherNetworkIsFollowedAtOnce() {
    assertThat(next("::1", "2001:db8::2")).isEqualTo(address("2001:db8::2"));
    assertThat(next("127.0.0.1", "127.0.0.2"))
        .as("IPv4 has no privacy addresses")
        .isEqualTo(address("127.0.0.2"));
    assertThat(LocalAddress.next(OURS, NONE)).isEmpty();
  }

  private static Optional<Address> next(String used, String chosen) {
    return LocalAddress.next(address(used), address(chosen));
  }

  private static Optional<Address> address(String text) {
    return Optional.of(Address.parse(text));
  }
}
