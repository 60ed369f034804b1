// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import oasis.packet.Addresses;
import oasis.packet.Prefix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SourcesTest {
  @ParameterizedTest
  @ValueSource(strings = {"100.64.0.0/24", "100.64.0.0/10", "fd6f::/112", "fd6f::/64"})
  void aFreedAddressIsGivenAgainLast(String text) {
    Prefix prefix = Prefix.parse(text);
    AddressPool pool = new AddressPool(prefix, 1, 5);
    Set<Long> seen = new HashSet<>();
    for (int i = 0; i < AddressPool.size(prefix); i++) {
      pool.take(0);
      assertThat(seen.add(pool.lo(0))).isTrue();
      assertThat(prefix.contains(pool.hi(), pool.lo(0))).isTrue();
      assertThat(pool.lo(0)).isNotEqualTo(ExitEngine.ownAddress(prefix).lo());
      assertThat(pool.source(pool.hi(), pool.lo(0))).isZero();
      pool.free(0);
      assertThat(pool.source(pool.hi(), pool.lo(0))).isNegative();
    }
    pool.take(0);
    assertThat(seen.add(pool.lo(0))).isFalse();
    assertThat(AddressPool.size(Prefix.parse("100.64.0.0/24"))).isEqualTo(253);
  }

  @Test
  void anAddressOutsideTheUsedPartIsUnknown() {
    AddressPool pool = new AddressPool(Prefix.parse("100.64.0.0/10"), 3, 77);
    assertThat(pool.source(0, 0)).isNegative();
    assertThat(pool.source(0, Long.MAX_VALUE)).isNegative();
    assertThat(pool.source(0, Addresses.v4(-1))).isNegative();
    AddressPool pool6 = new AddressPool(Prefix.parse("fd6f::/64"), 3, 77);
    pool6.take(1);
    assertThat(pool6.source(pool6.hi(), pool6.lo(1))).isEqualTo(1);
    assertThat(pool6.source(pool6.hi() + 1, pool6.lo(1))).isNegative();
    assertThat(pool6.source(pool6.hi(), -1)).isNegative();
  }

  @Test
  void whenThereIsNoRoomTheOneIdleForLongestGoesButNoneThatIsHeld() {
    Sources sources = new Sources(3, 5);
    int a = sources.add(0, 0, 1, 1);
    int b = sources.add(0, 0, 2, 2);
    int c = sources.add(0, 0, 3, 3);
    assertThat(sources.toEvict()).isEqualTo(a);
    sources.hold(a);
    assertThat(sources.toEvict()).isEqualTo(b);
    sources.hold(b);
    sources.release(a, 4);
    assertThat(sources.toEvict()).isEqualTo(c);
    sources.hold(c);
    assertThat(sources.toEvict()).isEqualTo(a);
    sources.hold(a);
    assertThat(sources.exhausted()).isTrue();
    sources.release(b, 5);
    assertThat(sources.exhausted()).isFalse();
    assertThat(sources.nextDeadlineNs()).isEqualTo(5 + Sources.IDLE_NS);
    assertThat(sources.expired(4 + Sources.IDLE_NS)).isNegative();
    assertThat(sources.expired(5 + Sources.IDLE_NS)).isEqualTo(b);
  }
}
