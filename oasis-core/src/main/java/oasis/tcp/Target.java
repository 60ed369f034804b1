// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import java.util.Locale;
import oasis.packet.Addresses;
import org.jspecify.annotations.Nullable;

/**
 * What a request to a proxy names: absolute-form of the scheme {@code http}, or authority-form of
 * {@code CONNECT} (RFC 9112 section 3.2).
 *
 * @param host lower-case name without the last dot, or the text of an address
 * @param authority host and port as sent, for the {@code Host} field
 * @param origin the origin-form
 */
record Target(String host, int port, String authority, String origin) {
  static final String CONNECT = "CONNECT";

  private static final String SCHEME = "http://";
  private static final int HTTP_PORT = 80;
  private static final int NO_PORT = 0;
  private static final int MAX_NAME = 253;
  private static final int MAX_LABEL = 63;

  static @Nullable Target parse(String method, String text) {
    if (method.equals(CONNECT)) {
      return authority(text, NO_PORT, text);
    }
    if (!text.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      return null;
    }
    int end = SCHEME.length();
    while (end < text.length() && text.charAt(end) != '/' && text.charAt(end) != '?') {
      end++;
    }
    String rest = text.substring(end);
    for (int i = 0; i < rest.length(); i++) {
      char c = rest.charAt(i);
      if (c <= ' ' || c >= 0x7f || c == '#') {
        return null;
      }
    }
    String origin = rest.startsWith("/") ? rest : "/" + rest;
    if (rest.isEmpty() && method.equals("OPTIONS")) {
      origin = "*"; // RFC 9112 section 3.2.4
    }
    return authority(text.substring(SCHEME.length(), end), HTTP_PORT, origin);
  }

  /** Without a default, the port has to be there. */
  private static @Nullable Target authority(String text, int defaultPort, String origin) {
    int colon = text.lastIndexOf(':');
    if (colon < text.indexOf(']')) {
      colon = -1;
    }
    String digits = colon < 0 ? "" : text.substring(colon + 1);
    int port = digits.isEmpty() ? defaultPort : port(digits);
    String host = host(colon < 0 ? text : text.substring(0, colon));
    return port == NO_PORT || host == null ? null : new Target(host, port, text, origin);
  }

  private static int port(String digits) {
    if (!digits.matches("[0-9]{1,5}")) {
      return NO_PORT;
    }
    int port = Integer.parseInt(digits);
    return port <= 0xffff ? port : NO_PORT;
  }

  private static @Nullable String host(String text) {
    try {
      if (text.startsWith("[") && text.endsWith("]")) {
        String inner = text.substring(1, text.length() - 1);
        return inner.indexOf(':') < 0 ? null : Addresses.parse(inner).toString();
      }
      String name = text.endsWith(".") ? text.substring(0, text.length() - 1) : text;
      if (!isName(name)) {
        return null;
      }
      // A name whose last label is a number is an address or nothing (WHATWG URL, host parsing).
      String last = name.substring(name.lastIndexOf('.') + 1);
      boolean number = last.chars().allMatch(c -> c >= '0' && c <= '9');
      return number ? Addresses.parse(name).toString() : name.toLowerCase(Locale.ROOT);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static boolean isName(String name) {
    if (name.isEmpty() || name.length() > MAX_NAME) {
      return false;
    }
    int label = 0;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean good = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
      if (c == '.' ? label == 0 : !good && c != '-' && c != '_') {
        return false;
      }
      label = c == '.' ? 0 : label + 1;
      if (label > MAX_LABEL) {
        return false;
      }
    }
    return label > 0;
  }
}
