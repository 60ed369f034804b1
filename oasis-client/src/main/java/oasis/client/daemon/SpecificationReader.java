// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.ByteArrayInputStream;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import javax.xml.stream.XMLStreamException;
import oasis.io.Endpoint;
import oasis.io.config.ConfigException;
import oasis.io.config.StrictXml;
import org.jspecify.annotations.Nullable;

/**
 * Reads one specification document, which strangers write. Strict: what is not known, and what this
 * release cannot do, is an error that names the element and its line.
 */
final class SpecificationReader {
  private final Overlay.Resolver resolver;
  private final Set<Endpoint> entries = new LinkedHashSet<>();
  private @Nullable Integer mtu;
  private boolean shim;

  private SpecificationReader(Overlay.Resolver resolver) {
    this.resolver = resolver;
  }

  /**
   * Reads a document.
   *
   * @param file where it came from, with which messages begin
   * @param resolver asked for hosts that are no addresses
   * @throws ConfigException one line with file, line and element
   */
  static Specification read(String file, byte[] document, Overlay.Resolver resolver)
      throws ConfigException {
    if (document.length > Specification.MAX_BYTES) {
      throw new ConfigException(file + ": longer than " + Specification.MAX_BYTES + " bytes");
    }
    SpecificationReader reader = new SpecificationReader(resolver);
    return StrictXml.read(
        file, Specification.NAMESPACE, new ByteArrayInputStream(document), reader::overlay);
  }

  private Specification overlay(StrictXml in) throws XMLStreamException, ConfigException {
    in.root("overlay");
    in.attributes("name", "version");
    String name = in.attribute("name");
    Overlay.checkName(name);
    int version = number("<overlay> version", in.attribute("version"), 1, Integer.MAX_VALUE);
    while (in.nextElement()) {
      in.element(in.name());
      switch (in.name()) {
        case "entry" -> entry(in);
        case "mtu" -> mtu(in);
        case "shim" -> shim(in);
        case "module", "param" ->
            throw new ConfigException(
                "<"
                    + in.name()
                    + ">: modules do not run in this release; only an overlay that is its entry"
                    + " nodes can be joined");
        default -> throw new ConfigException("unknown element <" + in.name() + ">");
      }
    }
    if (entries.isEmpty()) {
      throw new ConfigException("<overlay> has no <entry>");
    }
    return new Specification(
        name, version, List.copyOf(entries), mtu == null ? Overlay.DEFAULT_MTU : mtu);
  }

  private void entry(StrictXml in) throws XMLStreamException, ConfigException {
    in.attributes("host", "port");
    String host = in.attribute("host");
    int port = number("<entry> port", in.attribute("port"), 1, 65_535);
    Endpoint entry;
    try {
      entry = Overlay.entry(host, port, resolver);
    } catch (ConfigException e) {
      throw new ConfigException("<entry>: " + e.getMessage());
    }
    if (!entries.add(entry)) {
      throw new ConfigException("<entry>: " + entry.text() + " is named twice");
    }
    if (entries.size() > Specification.MAX_ENTRIES) {
      throw new ConfigException("more than " + Specification.MAX_ENTRIES + " <entry> elements");
    }
    in.empty();
  }

  private void mtu(StrictXml in) throws XMLStreamException, ConfigException {
    if (mtu != null) {
      throw new ConfigException("a second <mtu>");
    }
    in.attributes();
    mtu = number("<mtu>", in.text(), Overlay.MIN_MTU, Overlay.MAX_MTU);
  }

  private void shim(StrictXml in) throws XMLStreamException, ConfigException {
    if (shim) {
      throw new ConfigException("a second <shim>");
    }
    shim = true;
    in.attributes("length");
    if (number("<shim> length", in.attribute("length"), 0, 255) != 0) {
      throw new ConfigException("<shim>: a length other than 0 is not possible in this release");
    }
    in.empty();
  }

  private static int number(String what, String text, int least, int most) throws ConfigException {
    if (text.matches("[0-9]{1,10}")) {
      long value = Long.parseLong(text);
      if (value >= least && value <= most) {
        return (int) value;
      }
    }
    throw new ConfigException(
        what + " must be " + least + " to " + most + ", not \"" + text + "\"");
  }
}
