// SPDX-License-Identifier: Apache-2.0
package oasis.io.config;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.util.List;
import java.util.regex.Pattern;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import oasis.os.FileErrors;
import org.jspecify.annotations.Nullable;

/**
 * Pulls the elements of one document of one namespace and remembers the line. Strict: a DOCTYPE,
 * references to entities and whatever the reader does not know are errors. For one use.
 *
 * <p>It pulls events instead of binding objects: a binding library costs the start of a daemon half
 * a second.
 */
public final class StrictXml {
  /** Reads what the document holds. */
  @FunctionalInterface
  public interface Body<T> {
    /** Called in front of the root element. */
    T read(StrictXml in) throws XMLStreamException, ConfigException;
  }

  private static final int DECLARATION_BYTES = 200;

  /** UTF-16 by its mark or first character, or a declaration of anything but UTF-8. */
  private static final Pattern OTHER_ENCODING =
      Pattern.compile(
          "^(\\xfe\\xff|\\xff\\xfe|\\x00<|<\\x00"
              + "|<\\?xml[^>]*encoding\\s*=\\s*[\"'](?!utf-?8[\"']))",
          Pattern.CASE_INSENSITIVE);

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
  public static <T> T read(String file, String namespace, InputStream document, Body<T> body)
      throws ConfigException {
    StrictXml xml;
    try {
      byte[] bytes = document.readAllBytes();
      refuseBadText(file, bytes);
      ByteArrayInputStream text = new ByteArrayInputStream(bytes);
      xml = new StrictXml(file, namespace, factory().createXMLStreamReader(text, null));
    } catch (IOException e) {
      throw new ConfigException(file + ": cannot be read: " + FileErrors.reason(e));
    } catch (XMLStreamException e) {
      throw malformed(file, 1, e);
    } catch (RuntimeException e) {
      throw new ConfigException(file + ", line 1: not well-formed XML");
    }
    return xml.read(body);
  }

  /**
   * Refuses what is neither UTF-8 nor says that it is something else: the JDK's parser would name
   * no line, and print a line of its own on standard error.
   */
  private static void refuseBadText(String file, byte[] bytes) throws ConfigException {
    String head = new String(bytes, 0, Math.min(bytes.length, DECLARATION_BYTES), ISO_8859_1);
    if (OTHER_ENCODING.matcher(head).find()) {
      return;
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    if (UTF_8.newDecoder().decode(in, CharBuffer.allocate(bytes.length), true).isError()) {
      int line = 1;
      for (int i = 0; i < in.position(); i++) {
        line += bytes[i] == '\n' ? 1 : 0;
      }
      throw new ConfigException(file + ", line " + line + ": not well-formed XML: not UTF-8");
    }
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
  public void root(String name) throws XMLStreamException, ConfigException {
    nextTag();
    element(name);
  }

  /**
   * Goes to the next element inside the one whose elements are being read.
   *
   * @return false at its end
   */
  public boolean nextElement() throws XMLStreamException, ConfigException {
    return nextTag() == XMLStreamConstants.START_ELEMENT;
  }

  /** Line of the document in which what was read last began. */
  public int line() {
    return line;
  }

  /** Name of the element. */
  public String name() {
    return in.getLocalName();
  }

  /** Requires that the element has this name and the document's namespace. */
  public void element(String name) throws ConfigException {
    if (!in.getLocalName().equals(name) || !namespace.equals(in.getNamespaceURI())) {
      throw new ConfigException(
          "<" + in.getLocalName() + "> where <" + name + " xmlns=\"" + namespace + "\"> must be");
    }
  }

  /** Refuses attributes other than these. */
  public void attributes(String... known) throws ConfigException {
    for (int i = 0; i < in.getAttributeCount(); i++) {
      String name = in.getAttributeLocalName(i);
      if (!List.of(known).contains(name)) {
        throw new ConfigException(
            "unknown attribute \"" + name + "\" of <" + in.getLocalName() + ">");
      }
    }
  }

  /** An attribute that must be there. */
  public String attribute(String name) throws ConfigException {
    String value = optional(name);
    if (value == null) {
      throw new ConfigException("<" + in.getLocalName() + "> lacks the attribute \"" + name + "\"");
    }
    return value;
  }

  /** An attribute that may be there. */
  public @Nullable String optional(String name) {
    return in.getAttributeValue(null, name);
  }

  /** Goes to the end of an element that has nothing inside. */
  public void empty() throws XMLStreamException, ConfigException {
    String outer = in.getLocalName();
    if (nextTag() != XMLStreamConstants.END_ELEMENT) {
      throw new ConfigException("unknown element <" + in.getLocalName() + "> in <" + outer + ">");
    }
  }

  /** Goes to the end of an element that holds text only; the line stays the one it began in. */
  public String text() throws XMLStreamException, ConfigException {
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
