// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Ip4PrefixTest {
  @Test
  void textIsReadAndPrinted() {
    Gen.cases(
        200,
        gen -> {
          Ip4Prefix prefix = new Ip4Prefix(gen.anyInt(), gen.range(0, 32));
          assertThat(Ip4Prefix.parse(prefix.toString())).isEqualTo(prefix);
        });
  }

  @Test
  void aPlainAddressHas32Bits() {
    assertThat(Ip4Prefix.parse("10.0.0.1")).isEqualTo(new Ip4Prefix(0x0a000001, 32));
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.1/33", "::1", "a.b.c.d", ""})
  void anythingElseIsRefused(String text) {
    assertThatThrownBy(() -> Ip4Prefix.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void networksContainTheirAddresses() {
    Ip4Prefix net = Ip4Prefix.parse("10.1.2.3/24");
    assertThat(net.network()).hasToString("10.1.2.0/24");
    assertThat(net.contains(0x0a0102ff)).isTrue();
    assertThat(net.contains(0x0a010300)).isFalse();
    assertThat(new Ip4Prefix(0, 0).contains(-1)).isTrue();
    assertThat(net.overlaps(Ip4Prefix.parse("10.1.2.128/25"))).isTrue();
    assertThat(Ip4Prefix.parse("10.1.0.0/16").overlaps(net)).isTrue();
    assertThat(net.overlaps(Ip4Prefix.parse("10.1.3.0/24"))).isFalse();
  }
}
