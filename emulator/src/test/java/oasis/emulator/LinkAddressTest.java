// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Prefix;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LinkAddressTest {
  private static Address any(Gen gen) {
    return gen.flip()
        ? new Address(0, Addresses.v4(gen.anyInt()))
        : new Address(gen.anyLong(), gen.anyLong());
  }

  @Test
  void textIsReadAndPrinted() {
    Gen.cases(
        300,
        gen -> {
          Address address = any(gen);
          LinkAddress both = new LinkAddress(address, gen.range(0, address.isV4() ? 32 : 128));
          assertThat(LinkAddress.parse(both.toString())).isEqualTo(both);
          assertThat(both.host()).isEqualTo(address.toString());
        });
  }

  @Test
  void theNetworkIsTheAddressWithoutItsHostBits() {
    Gen.cases(
        300,
        gen -> {
          Address address = any(gen);
          int width = address.isV4() ? 32 : 128;
          int bits = gen.range(0, width);
          Prefix network = new LinkAddress(address, bits).network();
          BigInteger hostBits = BigInteger.ONE.shiftLeft(width - bits).subtract(BigInteger.ONE);
          assertThat(number(network.hi(), network.lo()))
              .isEqualTo(number(address.hi(), address.lo()).andNot(hostBits));
          assertThat(network.bits()).isEqualTo(bits);
        });
  }

  private static BigInteger number(long hi, long lo) {
    return new BigInteger(Long.toUnsignedString(hi))
        .shiftLeft(64)
        .or(new BigInteger(Long.toUnsignedString(lo)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "10.0.0/8",
        "10.0.0.1",
        "10.0.0.1/33",
        "10.0.0.1/08",
        "fd00::1",
        "::1/129",
        "/",
        ""
      })
  void anythingElseIsRefused(String text) {
    assertThatThrownBy(() -> LinkAddress.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }
}
