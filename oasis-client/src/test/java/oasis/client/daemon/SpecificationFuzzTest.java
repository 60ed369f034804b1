// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import oasis.io.config.ConfigException;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

/** What strangers write: specifications, and the heads of web servers' answers. */
class SpecificationFuzzTest {
  private static final byte[] DOCUMENT =
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <overlay xmlns="urn:oasis:overlay:1" name="ron" version="3">
        <entry host="192.0.2.10" port="7400"/>
        <entry host="2001:db8::10" port="7400"/>
        <shim length="0"/>
        <mtu>1380</mtu>
      </overlay>
      """
          .getBytes(UTF_8);

  private static final byte[] ANSWER =
      ("HTTP/1.1 302 Found\r\nContent-Length: 10\r\nTransfer-Encoding: identity\r\n"
              + "Location: https://osp.example/ron.xml\r\n\r\n0123456789")
          .getBytes(ISO_8859_1);

  @Test
  void aDamagedSpecificationIsReadOrRefusedOnOneLine() {
    Gen.cases(
        1_500,
        gen -> {
          byte[] bytes = ConfigFuzzTest.damage(gen, DOCUMENT.clone());
          Specification read;
          try {
            read = SpecificationReader.read("f", bytes, Overlay.ADDRESSES_ONLY);
          } catch (ConfigException e) {
            assertThat(e.getMessage()).startsWith("f, line ").doesNotContain("\n", "\r");
            return;
          }
          assertThat(
                  SpecificationReader.read(
                      "f", read.toXml().getBytes(UTF_8), Overlay.ADDRESSES_ONLY))
              .isEqualTo(read);
        });
  }

  @Test
  void aDamagedAnswerIsReadOrRefused() {
    Gen.cases(
        3_000,
        gen -> {
          byte[] bytes = ConfigFuzzTest.damage(gen, ANSWER.clone());
          try {
            Download.Answer answer = Download.answer(new ByteArrayInputStream(bytes));
            assertThat(answer.status()).isBetween(100, 599);
            assertThat(answer.length()).isGreaterThanOrEqualTo(-1);
          } catch (IOException e) {
            assertThat(e).hasMessageContaining("the server");
          }
        });
  }
}
