// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import oasis.io.config.ConfigException;
import oasis.rules.Rule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigFileTest {
  private static final String HEAD = "<client xmlns=\"urn:oasis:client:1\">\n";

  @TempDir private Path state;

  private ConfigFile file() {
    return new ConfigFile(state, new Specifications(state));
  }

  @Test
  void withoutAFileThereIsNothing() throws Exception {
    assertThat(file().read()).isEqualTo(ClientConfig.EMPTY);
  }

  @Test
  void whatIsWrittenIsReadBack() throws Exception {
    ClientConfig config =
        new ClientConfig.Builder(new ClientOptions(true, "198.19.0.0/16", "none"))
            .add(Overlay.parse("ron", "udp://192.0.2.10:7400", Overlay.ADDRESSES_ONLY))
            .add(
                Overlay.parse("web", "udp://192.0.2.11:7400?mtu=1280", Overlay.ADDRESSES_ONLY)
                    .withKey("/etc/oasis/web \"1\".key"))
            .add(Overlay.parse("six", "udp://[2001:db8::10]:7400", Overlay.ADDRESSES_ONLY))
            .neverFake("*.printers.example")
            .neverFake("/^nas[0-9]+\\./")
            .add(Rule.parse("name:*.edu ron"))
            .add(Rule.parse("name:/^(www|img)\\.cnn\\.com$/ web loss <= 1%"))
            .addDisabled(Rule.parse("udp dport 53 web"))
            .add(Rule.parse("tcp dport 6510 dst 128.95.0.0/16 ron else block"))
            .build();

    file().write(config);

    assertThat(file().read()).isEqualTo(config);
  }

  @Test
  void whatSomebodyHasEditedMeanwhileIsNotThrownAway() throws Exception {
    ConfigFile file = file();
    file.write(ClientConfig.EMPTY);
    String edited = HEAD + "<!-- mine -->\n</client>";
    Files.writeString(state.resolve("client.xml"), edited);
    assertThatThrownBy(() -> file.write(ClientConfig.EMPTY))
        .hasMessageContaining("edited meanwhile")
        .hasMessageContaining("reload");
    file.read();
    assertThatThrownBy(() -> file.write(ClientConfig.EMPTY)).as("read, but refused").isNotNull();
    assertThat(state.resolve("client.xml")).hasContent(edited);
    file.accept();
    file.write(ClientConfig.EMPTY);
    assertThat(file().read()).isEqualTo(ClientConfig.EMPTY);
  }

  @Test
  void aSpecificationThatArrivesIsNoReasonToWriteTheFile() throws Exception {
    String url = "https://osp.example/ron.xml";
    ClientConfig unseen = ClientConfig.EMPTY.withOverlay(Overlay.unseen("ron", url));
    Overlay seen = Overlay.parse("ron", "udp://192.0.2.10:7400", Overlay.ADDRESSES_ONLY);
    Overlay arrived = new Overlay("ron", url, 3, seen.entries(), 1400, null);
    assertThat(ConfigFile.same(unseen, unseen.withUpdated(arrived))).isTrue();
    assertThat(ConfigFile.same(unseen, unseen.withUpdated(arrived.withKey("/key")))).isFalse();
    assertThat(ConfigFile.same(unseen, ClientConfig.EMPTY)).isFalse();
  }

  @Test
  void theFileIsForItsOwnerOnlyAndNothingElseStays() throws Exception {
    ConfigFile twice = file();
    twice.write(ClientConfig.EMPTY);
    twice.write(ClientConfig.EMPTY);

    Path file = state.resolve("client.xml");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    try (var files = Files.list(state)) {
      assertThat(files).containsExactly(file);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          <overlay name="a"/>                                       | 2 | lacks the attribute "url"
          <overlay name="a" url="udp://192.0.2.1:1" x="1"/>         | 2 | unknown attribute "x"
          <overlay name="a" url="udp://h.example:1"/>               | 2 | is not an IP address
          <overlay name="a" url="udp://192.0.2.1:1"><b/></overlay>  | 2 | unknown element <b>
          <overlays/>                                               | 2 | unknown element <overlays>
          <rule>name:*.edu ron</rule>                               | 2 | no overlay "ron"
          <rule>nonsense</rule>                                     | 2 | rule "nonsense": column
          <rule disabled="no">tcp underlay</rule>                   | 2 | disabled must be "true" or "false"
          <rule enabled="true">tcp underlay</rule>                  | 2 | unknown attribute "enabled"
          <never-fake>/[/</never-fake>                              | 2 | never-fake: column
          <never-fake>a b</never-fake>                              | 2 | never-fake: column
          <never-fake to="x">a</never-fake>                         | 2 | unknown attribute "to"
          <rule><b/></rule>                                         | 2 | holds nothing but its text
          <rule>a                                                   | 3 | not well-formed XML
          text                                                      | 2 | unexpected text "text"
          &x;                                                       | 2 | entity
          """)
  void aWrongFileIsNamedWithItsLine(String body, int line, String reason) throws Exception {
    write(HEAD + body + "\n</client>\n");

    assertThatThrownBy(() -> file().read())
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(state.resolve("client.xml") + ", line " + line + ": ")
        .hasMessageContaining(reason);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          mediate="yes"              | mediate must be "true" or "false"
          fake-range="10.0.0.0/31"   | fake-range: 10.0.0.0/31 is no IPv4 prefix of /8 to /29
          fake-range="here"          | fake-range: 'here' is not
          fake-range6="10.0.0.0/16"  | fake-range6: 10.0.0.0/16 is no IPv6 prefix
          mtu="1400"                 | unknown attribute "mtu" of <client>
          """)
  void aWrongOptionIsNamed(String attribute, String reason) throws Exception {
    write("<client xmlns=\"urn:oasis:client:1\" " + attribute + "/>");

    assertThatThrownBy(() -> file().read())
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("line 1: " + reason);
  }

  @Test
  void theCommandLineOverridesTheFile() {
    ClientOptions file = new ClientOptions(true, "198.19.0.0/16", "none");

    assertThat(file.with(ClientOptions.DEFAULTS)).isEqualTo(file);
    assertThat(file.with(new ClientOptions(false, "10.9.0.0/16", "fd00:1::/112")))
        .isEqualTo(new ClientOptions(true, "10.9.0.0/16", "fd00:1::/112"));
  }

  @Test
  void anOverlayOrRuleThatStandsTwiceIsRefused() throws Exception {
    String overlay = "<overlay name=\"a\" url=\"udp://192.0.2.1:1\"/>\n";
    write(HEAD + overlay + overlay + "</client>");

    assertThatThrownBy(() -> file().read())
        .hasMessageContaining("line 3: overlay \"a\" exists already");
  }

  @Test
  void aDocumentTypeIsRefused() throws Exception {
    write("<!DOCTYPE client SYSTEM \"file:///etc/passwd\">\n" + HEAD + "</client>");

    assertThatThrownBy(() -> file().read()).hasMessageContaining("a DOCTYPE is not allowed");
  }

  @Test
  void anEntityBombIsRefused() throws Exception {
    write(
        "<!DOCTYPE client [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>\n"
            + HEAD
            + "<rule>&b;</rule></client>");

    assertThatThrownBy(() -> file().read()).isInstanceOf(ConfigException.class);
  }

  @Test
  void anotherNamespaceIsRefused() throws Exception {
    write("<client/>");

    assertThatThrownBy(() -> file().read())
        .hasMessageContaining("<client xmlns=\"urn:oasis:client:1\"> must be");
  }

  @Test
  void aFileBeyondTheCapIsRefusedUnread() throws Exception {
    write(HEAD + " ".repeat(ConfigFile.MAX_BYTES) + "</client>");

    assertThatThrownBy(() -> file().read()).hasMessageContaining("longer than");
  }

  @Test
  void aFileThatIsADirectoryIsOneLine() throws Exception {
    Files.createDirectory(state.resolve("client.xml"));

    assertThatThrownBy(() -> file().read())
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("cannot be read");
  }

  private void write(String text) throws Exception {
    Files.writeString(state.resolve("client.xml"), text);
  }
}
