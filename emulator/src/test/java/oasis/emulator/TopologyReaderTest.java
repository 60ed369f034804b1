// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.XMLConstants;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.Schema;
import javax.xml.validation.SchemaFactory;
import oasis.emulator.Topology.LinkSpec;
import oasis.packet.Address;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TopologyReaderTest {
  private static final Path DOCS = Path.of("..", "docs");
  private static final Path BASIC = Path.of("..", "experiments", "basic.xml");

  static final String GOOD =
      """
      <topology xmlns="urn:oasis:topology:1" name="t" seed="9" routing="auto">
        <node name="a" dns="10.0.0.2 10.0.0.3 fd00::2"/>
        <node name="b" forwarding="yes"/>
        <link name="ab" delay="20ms" rate="50Mbit/s" loss="1%" queue="64KiB" mtu="1400">
          <end node="a" address="10.0.0.1/24" address6="fd00::1/64"/>
          <end node="b" address="10.0.0.2/24" rate="5Mbit/s" address6="fd00::2/64"
              reorder="2%" reorder-delay="3ms" duplicate="0.5%"/>
        </link>
        <route node="a" to="0.0.0.0/0" via="10.0.0.2"/>
        <route node="a" to="2001:db8::/32" via="fd00::2"/>
      </topology>
      """;

  static final String WITH_ROLES =
      """
      <topology xmlns="urn:oasis:topology:1" name="t">
        <node name="desk" role="client">
          <option name="overlay" value="lab=udp://10.0.0.2:4700"/>
          <option name="rule" value="name:*.test lab"/>
        </node>
        <node name="slice" role="planetlab-port">
          <option name="port" value="8080"/>
        </node>
        <node name="exit" role="exit">
          <option name="open"/>
        </node>
        <node name="web" role="web"/>
        <node name="dns" role="dns">
          <option name="host" value="www.test,10.0.0.2"/>
        </node>
      </topology>
      """;

  private static Topology parse(String text) {
    return TopologyReader.parse("t.xml", text.getBytes(UTF_8));
  }

  @Test
  void everythingIsRead() {
    Topology t = parse(GOOD);
    assertThat(t.name()).isEqualTo("t");
    assertThat(t.seed()).isEqualTo(9);
    assertThat(t.autoRouting()).isTrue();
    assertThat(t.nodes()).extracting(Topology.NodeSpec::forwarding).containsExactly(false, true);
    assertThat(t.nodes().get(0).dns())
        .extracting(Address::toString)
        .contains("10.0.0.3", "fd00::2");
    LinkSpec link = t.links().get(0);
    assertThat(link.mtu()).isEqualTo(1400);
    assertThat(link.a().outbound().delayNs()).isEqualTo(20_000_000);
    assertThat(link.a().outbound().bitsPerSecond()).isEqualTo(50_000_000);
    assertThat(link.b().outbound().bitsPerSecond()).isEqualTo(5_000_000);
    assertThat(link.b().outbound().lossPpb()).isEqualTo(10_000_000);
    assertThat(link.b().outbound().queueBytes()).isEqualTo(65_536);
    assertThat(link.b().outbound().reorderPpb()).isEqualTo(20_000_000);
    assertThat(link.b().outbound().reorderNs()).isEqualTo(3_000_000);
    assertThat(link.b().outbound().duplicatePpb()).isEqualTo(5_000_000);
    assertThat(link.a().outbound().reorderPpb() + link.a().outbound().duplicatePpb()).isZero();
    assertThat(link.a().addresses()).hasToString("[10.0.0.1/24, fd00::1/64]");
    assertThat(t.routes()).hasSize(2);
  }

  @Test
  void aLinkWithoutAttributesIsPlain() {
    Topology t =
        parse(
            GOOD.replaceAll("delay=.*mtu=\"1400\"", "")
                .replaceAll(" (rate|reorder|reorder-delay|duplicate)=\"[^\"]*\"", ""));
    assertThat(t.links().get(0).shaped()).isFalse();
  }

  static Stream<Arguments> wrong() {
    return Stream.of(
        Arguments.of("<node name=\"b\"", "<knot name=\"b\"", "t.xml:3: unknown element <knot>"),
        Arguments.of(
            "forwarding=\"yes\"",
            "cores=\"3,1\"",
            "t.xml:3: element <node>: attribute cores: \"3,1\" is no list of cores"),
        Arguments.of("forwarding=", "forward=", "t.xml:3: element <node>: unknown attribute forw"),
        Arguments.of("\"20ms\"", "\"20\"", "t.xml:4: element <link>: attribute delay: \"20\" is"),
        Arguments.of("\"5Mbit/s\"", "\"5Mbps\"", "t.xml:6: element <end>: attribute rate"),
        Arguments.of("rate=\"5Mbit/s\"", "rate=\"0bit/s\"", "t.xml:6: element <end>: attribute ra"),
        Arguments.of(
            "reorder=\"2%\"", "", "t.xml:6: element <end>: attribute reorder-delay: has no"),
        Arguments.of("\"3ms\"", "\"0ms\"", "t.xml:6: element <end>: attribute reorder-delay: must"),
        Arguments.of("\"0.5%\"", "\"101%\"", "t.xml:6: element <end>: attribute duplicate: \"101"),
        Arguments.of("rate=\"50Mbit/s\" loss", "loss", "t.xml:4: element <link>: attribute queue"),
        Arguments.of("node=\"b\" a", "node=\"c\" a", "t.xml:4: link \"ab\" ends at \"c\", which"),
        Arguments.of("10.0.0.2/24", "10.0.0.1/24", "t.xml:4: address 10.0.0.1 is used twice"),
        Arguments.of("10.0.0.2/24", "10.0.1.2/24", "t.xml:4: the ends of link \"ab\" are in diff"),
        Arguments.of("name=\"b\"", "name=\"a\"", "t.xml:3: there are two nodes named \"a\""),
        Arguments.of("name=\"b\"", "name=\"../b\"", "t.xml:3: node name \"../b\" must be"),
        Arguments.of("name=\"b\"", "name=\"b&#10;x\"", "t.xml:3: node name \"b?x\" must be"),
        Arguments.of("name=\"b\"", "", "t.xml:3: element <node>: attribute name is missing"),
        Arguments.of("64KiB", "100B", "t.xml:4: the queue of link \"ab\" is shorter than one pac"),
        Arguments.of("via=\"10.0.0.2\"", "via=\"10.0.0.9\"", "t.xml:9: next hop 10.0.0.9 is not"),
        Arguments.of(
            "0.0.0.0/0", "10.9.9.9/8", "t.xml:9: element <route>: attribute to: 10.9.9.9/8 has"),
        Arguments.of("seed=\"9\"", "seed=\"-9\"", "t.xml:1: element <topology>: attribute seed"),
        Arguments.of("\"auto\"", "\"maybe\"", "t.xml:1: element <topology>: attribute routing"),
        Arguments.of("urn:oasis:topology:1", "urn:x", "t.xml:1: expected <topology xmlns="),
        Arguments.of("<node name=\"a\"", "text<node name=\"a\"", "text is not allowed between"),
        Arguments.of("</topology>", "", "not well-formed"),
        Arguments.of("seed=\"9\"", "seed=\"9\" seed=\"8\"", "not well-formed"),
        Arguments.of(
            "<end node=\"a\" address=\"10.0.0.1/24\" address6=\"fd00::1/64\"/>",
            "",
            "has 1 <end> elements"),
        Arguments.of(
            "10.0.0.1/24", "fd00::9/64", "t.xml:5: element <end>: attribute address: \"fd"),
        Arguments.of("\"fd00::1/64", "\"10.9.0.1/24", "t.xml:5: element <end>: attribute address6"),
        Arguments.of(
            "fd00::1/64", "::ffff:1.2.3.4/24", "attribute address6: \"::ffff:1.2.3.4/24\""),
        Arguments.of("fd00::1/64", "fd00::1", "t.xml:5: element <end>: attribute address6: \"fd00"),
        Arguments.of("fd00::1/64", "fd00::1/129", "t.xml:5: element <end>: attribute address6"),
        Arguments.of("\"fd00::2/64", "\"fd00::1/64", "t.xml:4: address fd00::1 is used twice"),
        Arguments.of("\"fd00::2/64", "\"fd01::2/64", "t.xml:4: the ends of link \"ab\" are in dif"),
        Arguments.of("fd00::1/64", "fe80::1/64", "t.xml:4: fe80::1/64 is not an address for a lin"),
        Arguments.of("fd00::1/64", "ff02::1/64", "t.xml:4: ff02::1/64 is not an address for a lin"),
        Arguments.of("fd00::1/64", "::1/64", "t.xml:4: ::1/64 is not an address for a link's end"),
        Arguments.of("fd00::1/64", "fd00::/64", "t.xml:4: fd00::/64 must be a host's address with"),
        Arguments.of("fd00::1/64", "fd00::1/128", "t.xml:4: fd00::1/128 must be a host's address"),
        Arguments.of(
            " address6=\"fd00::1/64\"", "", "has no IPv6 address at \"a\", but one at its"),
        Arguments.of("mtu=\"1400\"", "mtu=\"1279\"", "t.xml:4: mtu of link \"ab\" must be 1280 or"),
        Arguments.of(
            "via=\"fd00::2\"", "via=\"10.0.0.2\"", "t.xml:10: route to 2001:db8::/32 has n"),
        Arguments.of("via=\"fd00::2\"", "via=\"fd00::9\"", "t.xml:10: next hop fd00::9 is not"),
        Arguments.of(
            "via=\"fd00::2\"", "via=\"fd00::2/64\"", "t.xml:10: element <route>: attribut"));
  }

  @Test
  void rolesAreReadWithTheirOptions() {
    Topology t = parse(WITH_ROLES);
    assertThat(t.nodes())
        .extracting(Topology.NodeSpec::role)
        .containsExactly(Role.CLIENT, Role.PLANETLAB_PORT, Role.EXIT, Role.WEB, Role.DNS);
    assertThat(t.nodes().get(0).options().get(1).words())
        .containsExactly("--rule", "name:*.test lab");
    assertThat(t.nodes().get(2).options().get(0).words()).containsExactly("--open");
    assertThat(parse(GOOD).nodes()).extracting(Topology.NodeSpec::role).containsOnlyNulls();
  }

  static Stream<Arguments> wrongRoles() {
    return Stream.of(
        Arguments.of(
            "role=\"web\"", "role=\"wep\"", "t.xml:12: element <node>: attribute role: \"wep\" is"),
        Arguments.of(
            "role=\"web\"/>", "><option name=\"x\"/></node>", "t.xml:12: node \"web\" has"),
        Arguments.of(
            "\"port\"", "\"prot\"", "t.xml:7: the role planetlab-port has no option \"pro"),
        Arguments.of(
            "\"port\"", "\"help\"", "t.xml:7: the role planetlab-port has no option \"hel"),
        Arguments.of("\"port\"", "\"state\"", "t.xml:7: option \"state\" cannot be set by a top"),
        Arguments.of(
            "\"8080\"", "\"@/etc/passwd\"", "t.xml:7: the value of option \"port\" begins"),
        Arguments.of("\"8080\"", "\"high\"", "t.xml:6: node \"slice\", role planetlab-port: Inval"),
        Arguments.of(" value=\"8080\"", "", "t.xml:7: option \"port\" needs a value"),
        Arguments.of(
            "\"open\"", "\"open\" value=\"1\"", "t.xml:10: option \"open\" takes no value"),
        Arguments.of(
            "\"8080\"", "\"80&#10;80\"", "t.xml:7: the value of option \"port\" has a con"),
        Arguments.of("name=\"open\"", "", "t.xml:10: element <option>: attribute name is miss"),
        Arguments.of("<option name=\"open\"/>", "<optoin/>", "t.xml:10: expected <option xmlns="),
        Arguments.of("\"open\"/>", "\"open\"><x/></option>", "element <option> has no children"));
  }

  @ParameterizedTest
  @MethodSource("wrongRoles")
  void aMistakeInARoleIsNamedWithItsLine(String before, String after, String message) {
    assertThat(WITH_ROLES).contains(before);
    assertThatThrownBy(() -> parse(WITH_ROLES.replace(before, after)))
        .isInstanceOf(TopologyException.class)
        .hasMessageContaining(message)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void aMistakeIsNamedWithItsLine(String before, String after, String message) {
    assertThat(GOOD).contains(before);
    assertThatThrownBy(() -> parse(GOOD.replace(before, after)))
        .isInstanceOf(TopologyException.class)
        .hasMessageContaining(message)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  @Test
  void aReorderedPacketIsOneMillisecondLateUnlessToldOtherwise() {
    Topology t = parse(GOOD.replace(" reorder-delay=\"3ms\"", ""));
    assertThat(t.links().get(0).b().outbound().reorderNs()).isEqualTo(1_000_000);
  }

  @Test
  void aLinkMayCarryIpv6Alone() {
    Topology t =
        parse(
            GOOD.replaceAll(" address=\"10[^\"]*\"", "").replaceAll(".*to=\"0.0.0.0/0\".*\n", ""));
    assertThat(t.links().get(0).b().addresses()).hasToString("[fd00::2/64]");
    assertThatThrownBy(() -> parse(GOOD.replaceAll(" address6?=\"[^\"]*\"", "")))
        .hasMessageContaining("t.xml:4: the ends of link \"ab\" have no address");
  }

  @Test
  void aDoctypeIsRefused() {
    for (String doctype :
        List.of(
            "<!DOCTYPE topology>",
            "<!DOCTYPE topology SYSTEM \"file:///etc/passwd\">",
            "<!DOCTYPE topology [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>",
            "<!DOCTYPE t [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\"><!ENTITY c \"&b;&b;\">]>")) {
      assertThatThrownBy(() -> parse(doctype + GOOD))
          .isInstanceOf(TopologyException.class)
          .hasMessageContaining("DOCTYPE");
    }
  }

  @Test
  void anEntityIsRefused() {
    assertThatThrownBy(() -> parse(GOOD.replace("name=\"t\"", "name=\"&x;\"")))
        .isInstanceOf(TopologyException.class);
  }

  @Test
  void depthAndLengthAreCapped() {
    assertThatThrownBy(() -> parse("<a>".repeat(100_000))).isInstanceOf(TopologyException.class);
    assertThatThrownBy(() -> parse(GOOD + " ".repeat(5 << 20))).hasMessageContaining("longer");
    assertThatThrownBy(() -> parse(GOOD.replace("\"t\"", '"' + "t".repeat(100_000) + '"')))
        .isInstanceOf(TopologyException.class);
  }

  @Test
  void aMissingFileIsNamed() {
    assertThatThrownBy(() -> Topology.read(Path.of("no-such.xml")))
        .isInstanceOf(TopologyException.class)
        .hasMessageContaining("no-such.xml");
  }

  @Test
  void theExamplesAreValidByReaderAndSchema() throws Exception {
    Schema schema =
        SchemaFactory.newInstance(XMLConstants.W3C_XML_SCHEMA_NS_URI)
            .newSchema(DOCS.resolve("topology.xsd").toFile());
    for (Path example : examples()) {
      schema.newValidator().validate(new StreamSource(example.toFile()));
      assertThat(Topology.read(example).links()).isNotEmpty();
    }
    for (String good : List.of(GOOD, WITH_ROLES)) {
      schema.newValidator().validate(new StreamSource(new java.io.StringReader(good)));
    }
  }

  private static List<Path> examples() throws IOException {
    try (Stream<Path> files = Files.list(DOCS.resolve("examples"))) {
      Stream<Path> ofDocs = files.filter(f -> f.toString().endsWith(".xml"));
      List<Path> examples = Stream.concat(Stream.of(BASIC), ofDocs).toList();
      assertThat(examples).hasSizeGreaterThan(1);
      return examples;
    }
  }
}
