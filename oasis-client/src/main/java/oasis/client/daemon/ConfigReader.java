// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.InputStream;
import java.util.List;
import javax.xml.stream.XMLStreamException;
import oasis.io.config.ConfigException;
import oasis.io.config.StrictXml;
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

  /** Attribute of the root element: whether the built-in names are never faked. */
  static final String BUILT_IN_NEVER_FAKED = "never-fake-built-in";

  /** Element with a pattern of names that are never faked. */
  static final String NEVER_FAKE = "never-fake";

  /** Attribute of an overlay: the file with its key. */
  static final String KEY = "key";

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
          in.attributes("name", "url", KEY);
          Overlay overlay =
              source.of(in.attribute("name"), in.attribute("url")).withKey(in.optional(KEY));
          in.empty();
          config.add(overlay);
        }
        case NEVER_FAKE -> {
          in.element(NEVER_FAKE);
          in.attributes();
          config.neverFake(in.text());
        }
        case "rule" -> {
          in.element("rule");
          in.attributes(DISABLED);
          boolean disabled = is(in, DISABLED, false);
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

  private static boolean is(StrictXml in, String attribute, boolean otherwise)
      throws ConfigException {
    String value = in.optional(attribute);
    if (value != null && !value.equals("true") && !value.equals("false")) {
      throw new ConfigException(attribute + " must be \"true\" or \"false\"");
    }
    return value == null ? otherwise : value.equals("true");
  }

  private static ClientOptions options(StrictXml in) throws ConfigException {
    in.attributes(MEDIATE, FAKE_RANGE, FAKE_RANGE6, BUILT_IN_NEVER_FAKED);
    try {
      return new ClientOptions(
          is(in, MEDIATE, false),
          in.optional(FAKE_RANGE),
          in.optional(FAKE_RANGE6),
          List.of(),
          is(in, BUILT_IN_NEVER_FAKED, true));
    } catch (IllegalArgumentException e) {
      throw new ConfigException(String.valueOf(e.getMessage()));
    }
  }
}
