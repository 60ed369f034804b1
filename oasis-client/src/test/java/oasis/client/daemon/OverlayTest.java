// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import oasis.io.Endpoint;
import oasis.io.config.ConfigException;
import oasis.packet.Address;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OverlayTest {
  @Test
  void anAddressAndAPortAreEnough() throws Exception {
    Overlay overlay = parse("udp://192.0.2.10:7400");

    assertThat(overlay.entries()).containsExactly(Endpoint.ipv4(192, 0, 2, 10, 7400));
    assertThat(overlay.mtu()).isEqualTo(1400);
    assertThat(overlay.url()).isEqualTo("udp://192.0.2.10:7400");
  }

  @Test
  void theMtuIsKept() throws Exception {
    assertThat(parse("udp://192.0.2.10:7400?mtu=1280").url())
        .isEqualTo("udp://192.0.2.10:7400?mtu=1280");
  }

  @Test
  void aHostNameIsResolvedOnceAndItsAddressKept() throws Exception {
    for (String[] pair :
        new String[][] {
          {"192.0.2.77", "udp://192.0.2.77:7400"}, {"2001:db8::77", "udp://[2001:db8::77]:7400"}
        }) {
      Overlay overlay =
          Overlay.parse("ron", "udp://node.example:7400", host -> Address.parse(pair[0]));

      assertThat(overlay.url()).isEqualTo(pair[1]);
    }
  }

  @Test
  void anIpv6AddressStandsInBrackets() throws Exception {
    Overlay overlay = parse("udp://[2001:DB8:0::1]:7400?mtu=1280");

    assertThat(overlay.entries()).extracting(Endpoint::text).containsExactly("[2001:db8::1]:7400");
    assertThat(overlay.url()).isEqualTo("udp://[2001:db8::1]:7400?mtu=1280");
    assertThat(parse("udp://[::ffff:192.0.2.10]:7400").url()).isEqualTo("udp://192.0.2.10:7400");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          https://osp.example/ron.xml    | it leads to a specification
          tcp://192.0.2.10:7400          | it must read udp://HOST:PORT
          192.0.2.10:7400                | it is not a URL
          udp://192.0.2.10               | it needs a host and a port
          udp://192.0.2.10:0             | the port must be 1 to 65535
          udp://192.0.2.10:65536         | the port must be 1 to 65535
          udp://[fe80::1]:7400           | fe80::1 is link-local
          udp://[fe80::1%25eth0]:7400    | is not an IP address
          udp://[::]:7400                | is not the address of one host
          udp://[ff02::1]:7400           | is not the address of one host
          udp://[2001:db8::1]            | it needs a host and a port
          udp://2001:db8::1:7400         | it needs a host and a port
          udp://192.0.2.10:7400/x        | nothing but a host, a port
          udp://me@192.0.2.10:7400       | nothing but a host, a port
          udp://192.0.2.10:7400?mtu=10   | mtu must be 576 to 9000
          udp://192.0.2.10:7400?ttl=10   | the only option is ?mtu=BYTES
          udp://node.example:7400        | is not an IP address
          udp://0.0.0.0:7400             | is not the address of one host
          udp://224.0.0.1:7400           | is not the address of one host
          udp://192.0.2.300:7400         | it needs a host and a port
          """)
  void aWrongUrlIsRefusedWithItsReason(String url, String reason) {
    assertThatThrownBy(() -> parse(url))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(reason);
  }

  @ParameterizedTest
  @CsvSource({"''", "Ron", "-ron", "underlay", "not", "tcp", "and", "else", "a b", "a/b", "ö"})
  void aNameThatRulesCouldNotSayIsRefused(String name) {
    assertThatThrownBy(() -> Overlay.parse(name, "udp://192.0.2.10:7400", Overlay.ADDRESSES_ONLY))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("overlay name");
  }

  @ParameterizedTest
  @CsvSource({
    "https://osp.example/ron.xml",
    "https://osp.example:8443/ron.xml?v=3",
    "http://127.0.0.1:8080/ron.xml",
    "http://localhost/ron.xml",
    "http://[::1]/ron.xml",
    "file:/etc/ron.xml",
    "file:///etc/ron.xml"
  })
  void aUrlMayLeadToASpecification(String url) throws Exception {
    assertThat(Overlay.specification(url)).hasToString("Optional[" + url + "]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          http://osp.example/ron.xml       | http is for the loopback only; use https
          http://127.0.0.1.example/ron.xml | http is for the loopback only; use https
          https:///ron.xml                 | it must read https://HOST/PATH
          https://me@osp.example/ron.xml   | it must read https://HOST/PATH
          https://osp.example/ron.xml#x    | it must read https://HOST/PATH
          file:ron.xml                     | it must read file:/PATH
          file://osp.example/ron.xml       | it must read file:/PATH
          ftp://osp.example/ron.xml        | it must read udp://HOST:PORT, https://
          """)
  void aUrlThatIsNotToBeTrustedIsRefused(String url, String reason) {
    assertThatThrownBy(() -> Overlay.specification(url))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(reason);
  }

  private static Overlay parse(String url) throws ConfigException {
    return Overlay.parse("ron", url, Overlay.ADDRESSES_ONLY);
  }

  @ParameterizedTest
  @ValueSource(strings = {"https://osp.example:0/ron.xml", "https://osp.example:65536/ron.xml"})
  void aSpecificationHasAPortThatExists(String url) {
    assertThatThrownBy(() -> Overlay.specification(url))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("a port is 1 to 65535");
  }
}
