// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import javax.xml.XMLConstants;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.SchemaFactory;
import javax.xml.validation.Validator;
import oasis.io.config.ConfigException;
import oasis.packet.Prefix;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class ConfigSourceTest {
  private static final Path SCHEMA = Path.of("..", "docs", "exit.xsd");
  private static final Path EXAMPLE = Path.of("..", "deploy", "exit.xml");
  private static final String HEAD = "<exit xmlns=\"urn:oasis:exit:1\">\n";
  private static final String ALLOW = "  <allow>192.0.2.0/24</allow>\n";

  @TempDir Path directory;

  @Test
  void theFileSaysWhatTheOptionsSay() throws Exception {
    ExitSettings file =
        file(
            HEAD
                + ALLOW
                + "  <allow>198.51.100.0/24,2001:db8::/48</allow>\n  <mtu>1300</mtu>\n"
                + "  <listen>192.0.2.1:4800</listen>\n  <closed-ports>none</closed-ports>\n"
                + "  <open>false</open>\n  <timeout>syn-sent=240</timeout>\n"
                + "  <flow-log>/var/log/flows</flow-log>\n  <metrics>9470</metrics>\n</exit>\n");
    ExitSettings options =
        options(
            "--allow=192.0.2.0/24",
            "--allow=198.51.100.0/24,2001:db8::/48",
            "--mtu=1300",
            "--listen=192.0.2.1:4800",
            "--closed-ports=none",
            "--timeout=syn-sent=240",
            "--flow-log=/var/log/flows",
            "--metrics=127.0.0.1:9470");
    assertThat(file.config().allowed()).isEqualTo(options.config().allowed()).hasSize(3);
    assertThat(file.config().listen()).isEqualTo(options.config().listen());
    assertThat(file.config().mtu()).isEqualTo(1300);
    assertThat(file.config().closedPorts()).isEmpty();
    assertThat(file.config().flowLog()).isEqualTo(options.config().flowLog());
    assertThat(file.config().metrics()).isEqualTo(options.config().metrics());
    assertThat(file.differences(options)).containsExactly("metrics");
  }

  @Test
  void theCommandLineOverrulesTheFile() throws Exception {
    String text = HEAD + ALLOW + "  <mtu>1300</mtu>\n  <max-flows>1000</max-flows>\n</exit>\n";
    ExitSettings both = file(text, "--mtu", "1280", "--allow", "198.51.100.0/24");
    assertThat(both.config().mtu()).isEqualTo(1280);
    assertThat(both.config().allowed()).containsExactly(Prefix.parse("198.51.100.0/24"));
    assertThat(both.config().limits().flows()).isEqualTo(1000);
    assertThat(file(text, "--open").config().allowed()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          <mtu>100</mtu>                            | 3 | <mtu>: mtu must be 576
          <mtu>x</mtu>                              | 3 | <mtu>: Invalid value for option '--mtu'
          <mtu>1300</mtu><mtu>1300</mtu>            | 3 | <mtu>: option '--mtu'
          <listen>x</listen>                        | 3 | <listen>: --listen takes
          <ports>4000-5000</ports>                  | 3 | <ports>: --listen 4700 lies in --ports
          <allow>192.0.2.1/24</allow>               | 3 | <allow>: --allow:
          <open>true</open>                         | 3 | <open>: --open lets everybody in
          <open>yes</open>                          | 3 | <open> must be "true" or "false"
          <metrics>x:1</metrics>                    | 3 | <metrics>: --metrics:
          <flow-log-files>-1</flow-log-files>       | 3 | <flow-log-files>: flow-log-files must
          <timeout>udp=5</timeout>                  | 3 | <timeout>: --timeout: udp must be 120
          <log>loud</log>                           | 3 | <log>: --log takes
          <colour>red</colour>                      | 3 | unknown element <colour>
          <try>true</try>                           | 3 | unknown element <try>
          <config>x</config>                        | 3 | unknown element <config>
          <mtu unit="k">1</mtu>                     | 3 | unknown attribute "unit" of <mtu>
          <mtu><b/></mtu>                           | 3 | a <mtu> holds nothing but its text
          <mtu xmlns="urn:x">1300</mtu>             | 3 | <mtu> where <mtu xmlns=
          text                                      | 3 | unexpected text "text"
          """)
  void whatIsWrongIsNamedWithElementAndLine(String element, int line, String says)
      throws Exception {
    Path file =
        Files.writeString(directory.resolve("exit.xml"), HEAD + ALLOW + element + "</exit>");
    assertThatThrownBy(() -> ConfigSource.of(file).read())
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(file + ", line " + line + ": " + says);
  }

  @Test
  void whatTheWholeFileLacksIsSaidOfTheFile() throws Exception {
    Path file = Files.writeString(directory.resolve("exit.xml"), HEAD + "</exit>");
    assertThatThrownBy(() -> ConfigSource.of(file).read())
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("--allow PREFIX");
    assertThatThrownBy(() -> ConfigSource.of(directory.resolve("none")).read())
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("there is no such file");
    Files.writeString(file, HEAD + ALLOW + "<!--" + "x".repeat(ConfigXml.MAX_BYTES) + "--></exit>");
    assertThatThrownBy(() -> ConfigSource.of(file).read()).hasMessageContaining("longer than");
    Files.writeString(file, HEAD + ALLOW.repeat(ConfigXml.MAX_SETTINGS + 1) + "</exit>");
    assertThatThrownBy(() -> ConfigSource.of(file).read()).hasMessageContaining("more than 1000");
  }

  @Test
  void theSchemaHasEachSettingAndTheExampleFitsIt() throws Exception {
    String schema = Files.readString(SCHEMA);
    List<String> elements =
        Pattern.compile("<xs:element name=\"([a-z0-9-]+)\" type")
            .matcher(schema)
            .results()
            .map(match -> match.group(1))
            .toList();
    assertThat(elements).containsExactlyInAnyOrderElementsOf(ConfigSource.settings().keySet());
    String example = Files.readString(EXAMPLE);
    assertThatCode(() -> validator().validate(new StreamSource(new StringReader(example))))
        .doesNotThrowAnyException();
    assertThat(ConfigSource.of(EXAMPLE).read().config().allowed()).hasSize(1);
    String whole = HEAD + ALLOW + "<open>false</open><listen>[2001:db8::1]:4700</listen></exit>";
    assertThatCode(() -> validator().validate(new StreamSource(new StringReader(whole))))
        .doesNotThrowAnyException();
  }

  @Test
  void aDamagedFileIsReadOrRefusedOnOneLine() throws Exception {
    byte[] document = Files.readAllBytes(EXAMPLE);
    Map<String, Boolean> known = ConfigSource.settings();
    String[] words = {"<", "</", ">", "&", "\"", "<!DOCTYPE x>", "<mtu>", "1/0", "]]>", "<!--"};
    Gen.cases(
        1500,
        gen -> {
          byte[] bytes = document.clone();
          for (int i = gen.range(1, 6); i > 0; i--) {
            byte[] word = words[gen.below(words.length)].getBytes(UTF_8);
            int at = gen.below(bytes.length - word.length);
            if (gen.flip()) {
              System.arraycopy(word, 0, bytes, at, word.length);
            } else {
              bytes[at] = (byte) gen.anyInt();
            }
          }
          try {
            assertThat(ConfigXml.parse("f", bytes, known)).hasSizeLessThan(ConfigXml.MAX_SETTINGS);
          } catch (ConfigException e) {
            assertThat(e.getMessage()).startsWith("f, line ").doesNotContain("\n", "\r");
          }
        });
  }

  private static Validator validator() throws Exception {
    return SchemaFactory.newInstance(XMLConstants.W3C_XML_SCHEMA_NS_URI)
        .newSchema(SCHEMA.toFile())
        .newValidator();
  }

  private ExitSettings file(String text, String... options) throws Exception {
    Path file = Files.writeString(directory.resolve("exit.xml"), text);
    return ConfigSource.of(parse(options), file).read();
  }

  private static ExitSettings options(String... options) throws ConfigException {
    return ConfigSource.of(parse(options), null).read();
  }

  private static CommandLine.ParseResult parse(String... options) {
    return new CommandLine(new RunCommand()).parseArgs(options);
  }
}
