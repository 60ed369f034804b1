// SPDX-License-Identifier: Apache-2.0
package oasis.io.config;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

class StrictXmlTest {
  private static final String TEXT = "<a xmlns=\"urn:x\">\nM\u00fcnchen</a>";

  private static String read(byte[] document) throws ConfigException {
    return StrictXml.read(
        "f.xml",
        "urn:x",
        new ByteArrayInputStream(document),
        in -> {
          in.root("a");
          return in.text();
        });
  }

  @Test
  void everyEncodingThatXmlNamesIsRead() throws Exception {
    String latin = "<?xml version='1.0' encoding='ISO-8859-1'?>\n";
    for (byte[] document :
        new byte[][] {
          TEXT.getBytes(UTF_8),
          ("\ufeff" + TEXT).getBytes(UTF_8),
          ("<?xml version=\"1.0\" encoding=\"utf-8\"?>" + TEXT).getBytes(UTF_8),
          TEXT.getBytes(UTF_16),
          (latin + TEXT).getBytes(ISO_8859_1)
        }) {
      assertThat(read(document)).isEqualTo("M\u00fcnchen");
    }
  }

  @Test
  void whatIsNotUtf8IsRefusedWithItsLineAndNothingElseIsPrinted() {
    PrintStream before = System.err;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setErr(new PrintStream(printed, true, UTF_8));
    try {
      assertThatThrownBy(() -> read(TEXT.getBytes(ISO_8859_1)))
          .isInstanceOf(ConfigException.class)
          .hasMessage("f.xml, line 2: not well-formed XML: not UTF-8");
      String declared = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
      assertThatThrownBy(() -> read((declared + TEXT).getBytes(ISO_8859_1)))
          .hasMessage("f.xml, line 3: not well-formed XML: not UTF-8");
    } finally {
      System.setErr(before);
    }
    assertThat(printed.toString(UTF_8)).isEmpty();
  }
}
