// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.InputStream;
import javax.xml.stream.XMLStreamException;

/**
 * Reads one configuration document. Strict: what is not known is an error that names the line,
 * since a misspelt rule that is silently left out would send traffic where the user does not want
 * it.
 */
final class ConfigReader {
  static final String NAMESPACE = "urn:oasis:client:1";

  /** Attributes of the root element. */
  static final String MEDIATE = "mediate";

  static final String FAKE_RANGE = "fake-range";
  static final String FAKE_RANGE6 = "fake-range6";

  private final String file;
  private final InputStream document;
  private final Overlay.Source source;

  /**
   * @param file the name that messages begin with
   * @param document the bytes; the caller has bounded them
   * @param source knows what is behind the overlays' URLs
   */
  ConfigReader(String file, InputStream document, Overlay.Source source) {
    this.file = file;
    this.document = document;
    this.source = source;
  }

  /** Reads the document to its end. */
  ClientConfig read() throws ConfigException {
    return StrictXml.read(file, NAMESPACE, document, this::client);
  }

  private ClientConfig client(StrictXml in) throws XMLStreamException, ConfigException {
    in.root("client");
    ClientConfig.Builder config = new ClientConfig.Builder(options(in));
    while (in.nextElement()) {
      switch (in.name()) {
        case "overlay" -> {
          in.element("overlay");
          in.attributes("name", "url");
          Overlay overlay = source.of(in.attribute("name"), in.attribute("url"));
          in.empty();
          config.add(overlay);
        }
        case "rule" -> {
          in.element("rule");
          in.attributes();
          config.add(LiveConfig.parseRule(in.text()));
        }
        default -> throw new ConfigException("unknown element <" + in.name() + ">");
      }
    }
    return config.build();
  }

  private static ClientOptions options(StrictXml in) throws ConfigException {
    in.attributes(MEDIATE, FAKE_RANGE, FAKE_RANGE6);
    String mediate = in.optional(MEDIATE);
    if (mediate != null && !mediate.equals("true") && !mediate.equals("false")) {
      throw new ConfigException("mediate must be \"true\" or \"false\"");
    }
    try {
      return new ClientOptions(
          "true".equals(mediate), in.optional(FAKE_RANGE), in.optional(FAKE_RANGE6));
    } catch (IllegalArgumentException e) {
      throw new ConfigException(String.valueOf(e.getMessage()));
    }
  }
}
