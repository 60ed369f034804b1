// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.List;
import oasis.io.Endpoint;

/**
 * What the operator of an overlay publishes about it: a document of the namespace {@code
 * urn:oasis:overlay:1}, whose schema is {@code docs/overlay.xsd}. Immutable.
 *
 * @param name the operator's name for the overlay, which the user's must equal
 * @param version 1 or more; a higher one replaces a lower one
 * @param entries entry nodes, 1 to {@link #MAX_ENTRIES}, all different; packets may go to any
 * @param mtu longest IP packet in bytes that the overlay carries, 576 to 9000
 */
record Specification(String name, int version, List<Endpoint> entries, int mtu) {
  static final String NAMESPACE = "urn:oasis:overlay:1";

  /** Longest document in bytes. */
  static final int MAX_BYTES = 64 << 10;

  /** Most entry nodes of one overlay; each costs a socket and a probe in a second. */
  static final int MAX_ENTRIES = 8;

  Specification {
    entries = List.copyOf(entries);
  }

  /** A document that reads back as this specification without any name to resolve. */
  String toXml() {
    StringBuilder xml = new StringBuilder(512);
    xml.append("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<overlay xmlns=\"");
    xml.append(NAMESPACE).append("\" name=\"").append(name);
    xml.append("\" version=\"").append(version).append("\">\n");
    for (Endpoint entry : entries) {
      String text = entry.text();
      String host = text.substring(0, text.lastIndexOf(':')).replaceAll("[\\[\\]]", "");
      xml.append("  <entry host=\"").append(host);
      xml.append("\" port=\"").append(entry.port()).append("\"/>\n");
    }
    xml.append("  <mtu>").append(mtu).append("</mtu>\n");
    return xml.append("</overlay>\n").toString();
  }
}
