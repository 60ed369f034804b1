// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.InputStream;
import java.util.List;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.jspecify.annotations.Nullable;

/**
 * Pulls the elements of one document of one namespace and remembers the line. Strict: a DOCTYPE,
 * references to entities and whatever the reader does not know are errors. For one use.
 *
 * <p>It pulls events instead of binding objects: a binding library costs the start of the client
 * half a second.
 */
final class StrictXml {
  /** Reads what the document holds. */
  @FunctionalInterface
  interface Body<T> {
    /** Called in front of the root element. */
    T read(StrictXml in) throws XMLStreamException, ConfigException;
  }

  private final String file;
  private final String namespace;
  private final XMLStreamReader in;
  private int line = 1;

  private StrictXml(String file, String namespace, XMLStreamReader in) {
    this.file = file;
    this.namespace = namespace;
    this.in = in;
  }

  /**
   * Reads a document to its end.
   *
   * @param file the name that messages begin with
   * @param namespace of every element
   * @param document the bytes; the caller has bounded them
   * @throws ConfigException one line with file, line and what is wrong
   */
  static <T> T read(String file, String namespace, InputStream document, Body<T> body)
      throws ConfigException {
    StrictXml xml;
    try {
      xml = new StrictXml(file, namespace, factory().createXMLStreamReader(document, null));
    } catch (XMLStreamException e) {
      throw malformed(file, 1, e);
    } catch (RuntimeException e) {
      throw new ConfigException(file + ", line 1: not well-formed XML");
    }
    return xml.read(body);
  }

  private <T> T read(Body<T> body) throws ConfigException {
    try {
      T read = body.read(this);
      while (in.hasNext()) {
        next();
      }
      in.close();
      return read;
    } catch (XMLStreamException e) {
      throw malformed(file, line, e);
    } catch (ConfigException e) {
      throw new ConfigException(file + ", line " + line + ": " + e.getMessage());
    } catch (RuntimeException e) {
      // The parser of the JDK answers some malformed input with an unchecked exception.
      throw new ConfigException(file + ", line " + line + ": not well-formed XML");
    }
  }

  private static ConfigException malformed(String file, int line, XMLStreamException e) {
    int at = Math.max(1, e.getLocation() == null ? line : e.getLocation().getLineNumber());
    return new ConfigException(
        file + ", line " + at + ": not well-formed XML: " + plain(e.getMessage()));
  }

  private static XMLInputFactory factory() {
    XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    factory.setProperty(XMLInputFactory.IS_REPLACING_ENTITY_REFERENCES, false);
    factory.setProperty(XMLInputFactory.IS_COALESCING, true);
    return factory;
  }

  /** Goes to the root element, which must be of this name. */
  void root(String name) throws XMLStreamException, ConfigException {
    nextTag();
    element(name);
  }

  /**
   * Goes to the next element inside the one whose elements are being read.
   *
   * @return false at its end
   */
  boolean nextElement() throws XMLStreamException, ConfigException {
    return nextTag() == XMLStreamConstants.START_ELEMENT;
  }

  /** Name of the element. */
  String name() {
    return in.getLocalName();
  }

  /** Requires that the element has this name and the document's namespace. */
  void element(String name) throws ConfigException {
    if (!in.getLocalName().equals(name) || !namespace.equals(in.getNamespaceURI())) {
      throw new ConfigException(
          "<" + in.getLocalName() + "> where <" + name + " xmlns=\"" + namespace + "\"> must be");
    }
  }

  /** Refuses attributes other than these. */
  void attributes(String... known) throws ConfigException {
    for (int i = 0; i < in.getAttributeCount(); i++) {
      String name = in.getAttributeLocalName(i);
      if (!List.of(known).contains(name)) {
        throw new ConfigException(
            "unknown attribute \"" + name + "\" of <" + in.getLocalName() + ">");
      }
    }
  }

  /** An attribute that must be there. */
  String attribute(String name) throws ConfigException {
    String value = optional(name);
    if (value == null) {
      throw new ConfigException("<" + in.getLocalName() + "> lacks the attribute \"" + name + "\"");
    }
    return value;
  }

  /** An attribute that may be there. */
  @Nullable String optional(String name) {
    return in.getAttributeValue(null, name);
  }

  /** Goes to the end of an element that has nothing inside. */
  void empty() throws XMLStreamException, ConfigException {
    String outer = in.getLocalName();
    if (nextTag() != XMLStreamConstants.END_ELEMENT) {
      throw new ConfigException("unknown element <" + in.getLocalName() + "> in <" + outer + ">");
    }
  }

  /** Goes to the end of an element that holds text only; the line stays the one it began in. */
  String text() throws XMLStreamException, ConfigException {
    String name = in.getLocalName();
    StringBuilder text = new StringBuilder();
    int began = line;
    while (true) {
      switch (next()) {
        case XMLStreamConstants.CHARACTERS, XMLStreamConstants.SPACE, XMLStreamConstants.CDATA ->
            text.append(in.getText());
        case XMLStreamConstants.END_ELEMENT -> {
          line = began;
          return text.toString().strip();
        }
        case XMLStreamConstants.COMMENT -> {}
        default -> throw new ConfigException("a <" + name + "> holds nothing but its text");
      }
    }
  }

  /** The next event; the document's type and references to entities are refused. */
  private int next() throws XMLStreamException, ConfigException {
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
  private int nextTag() throws XMLStreamException, ConfigException {
    while (true) {
      int before = line;
      int event = next();
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

  /** What follows the parser's own "ParseError at [row,col]" preamble. */
  private static String plain(@Nullable String message) {
    if (message == null) {
      return "unreadable";
    }
    int at = message.indexOf("Message: ");
    return at < 0 ? message : message.substring(at + "Message: ".length());
  }
}
