// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.time.Duration;
import oasis.io.config.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DownloadTest {
  @ParameterizedTest
  @CsvSource({
    "https://osp.example, /",
    "https://osp.example/, /",
    "https://osp.example//, //",
    "https://osp.example?v=2, /?v=2",
    "https://[2001:db8::1]:8443/a/b.xml?v=2, /a/b.xml?v=2",
    "https://osp.example/%C3%A9#part, /%C3%A9",
    "https://osp.example/\u00e9, /%C3%A9",
  })
  void theTargetIsPathAndQueryInAscii(String url, String target) throws Exception {
    assertThat(Download.target(new URI(url))).isEqualTo(target);
  }

  @Test
  void aFileNameThatCannotBeIsAnErrorInOneLine() throws Exception {
    Download download =
        new Download(
            Overlay.ADDRESSES_ONLY,
            () -> {
              throw new AssertionError();
            },
            1000,
            Duration.ofSeconds(1));
    URI uri = new URI("file:///%00");
    assertThatThrownBy(() -> download.fetch(uri))
        .isInstanceOf(ConfigException.class)
        .hasMessage("file:///%00: not a file name");
  }
}
