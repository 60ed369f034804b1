// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.InputStream;
import javax.xml.stream.XMLStreamException;
import oasis.rules.Rule;

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

  /** Attribute of a rule that keeps its place and decides nothing. */
  static final String DISABLED = "disabled";

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
          in.attributes(DISABLED);
          boolean disabled = isTrue(in, DISABLED);
          Rule rule = LiveConfig.parseRule(in.text());
          if (disabled) {
            config.addDisabled(rule);
          } else {
            config.add(rule);
          }
        }
        default -> throw new ConfigException("unknown element <" + in.name() + ">");
      }
    }
    return config.build();
  }

  private static boolean isTrue(StrictXml in, String attribute) throws ConfigException {
    String value = in.optional(attribute);
    if (value != null && !value.equals("true") && !value.equals("false")) {
      throw new ConfigException(attribute + " must be \"true\" or \"false\"");
    }
    return "true".equals(value);
  }

  private static ClientOptions options(StrictXml in) throws ConfigException {
    in.attributes(MEDIATE, FAKE_RANGE, FAKE_RANGE6);
    try {
      return new ClientOptions(
          isTrue(in, MEDIATE), in.optional(FAKE_RANGE), in.optional(FAKE_RANGE6));
    } catch (IllegalArgumentException e) {
      throw new ConfigException(String.valueOf(e.getMessage()));
    }
  }
}
