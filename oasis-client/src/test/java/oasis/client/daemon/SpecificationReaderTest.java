// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.StringReader;
import java.nio.file.Path;
import javax.xml.XMLConstants;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.SchemaFactory;
import javax.xml.validation.Validator;
import oasis.io.Endpoint;
import oasis.io.config.ConfigException;
import oasis.packet.Address;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpecificationReaderTest {
  private static final Path SCHEMA = Path.of("..", "docs", "overlay.xsd");
  private static final String HEAD =
      "<overlay xmlns=\"urn:oasis:overlay:1\" name=\"ron\" version=\"3\">\n";
  private static final String ENTRY = "  <entry host=\"192.0.2.10\" port=\"7400\"/>\n";
  private static final String WHOLE =
      HEAD
          + ENTRY
          + "  <entry host=\"2001:db8::10\" port=\"7400\"/>\n"
          + "  <shim length=\"0\"/>\n  <mtu>1380</mtu>\n</overlay>\n";

  @Test
  void allOfItIsRead() throws Exception {
    Specification read = read(WHOLE);

    assertThat(read.name()).isEqualTo("ron");
    assertThat(read.version()).isEqualTo(3);
    assertThat(read.mtu()).isEqualTo(1380);
    assertThat(read.entries())
        .extracting(Endpoint::text)
        .containsExactly("192.0.2.10:7400", "[2001:db8::10]:7400");
    assertThat(read(read.toXml())).as("what is kept of it").isEqualTo(read);
  }

  @Test
  void anEntryNodeIsEnough() throws Exception {
    assertThat(read(HEAD + ENTRY + "</overlay>").mtu()).isEqualTo(1400);
  }

  @Test
  void aHostNameIsResolved() throws Exception {
    String named = (HEAD + ENTRY + "</overlay>").replace("192.0.2.10", "node.example");

    assertThat(
            SpecificationReader.read(
                    "ron.xml", named.getBytes(UTF_8), host -> Address.parse("192.0.2.99"))
                .entries())
        .extracting(Endpoint::text)
        .containsExactly("192.0.2.99:7400");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          <entry host="192.0.2.11"/>             | 3 | <entry> lacks the attribute "port"
          <entry host="192.0.2.11" port="0"/>    | 3 | <entry> port must be 1 to 65535, not "0"
          <entry host="192.0.2.11" port="x"/>    | 3 | <entry> port must be 1 to 65535, not "x"
          <entry host="192.0.2.300" port="1"/>   | 3 | <entry>: 192.0.2.300 is not an IP address
          <entry host="224.0.0.1" port="1"/>     | 3 | <entry>: 224.0.0.1 is not the address of one
          <entry host="fe80::1" port="1"/>       | 3 | <entry>: fe80::1 is link-local
          <entry host="h.example" port="1"/>     | 3 | <entry>: "h.example" is not an IP address
          <entry host="192.0.2.10" port="7400"/> | 3 | <entry>: 192.0.2.10:7400 is named twice
          <entry host="1.2.3.4" port="1"><a/></entry> | 3 | unknown element <a> in <entry>
          <mtu>100</mtu>                         | 3 | <mtu> must be 576 to 9000, not "100"
          <mtu>1400</mtu><mtu>1400</mtu>         | 3 | a second <mtu>
          <mtu unit="k">1</mtu>                  | 3 | unknown attribute "unit" of <mtu>
          <shim/>                                | 3 | <shim> lacks the attribute "length"
          <shim length="8"/>                     | 3 | <shim>: a length other than 0 is not possible
          <shim length="-1"/>                    | 3 | <shim> length must be 0 to 255, not "-1"
          <module url="a" kind="monitor"/>       | 3 | <module>: modules do not run in this release
          <param name="peers" value="a"/>        | 3 | <param>: modules do not run in this release
          <mdoule/>                              | 3 | unknown element <mdoule>
          <x:mtu xmlns:x="urn:x">1400</x:mtu>    | 3 | where <mtu xmlns="urn:oasis:overlay:1"> must
          text                                   | 3 | unexpected text "text"
          <mtu>&x;</mtu>                         | 3 | entity
          <mtu>1400                              | 4 | not well-formed XML
          """)
  void aMistakeIsNamedWithElementAndLine(String element, int line, String what) {
    assertThatThrownBy(() -> read(HEAD + ENTRY + element + "\n</overlay>"))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("ron.xml, line " + line + ": ")
        .hasMessageContaining(what);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          <overlay/>                                            | <overlay> where <overlay xmlns=
          <overlay xmlns="urn:oasis:overlay:1" version="1"/>    | lacks the attribute "name"
          <overlay xmlns="urn:oasis:overlay:1" name="ron"/>     | lacks the attribute "version"
          <overlay xmlns="urn:oasis:overlay:1" name="A" version="1"/>   | overlay name "A"
          <overlay xmlns="urn:oasis:overlay:1" name="a" version="0"/>   | <overlay> version must be 1
          <overlay xmlns="urn:oasis:overlay:1" name="a" version="1"/>   | <overlay> has no <entry>
          <!DOCTYPE a [<!ENTITY b "c">]><overlay/>              | a DOCTYPE is not allowed
          <!DOCTYPE a SYSTEM "file:///etc/passwd"><overlay/>    | a DOCTYPE is not allowed
          """)
  void aWrongRootIsRefused(String document, String what) {
    assertThatThrownBy(() -> read(document))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("ron.xml, line 1: ")
        .hasMessageContaining(what);
  }

  @Test
  void tooLongADocumentIsRefused() {
    assertThatThrownBy(() -> read(WHOLE + " ".repeat(Specification.MAX_BYTES)))
        .hasMessage("ron.xml: longer than 65536 bytes");
  }

  @Test
  void tooManyEntryNodesAreRefused() {
    StringBuilder many = new StringBuilder(HEAD);
    for (int i = 1; i <= Specification.MAX_ENTRIES + 1; i++) {
      many.append("<entry host=\"192.0.2.").append(i).append("\" port=\"1\"/>\n");
    }

    assertThatThrownBy(() -> read(many + "</overlay>"))
        .hasMessageContaining("line 10: more than 8 <entry> elements");
  }

  @Test
  void theSchemaAgrees() throws Exception {
    Validator schema =
        SchemaFactory.newInstance(XMLConstants.W3C_XML_SCHEMA_NS_URI)
            .newSchema(SCHEMA.toFile())
            .newValidator();
    String module =
        "<module url=\"ron-3.jar\" sha256=\""
            + "ab".repeat(32)
            + "\" main=\"org.example.Ron\"/><param name=\"peers\" value=\"x\"/>";
    for (String good :
        new String[] {WHOLE, read(WHOLE).toXml(), HEAD + ENTRY + module + "</overlay>"}) {
      assertThatCode(() -> schema.validate(source(good))).doesNotThrowAnyException();
    }
    for (String bad : new String[] {"<a/>", HEAD + "</overlay>", WHOLE.replace("1380", "1")}) {
      assertThatThrownBy(() -> schema.validate(source(bad)));
    }
  }

  private static StreamSource source(String document) {
    return new StreamSource(new StringReader(document));
  }

  private static Specification read(String document) throws ConfigException {
    return SpecificationReader.read("ron.xml", document.getBytes(UTF_8), Overlay.ADDRESSES_ONLY);
  }
}
