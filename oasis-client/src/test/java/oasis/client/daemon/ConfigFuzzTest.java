// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.util.Arrays;
import oasis.io.config.ConfigException;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

class ConfigFuzzTest {
  private static final Overlay.Source SOURCE =
      (name, url) -> Overlay.parse(name, url, Overlay.ADDRESSES_ONLY);

  private static final byte[] SEED_DOCUMENT =
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <!-- mine -->
      <client xmlns="urn:oasis:client:1" mediate="true" fake-range6="fd00:1::/112">
        <overlay name="ron" url="udp://192.0.2.10:7400?mtu=1280"/>
        <overlay name="six" url="udp://[2001:db8::1]:7400"/>
        <rule>name:*.edu ron</rule>
        <rule disabled="true"><![CDATA[tcp dport 80 ron]]></rule>
      </client>
      """
          .getBytes(UTF_8);

  @Test
  void aDamagedDocumentIsReadOrRefusedOnOneLine() {
    Gen.cases(
        1_500,
        gen -> {
          byte[] bytes = damage(gen, SEED_DOCUMENT.clone());
          try {
            new ConfigReader("f", new ByteArrayInputStream(bytes), SOURCE).read();
          } catch (ConfigException e) {
            assertThat(e.getMessage()).startsWith("f, line ").doesNotContain("\n", "\r");
          }
        });
  }

  @Test
  void whateverIsReadIsWrittenAndReadBack() {
    Gen.cases(
        500,
        gen -> {
          ClientConfig config;
          try {
            byte[] bytes = damage(gen, SEED_DOCUMENT.clone());
            config = new ConfigReader("f", new ByteArrayInputStream(bytes), SOURCE).read();
          } catch (ConfigException e) {
            return;
          }
          byte[] again = ConfigFile.toXml(config).getBytes(UTF_8);
          assertThat(new ConfigReader("f", new ByteArrayInputStream(again), SOURCE).read())
              .isEqualTo(config);
        });
  }

  /** Changes, cuts or repeats bytes in one to three places. */
  static byte[] damage(Gen gen, byte[] document) {
    byte[] bytes = document;
    for (int i = gen.range(1, 3); i > 0; i--) {
      int at = gen.below(bytes.length);
      switch (gen.below(4)) {
        case 0 -> bytes[at] = (byte) gen.anyInt();
        case 1 -> bytes[at] = (byte) "<>&;\"'/!?[]-= \n".charAt(gen.below(15));
        case 2 -> bytes = Arrays.copyOf(bytes, Math.max(1, at));
        default -> {
          int from = gen.below(bytes.length);
          System.arraycopy(bytes, from, bytes, at, Math.min(8, bytes.length - Math.max(at, from)));
        }
      }
    }
    return bytes;
  }
}
