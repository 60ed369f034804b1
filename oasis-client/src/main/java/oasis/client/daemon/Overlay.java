// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.regex.Pattern;
import oasis.io.Endpoint;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.rules.Rule;
import oasis.rules.RuleException;
import org.jspecify.annotations.Nullable;

/**
 * An overlay as the user adds it: a name and the entry node that carries its packets.
 *
 * @param name the user's name for it: lower-case letters, digits, dot, dash and underscore
 * @param entry the entry node's address, of either family, and its UDP port, 1 to 65535; packets of
 *     both families travel by either
 * @param mtu longest IP packet in bytes that it carries, 576 to 9000
 */
public record Overlay(String name, Endpoint entry, int mtu) {
  /**
   * Longest packet that a path of 1500 bytes carries inside UDP over IPv6 (48 bytes more) with room
   * for a second tunnel.
   */
  static final int DEFAULT_MTU = 1400;

  private static final int MIN_MTU = 576;
  private static final int MAX_MTU = 9000;
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,31}");

  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|\\[.*]");

  /** Finds the address of a host name. */
  @FunctionalInterface
  interface Resolver {
    /** The address of {@code host}, of either family. */
    Address addressOf(String host) throws ConfigException;
  }

  /** Takes addresses only: for files, whose meaning must not change from day to day. */
  static final Resolver ADDRESSES_ONLY =
      host -> {
        throw new ConfigException(
            "\""
                + host
                + "\" is not an IP address (\"overlay add\" resolves names once and saves the"
                + " address)");
      };

  public Overlay {
    if (entry.port() < 1) {
      throw new IllegalArgumentException("port must be 1 to 65535");
    }
    if (mtu < MIN_MTU || mtu > MAX_MTU) {
      throw new IllegalArgumentException("mtu must be 576 to 9000");
    }
  }

  /**
   * Reads {@code <name, URL>}.
   *
   * @param url {@code udp://HOST:PORT} with an optional {@code ?mtu=BYTES}; an IPv6 address stands
   *     in brackets
   * @param resolver asked when the host is not an address
   * @throws ConfigException one line: what is wrong with name or URL
   */
  static Overlay parse(String name, String url, Resolver resolver) throws ConfigException {
    checkName(name);
    URI uri = uri(url);
    String host = uri.getHost();
    if (host == null || uri.getPort() < 0) {
      throw bad(url, "it needs a host and a port");
    }
    if (uri.getRawUserInfo() != null
        || uri.getRawFragment() != null
        || !(uri.getRawPath().isEmpty() || uri.getRawPath().equals("/"))) {
      throw bad(url, "nothing but a host, a port and \"?mtu=\" may stand in it");
    }
    if (uri.getPort() < 1 || uri.getPort() > 65_535) {
      throw bad(url, "the port must be 1 to 65535");
    }
    Address address = address(url, host, resolver);
    Endpoint entry = new Endpoint(address.hi(), address.lo(), uri.getPort());
    return new Overlay(name, entry, mtu(url, uri.getRawQuery()));
  }

  private static URI uri(String url) throws ConfigException {
    URI uri;
    try {
      uri = new URI(url);
    } catch (URISyntaxException e) {
      throw bad(url, "it is not a URL");
    }
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    return switch (scheme) {
      case "udp" -> uri;
      case "https", "http", "file" ->
          throw bad(url, scheme + ": specification documents are not in this release");
      default -> throw bad(url, "it must read udp://HOST:PORT");
    };
  }

  private static Address address(String url, String host, Resolver resolver)
      throws ConfigException {
    String text = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    Address address;
    try {
      address = ADDRESS.matcher(host).matches() ? Address.parse(text) : resolver.addressOf(host);
    } catch (IllegalArgumentException e) {
      throw bad(url, text + " is not an IP address");
    }
    if (Addresses.isUnspecified(address.hi(), address.lo())
        || Addresses.isMulticast(address.hi(), address.lo())
        || Addresses.isBroadcast(address.hi(), address.lo())) {
      throw bad(url, text + " is not the address of one host");
    }
    if (!address.isV4() && Addresses.isLinkLocal(address.hi(), address.lo())) {
      throw bad(url, text + " is link-local: it means nothing without an interface");
    }
    return address;
  }

  private static void checkName(String name) throws ConfigException {
    if (!NAME.matcher(name).matches()) {
      throw new ConfigException(
          "overlay name \""
              + name
              + "\": use 1 to 32 lower-case letters, digits, dots, dashes and underscores");
    }
    if (name.equals(Rule.UNDERLAY)) {
      throw new ConfigException("overlay name \"underlay\" stands for the plain Internet");
    }
    try {
      Rule.parse("tcp dport 1 " + name);
    } catch (RuleException e) {
      throw new ConfigException("overlay name \"" + name + "\": rules use the word otherwise");
    }
  }

  private static int mtu(String url, @Nullable String query) throws ConfigException {
    if (query == null) {
      return DEFAULT_MTU;
    }
    if (!query.matches("mtu=[0-9]{1,5}")) {
      throw bad(url, "the only option is ?mtu=BYTES");
    }
    int mtu = Integer.parseInt(query.substring("mtu=".length()));
    if (mtu < MIN_MTU || mtu > MAX_MTU) {
      throw bad(url, "mtu must be " + MIN_MTU + " to " + MAX_MTU);
    }
    return mtu;
  }

  private static ConfigException bad(String url, String why) {
    return new ConfigException("overlay URL \"" + url + "\": " + why);
  }

  /** The URL that reads back as this overlay; its host is always an address. */
  String url() {
    String plain = "udp://" + entry.text();
    return mtu == DEFAULT_MTU ? plain : plain + "?mtu=" + mtu;
  }
}
