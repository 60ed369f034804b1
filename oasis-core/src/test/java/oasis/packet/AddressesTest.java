// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.List;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressesTest {
  @Test
  void ipv4IsHeldMapped() {
    Address a = Address.parse("10.1.2.255");
    assertThat(a.hi()).isZero();
    assertThat(a.lo()).isEqualTo(0x0000_ffff_0a01_02ffL);
    assertThat(a.isV4()).isTrue();
    assertThat(Address.parse("::ffff:10.1.2.255")).isEqualTo(a).hasToString("10.1.2.255");
  }

  @Test
  void ipv6IsWrittenAsRfc5952Says() {
    assertText("2001:DB8:0:0:0:0:0:1", "2001:db8::1");
    assertText("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1");
    assertText("2001:0:0:1:0:0:0:1", "2001:0:0:1::1");
    assertText("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1");
    assertText("0:0:0:0:0:0:0:0", "::");
    assertText("::1", "::1");
    assertText("fe80::", "fe80::");
    assertText("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0");
    assertText("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8");
    assertText("64:ff9b::192.0.2.33", "64:ff9b::c000:221");
  }

  private static void assertText(String text, String canonical) {
    assertThat(Address.parse(text)).hasToString(canonical);
  }

  @Test
  void whatIsNoAddressIsRefusedInOneLine() {
    for (String text :
        List.of(
            "",
            ".",
            ":",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.256",
            "01.2.3.4",
            "1.2.3.4 ",
            "1..3.4",
            "1.2.3.-4",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9",
            "1::2::3",
            ":::",
            "1:",
            ":1",
            "1:2:3:4:5:6:7:8::",
            "::1:2:3:4:5:6:7:8",
            "12345::",
            "g::",
            "::1.2.3",
            "fe80::1%eth0",
            "1:2:3:4:5:6:7:1.2.3.4",
            "localhost",
            "١.2.3.4",
            "::1.2.3.4:5")) {
      assertThatThrownBy(() -> Address.parse(text))
          .as(text)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("'" + text + "'");
    }
  }

  @Test
  void textAndLongsAgreeWithTheJdk() {
    Gen.cases(
        3000,
        gen -> {
          byte[] raw = gen.bytes(gen.flip() ? 4 : 16);
          for (int i = 0; raw.length == 16 && i < 16; i += 2) {
            if (gen.chance(0.4)) {
              raw[i] = 0;
              raw[i + 1] = 0;
            }
          }
          InetAddress theirs = InetAddress.getByAddress(raw);
          Address ours = Address.parse(theirs.getHostAddress());
          ByteBuffer b = ByteBuffer.wrap(raw);
          if (theirs.getAddress().length == 16) {
            assertThat(ours).isEqualTo(new Address(b.getLong(0), b.getLong(8)));
            assertThat(InetAddress.getByName(ours.toString())).isEqualTo(theirs);
          } else {
            assertThat(ours.toString()).isEqualTo(theirs.getHostAddress());
          }
          assertThat(Addresses.isMulticast(ours.hi(), ours.lo()))
              .isEqualTo(theirs.isMulticastAddress());
          assertThat(Addresses.isUnspecified(ours.hi(), ours.lo()))
              .isEqualTo(theirs.isAnyLocalAddress());
          assertThat(Address.parse(ours.toString())).isEqualTo(ours);
        });
  }

  @Test
  void anyTextIsReadOrRefused() {
    Gen.cases(
        20_000,
        gen -> {
          StringBuilder text = new StringBuilder();
          for (int i = gen.below(24); i > 0; i--) {
            text.append("0123456789abcF:.::..%/ ".charAt(gen.below(23)));
          }
          try {
            Address a = Address.parse(text.toString());
            assertThat(Address.parse(a.toString())).isEqualTo(a);
            assertThat(InetAddress.getByName(text.toString())).isNotNull();
          } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageContaining("is not an IP address");
          }
        });
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, true, false",
    "127.255.255.255, true, false",
    "128.0.0.1, false, false",
    "::1, true, false",
    "::2, false, false",
    "169.254.1.1, false, true",
    "169.255.0.0, false, false",
    "fe80::1, false, true",
    "febf:ffff::1, false, true",
    "fec0::1, false, false",
    "fdc6:1200:4710::1, false, false",
  })
  void loopbackAndLinkLocalAddressesAreTold(String text, boolean loopback, boolean linkLocal) {
    Address a = Address.parse(text);
    assertThat(Addresses.isLoopback(a.hi(), a.lo())).isEqualTo(loopback);
    assertThat(Addresses.isLinkLocal(a.hi(), a.lo())).isEqualTo(linkLocal);
  }

  @Test
  void aPrefixHoldsItsAddressesOnly() {
    Prefix p = Prefix.parse("198.18.0.0/15");
    assertThat(contains(p, "198.19.255.255")).isTrue();
    assertThat(contains(p, "198.20.0.0")).isFalse();
    assertThat(contains(p, "198.17.255.255")).isFalse();
    assertThat(Addresses.text(p.lastHi(), p.lastLo())).isEqualTo("198.19.255.255");
    assertThat(contains(Prefix.parse("0.0.0.0/0"), "255.255.255.255")).isTrue();
    assertThat(contains(Prefix.parse("0.0.0.0/0"), "::1")).isFalse();
    assertThat(contains(Prefix.parse("::/0"), "ffff::1")).isTrue();
    assertThat(contains(Prefix.parse("::/0"), "1.2.3.4")).isFalse();
    assertThat(contains(Prefix.parse("2001:db8::/63"), "2001:db8:0:1::5")).isTrue();
    assertThat(contains(Prefix.parse("2001:db8::/65"), "2001:db8::8000:0:0:0")).isFalse();
    assertThat(contains(Prefix.parse("10.0.0.1"), "10.0.0.1")).isTrue();
    assertThat(Prefix.parse("10.0.0.1")).hasToString("10.0.0.1/32");
    assertThat(Prefix.parse("10.0.0.0/8").contains(Prefix.parse("10.2.0.0/16"))).isTrue();
    assertThat(Prefix.parse("10.2.0.0/16").contains(Prefix.parse("10.0.0.0/8"))).isFalse();
  }

  private static boolean contains(Prefix prefix, String text) {
    Address a = Address.parse(text);
    return prefix.contains(a.hi(), a.lo());
  }

  @Test
  void theLengthOfAnIpv4MappedPrefixCountsAllItsBits() {
    assertThat(Prefix.parse("::ffff:10.0.0.0/104")).isEqualTo(Prefix.parse("10.0.0.0/8"));
    assertThat(Prefix.parse("::ffff:a00:1/128")).isEqualTo(Prefix.parse("10.0.0.1"));
    assertThat(Prefix.parse("::ffff:10.0.0.1")).isEqualTo(Prefix.parse("10.0.0.1"));
    assertThat(Prefix.parse("::ffff:0:0/96")).isEqualTo(Prefix.parse("0.0.0.0/0"));
    for (String text : List.of("::ffff:10.0.0.0/8", "::ffff:0:0/95", "::ffff:0:0/129")) {
      assertThatThrownBy(() -> Prefix.parse(text))
          .hasMessageContaining(text)
          .hasMessageContaining("96 to 128");
    }
  }

  @Test
  void aBadPrefixSaysWhatIsWrong() {
    assertThatThrownBy(() -> Prefix.parse("10.0.0.0/33")).hasMessageContaining("not 0 to 32");
    assertThatThrownBy(() -> Prefix.parse("10.0.0.0/")).hasMessageContaining("10.0.0.0/");
    assertThatThrownBy(() -> Prefix.parse("10.0.0.0/08")).hasMessageContaining("decimal");
    assertThatThrownBy(() -> Prefix.parse("10.1.2.3/8")).hasMessageContaining("10.0.0.0/8");
    assertThatThrownBy(() -> Prefix.parse("x/8")).hasMessageContaining("'x'");
  }
}
