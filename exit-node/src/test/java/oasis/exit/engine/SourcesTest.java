// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import oasis.packet.Addresses;
import oasis.packet.Prefix;
import org.junit.jupiter.api.Test;

class SourcesTest {
  private static final Prefix POOL = Prefix.parse("100.64.0.0/24");

  @Test
  void aFreedAddressIsReusedLast() {
    Sources sources = new Sources(POOL, 1000, 5);
    Set<Long> seen = new HashSet<>();
    for (int i = 0; i < 253; i++) {
      int source = sources.add(0, 1, 1, i, 0, i);
      assertThat(seen.add(sources.mappedLo(source))).isTrue();
      assertThat(POOL.contains(0, sources.mappedLo(source))).isTrue();
      assertThat(sources.mappedLo(source)).isNotEqualTo(ExitEngine.ownAddress(POOL));
      assertThat(sources.byMapped(sources.mappedLo(source))).isEqualTo(source);
      sources.remove(source);
    }
    assertThat(seen).hasSize(253);
  }

  @Test
  void whenAddressesRunOutTheOneIdleForLongestIsTakenBackButNoneThatIsHeld() {
    Sources sources = new Sources(POOL, 3, 5);
    int a = sources.add(0, 1, 1, 1, 0, 1);
    int b = sources.add(0, 1, 1, 2, 0, 2);
    int c = sources.add(0, 1, 1, 3, 0, 3);
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

  @Test
  void anAddressOutsideTheUsedPartIsUnknown() {
    Sources sources = new Sources(Prefix.parse("100.64.0.0/10"), 3, 77);
    assertThat(sources.byMapped(0)).isNegative();
    assertThat(sources.byMapped(Long.MAX_VALUE)).isNegative();
    assertThat(sources.byMapped(Addresses.v4(-1))).isNegative();
  }
}
