// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuantityTest {
  private static final long MOST = 1_000_000_000_000L;

  @Test
  void unitsAreScaledExactly() {
    assertThat(Quantity.timeNs("20ms", MOST)).isEqualTo(20_000_000);
    assertThat(Quantity.timeNs("1.5 us", MOST)).isEqualTo(1_500);
    assertThat(Quantity.timeNs("0.000000001s", MOST)).isEqualTo(1);
    assertThat(Quantity.bitsPerSecond("0.1Mbit/s", MOST)).isEqualTo(100_000);
    assertThat(Quantity.bytes("64KiB", MOST)).isEqualTo(65_536);
    assertThat(Quantity.bytes("64kB", MOST)).isEqualTo(64_000);
    assertThat(Quantity.sharePpb("0.1%", MOST)).isEqualTo(1_000_000);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "20", "ms", "-1ms", "1e3ms", "1,5ms", "20 m s", "20Ms", "20mb", "", " 20ms", ".5s"
      })
  void aNumberWithoutAProperUnitIsRefused(String text) {
    assertThatThrownBy(() -> Quantity.timeNs(text, MOST))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is not a time such as 20ms");
  }

  @Test
  void aValueAboveTheLimitIsRefused() {
    assertThatThrownBy(() -> Quantity.timeNs("999999999999s", MOST))
        .hasMessageContaining("too large");
  }
}
