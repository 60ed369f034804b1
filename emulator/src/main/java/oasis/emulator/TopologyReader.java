// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import com.ctc.wstx.api.WstxInputProperties;
import com.ctc.wstx.stax.WstxInputFactory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import oasis.emulator.Topology.End;
import oasis.emulator.Topology.LinkSpec;
import oasis.emulator.Topology.NodeSpec;
import oasis.emulator.Topology.RoleOption;
import oasis.emulator.Topology.RouteSpec;
import oasis.os.FileErrors;
import oasis.packet.Address;

/**
 * Reads the XML form of a topology. It works on the parser's event stream, so that each error names
 * the line of the element that it is about. The input is capped, a DOCTYPE is refused, and so is
 * every element, attribute and text that the format does not have.
 */
final class TopologyReader {
  /** The namespace of our elements. */
  static final String NAMESPACE = "urn:oasis:topology:1";

  private static final int MAX_BYTES = 4 << 20;
  private static final int MAX_DEPTH = 8;
  private static final int MAX_ATTRIBUTES = 16;
  private static final int MAX_ATTRIBUTE_CHARS = 256;

  private final String file;
  private final XMLStreamReader xml;
  private final List<NodeSpec> nodes = new ArrayList<>();
  private final List<LinkSpec> links = new ArrayList<>();
  private final List<RouteSpec> routes = new ArrayList<>();
  private final IdentityHashMap<Object, String> places = new IdentityHashMap<>();

  private TopologyReader(String file, XMLStreamReader xml) {
    this.file = file;
    this.xml = xml;
  }

  static Topology read(Path file) {
    byte[] bytes;
    try (InputStream stream = Files.newInputStream(file)) {
      bytes = stream.readNBytes(MAX_BYTES + 1);
    } catch (IOException e) {
      throw new TopologyException(file + ": cannot be read: " + FileErrors.reason(e));
    }
    return parse(file.toString(), bytes);
  }

  /**
   * Parses a document.
   *
   * @param name of the file, for messages
   */
  static Topology parse(String name, byte[] bytes) {
    if (bytes.length > MAX_BYTES) {
      throw new TopologyException(name + ": longer than " + MAX_BYTES + " bytes");
    }
    try {
      XMLStreamReader xml = factory().createXMLStreamReader(new ByteArrayInputStream(bytes), null);
      return new TopologyReader(name, xml).document();
    } catch (XMLStreamException e) {
      throw new TopologyException(name + place(e) + ": not well-formed: " + firstLine(e));
    } catch (TopologyException e) {
      throw e;
    } catch (RuntimeException e) {
      // The parser reports broken input by unchecked exceptions too, where it reads lazily.
      throw new TopologyException(name + ": not well-formed: " + firstLine(e));
    }
  }

  private static XMLInputFactory factory() {
    XMLInputFactory factory = new WstxInputFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    factory.setProperty(XMLInputFactory.IS_COALESCING, true);
    factory.setProperty(WstxInputProperties.P_MAX_ELEMENT_DEPTH, MAX_DEPTH);
    factory.setProperty(WstxInputProperties.P_MAX_ATTRIBUTES_PER_ELEMENT, MAX_ATTRIBUTES);
    factory.setProperty(WstxInputProperties.P_MAX_ATTRIBUTE_SIZE, MAX_ATTRIBUTE_CHARS);
    return factory;
  }

  private static String place(XMLStreamException e) {
    return e.getLocation() == null ? "" : ":" + e.getLocation().getLineNumber();
  }

  private static String firstLine(Exception e) {
    String message = String.valueOf(e.getMessage()).replaceFirst("^ParseError[^\n]*\n", "");
    return message.lines().findFirst().orElse("").strip();
  }

  private Topology document() throws XMLStreamException {
    if (!nextChild()) {
      throw new TopologyException(file + ": has no element");
    }
    Element root = element("topology", "name", "seed", "routing");
    while (nextChild()) {
      switch (xml.getLocalName()) {
        case "node" -> node();
        case "link" -> link();
        case "route" -> route();
        default -> throw wrong(here(), "unknown element <" + xml.getLocalName() + ">");
      }
    }
    while (xml.hasNext()) {
      event();
    }
    String name = root.text("name");
    long seed = root.number("seed", 1, Long.MAX_VALUE, 1);
    boolean auto = root.choice("routing", "auto", "explicit", "explicit");
    try {
      return new Topology(name, seed, auto, nodes, links, routes);
    } catch (TopologyException e) {
      Object about = e.about();
      String place = about == null ? root.place : places.getOrDefault(about, root.place);
      throw new TopologyException(place + ": " + e.getMessage());
    }
  }

  private void node() throws XMLStreamException {
    Element e = element("node", "name", "forwarding", "dns", "cores", "role");
    List<Address> servers = new ArrayList<>();
    if (e.has("dns")) {
      for (String server : e.text("dns").trim().split("\\s+", -1)) {
        servers.add(e.parse("dns", () -> Address.parse(server)));
      }
    }
    boolean forwarding = e.choice("forwarding", "yes", "no", "no");
    Cores cores = e.has("cores") ? e.parse("cores", () -> new Cores(e.text("cores"))) : null;
    Role role = e.has("role") ? e.parse("role", () -> Role.parse(e.text("role"))) : null;
    List<RoleOption> options = new ArrayList<>();
    while (nextChild()) {
      Element option = element("option", "name", "value");
      String value = option.has("value") ? option.text("value") : null;
      options.add(at(option, new RoleOption(option.text("name"), value)));
      empty("option");
    }
    nodes.add(at(e, new NodeSpec(e.text("name"), forwarding, servers, cores, role, options)));
  }

  private void route() throws XMLStreamException {
    Element e = element("route", "node", "to", "via");
    RouteSpec route = new RouteSpec(e.text("node"), e.prefix("to"), e.address("via"));
    routes.add(at(e, route));
    empty("route");
  }

  private void link() throws XMLStreamException {
    Element e = element("link", Shape.with("name", "mtu"));
    List<End> ends = new ArrayList<>();
    while (nextChild()) {
      Element end = element("end", Shape.with("node", "address", "address6"));
      ends.add(
          new End(
              end.text("node"),
              end.linkAddress("address", true),
              end.linkAddress("address6", false),
              Shape.of(e, end)));
      empty("end");
    }
    if (ends.size() != 2) {
      throw wrong(e.place, "element <link>: has " + ends.size() + " <end> elements, needs 2");
    }
    End a = ends.get(0);
    End b = ends.get(1);
    String name = e.has("name") ? e.text("name") : Topology.defaultLinkName(links, a, b);
    int mtu = (int) e.number("mtu", 0, 65_535, Topology.DEFAULT_MTU);
    links.add(at(e, new LinkSpec(name, a, b, mtu)));
  }

  private <T> T at(Element element, T spec) {
    places.put(spec, element.place);
    return spec;
  }

  /** Moves to the next child's start; false at the parent's end. Text must be blank. */
  private boolean nextChild() throws XMLStreamException {
    while (xml.hasNext()) {
      int event = event();
      if (event == XMLStreamConstants.START_ELEMENT) {
        return true;
      }
      if (event == XMLStreamConstants.END_ELEMENT) {
        return false;
      }
    }
    return false;
  }

  private int event() throws XMLStreamException {
    int event = xml.next();
    if (event == XMLStreamConstants.DTD) {
      throw wrong(here(), "a DOCTYPE is not allowed");
    }
    if (event == XMLStreamConstants.ENTITY_REFERENCE) {
      throw wrong(here(), "entities are not allowed");
    }
    if ((event == XMLStreamConstants.CHARACTERS || event == XMLStreamConstants.CDATA)
        && !xml.isWhiteSpace()) {
      throw wrong(here(), "text is not allowed between elements");
    }
    return event;
  }

  private void empty(String name) throws XMLStreamException {
    if (nextChild()) {
      throw wrong(here(), "element <" + name + "> has no children");
    }
  }

  private Element element(String name, String... attributes) {
    if (!xml.getLocalName().equals(name) || !NAMESPACE.equals(xml.getNamespaceURI())) {
      throw wrong(
          here(),
          "expected <" + name + " xmlns=\"" + NAMESPACE + "\">, not <" + xml.getLocalName() + ">");
    }
    Element element = new Element(name, here());
    for (int i = 0; i < xml.getAttributeCount(); i++) {
      String attribute = xml.getAttributeLocalName(i);
      String prefix = xml.getAttributePrefix(i);
      if ("http://www.w3.org/2001/XMLSchema-instance".equals(xml.getAttributeNamespace(i))) {
        continue;
      }
      if ((prefix != null && !prefix.isEmpty()) || !List.of(attributes).contains(attribute)) {
        throw wrong(here(), "element <" + name + ">: unknown attribute " + attribute);
      }
      element.attributes.put(attribute, xml.getAttributeValue(i));
    }
    return element;
  }

  private String here() {
    return file + ":" + xml.getLocation().getLineNumber();
  }

  private static TopologyException wrong(String place, String message) {
    return new TopologyException(place + ": " + message);
  }
}
