// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.InputStream;
import java.util.List;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import oasis.rules.Rule;
import org.jspecify.annotations.Nullable;

/**
 * Reads one configuration document. Strict: what is not known is an error that names the line,
 * since a misspelt rule that is silently left out would send traffic where the user does not want
 * it.
 *
 * <p>It pulls events instead of binding objects: a binding library costs the start of the client
 * half a second.
 */
final class ConfigReader {
  static final String NAMESPACE = "urn:oasis:client:1";

  /** Attributes of the root element. */
  static final String MEDIATE = "mediate";

  static final String FAKE_RANGE = "fake-range";
  static final String FAKE_RANGE6 = "fake-range6";

  private final String file;
  private final InputStream document;
  private int line = 1;

  /**
   * @param file the name that messages begin with
   * @param document the bytes; the caller has bounded them
   */
  ConfigReader(String file, InputStream document) {
    this.file = file;
    this.document = document;
  }

  /** Reads the document to its end. */
  ClientConfig read() throws ConfigException {
    try {
      XMLStreamReader in = factory().createXMLStreamReader(document, null);
      try {
        return client(in);
      } finally {
        in.close();
      }
    } catch (XMLStreamException e) {
      throw at(
          Math.max(1, e.getLocation() == null ? line : e.getLocation().getLineNumber()),
          "not well-formed XML: " + plain(e.getMessage()));
    } catch (ConfigException e) {
      throw at(line, e.getMessage());
    } catch (RuntimeException e) {
      // The parser of the JDK answers some malformed input with an unchecked exception.
      throw at(line, "not well-formed XML");
    }
  }

  private static XMLInputFactory factory() {
    XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    factory.setProperty(XMLInputFactory.IS_REPLACING_ENTITY_REFERENCES, false);
    factory.setProperty(XMLInputFactory.IS_COALESCING, true);
    return factory;
  }

  private ClientConfig client(XMLStreamReader in) throws XMLStreamException, ConfigException {
    nextTag(in);
    element(in, "client");
    ClientConfig.Builder config = new ClientConfig.Builder(options(in));
    while (nextTag(in) == XMLStreamConstants.START_ELEMENT) {
      switch (in.getLocalName()) {
        case "overlay" -> {
          element(in, "overlay");
          config.add(overlay(in));
        }
        case "rule" -> {
          element(in, "rule");
          config.add(rule(in));
        }
        default -> throw new ConfigException("unknown element <" + in.getLocalName() + ">");
      }
    }
    while (in.hasNext()) {
      next(in);
    }
    return config.build();
  }

  private static ClientOptions options(XMLStreamReader in) throws ConfigException {
    attributes(in, MEDIATE, FAKE_RANGE, FAKE_RANGE6);
    String mediate = in.getAttributeValue(null, MEDIATE);
    if (mediate != null && !mediate.equals("true") && !mediate.equals("false")) {
      throw new ConfigException("mediate must be \"true\" or \"false\"");
    }
    try {
      return new ClientOptions(
          "true".equals(mediate),
          in.getAttributeValue(null, FAKE_RANGE),
          in.getAttributeValue(null, FAKE_RANGE6));
    } catch (IllegalArgumentException e) {
      throw new ConfigException(String.valueOf(e.getMessage()));
    }
  }

  private Overlay overlay(XMLStreamReader in) throws XMLStreamException, ConfigException {
    attributes(in, "name", "url");
    Overlay overlay =
        Overlay.parse(attribute(in, "name"), attribute(in, "url"), Overlay.ADDRESSES_ONLY);
    if (nextTag(in) != XMLStreamConstants.END_ELEMENT) {
      throw new ConfigException("unknown element <" + in.getLocalName() + "> in <overlay>");
    }
    return overlay;
  }

  private Rule rule(XMLStreamReader in) throws XMLStreamException, ConfigException {
    attributes(in);
    StringBuilder text = new StringBuilder();
    int began = line;
    while (true) {
      switch (next(in)) {
        case XMLStreamConstants.CHARACTERS, XMLStreamConstants.SPACE, XMLStreamConstants.CDATA ->
            text.append(in.getText());
        case XMLStreamConstants.END_ELEMENT -> {
          line = began;
          return LiveConfig.parseRule(text.toString().strip());
        }
        case XMLStreamConstants.COMMENT -> {}
        default -> throw new ConfigException("a <rule> holds nothing but its text");
      }
    }
  }

  /** The next event; the document's type and references to entities are refused. */
  private int next(XMLStreamReader in) throws XMLStreamException, ConfigException {
    int event = in.next();
    line = in.getLocation().getLineNumber();
    if (event == XMLStreamConstants.DTD) {
      throw new ConfigException("a DOCTYPE is not allowed");
    }
    if (event == XMLStreamConstants.ENTITY_REFERENCE) {
      throw new ConfigException("entity references are not allowed");
    }
    return event;
  }

  /** Goes on to the next start or end of an element; only white space may lie between. */
  private int nextTag(XMLStreamReader in) throws XMLStreamException, ConfigException {
    while (true) {
      int before = line;
      int event = next(in);
      switch (event) {
        case XMLStreamConstants.START_ELEMENT,
            XMLStreamConstants.END_ELEMENT,
            XMLStreamConstants.END_DOCUMENT -> {
          return event;
        }
        case XMLStreamConstants.CHARACTERS -> {
          if (!in.isWhiteSpace()) {
            // The parser stands behind the text; its first word counts.
            String text = in.getText();
            String lead = text.substring(0, text.indexOf(text.strip()));
            line = before + (int) lead.chars().filter(c -> c == '\n').count();
            throw new ConfigException("unexpected text \"" + text.strip() + "\"");
          }
        }
        default -> {}
      }
    }
  }

  private static void element(XMLStreamReader in, String name) throws ConfigException {
    if (!in.getLocalName().equals(name) || !NAMESPACE.equals(in.getNamespaceURI())) {
      throw new ConfigException(
          "<" + in.getLocalName() + "> where <" + name + " xmlns=\"" + NAMESPACE + "\"> must be");
    }
  }

  private static void attributes(XMLStreamReader in, String... known) throws ConfigException {
    for (int i = 0; i < in.getAttributeCount(); i++) {
      String name = in.getAttributeLocalName(i);
      if (!List.of(known).contains(name)) {
        throw new ConfigException(
            "unknown attribute \"" + name + "\" of <" + in.getLocalName() + ">");
      }
    }
  }

  private static String attribute(XMLStreamReader in, String name) throws ConfigException {
    String value = in.getAttributeValue(null, name);
    if (value == null) {
      throw new ConfigException("<" + in.getLocalName() + "> lacks the attribute \"" + name + "\"");
    }
    return value;
  }

  private ConfigException at(int where, @Nullable String what) {
    return new ConfigException(file + ", line " + where + ": " + what);
  }

  /** What follows the parser's own "ParseError at [row,col]" preamble. */
  private static String plain(@Nullable String message) {
    if (message == null) {
      return "unreadable";
    }
    int at = message.indexOf("Message: ");
    return at < 0 ? message : message.substring(at + "Message: ".length());
  }
}
