// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import oasis.io.Endpoint;
import oasis.io.config.ConfigException;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.rules.Rule;
import oasis.rules.RuleException;
import org.jspecify.annotations.Nullable;

/**
 * An overlay as the user adds it: a name, a URL, and the entry nodes that carry its packets, which
 * stand in the URL itself or in the specification that it leads to.
 *
 * @param name the user's name for it: lower-case letters, digits, dot, dash and underscore
 * @param url what the user wrote, or for a {@code udp:} URL the same with an address as its host
 * @param version the specification's; 0 without one
 * @param entries the entry nodes' addresses, of either family, and their UDP ports; packets of both
 *     families travel by either. Empty while the specification has not been seen
 * @param mtu longest IP packet in bytes that it carries, 576 to 9000
 * @param key path of the file with the key that seals its datagrams, or null for none
 */
public record Overlay(
    String name, String url, int version, List<Endpoint> entries, int mtu, @Nullable String key) {
  /**
   * Longest packet that a path of 1500 bytes carries inside UDP over IPv6 (48 bytes more), with the
   * trailer of a key (28 more) and some room.
   */
  static final int DEFAULT_MTU = 1400;

  static final int MIN_MTU = 576;
  static final int MAX_MTU = 9000;
  static final int MAX_PORT = 65_535;
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,31}");

  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|\\[.*]|.*:.*");
  private static final Pattern LOOPBACK =
      Pattern.compile("127(\\.[0-9]{1,3}){3}|localhost|\\[::1]");

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

  /** Knows which overlay a name and a URL mean. */
  @FunctionalInterface
  interface Source {
    /** The overlay, whole or, when its specification is not at hand, without entry nodes. */
    Overlay of(String name, String url) throws ConfigException;
  }

  public Overlay {
    entries = List.copyOf(entries);
    if (entries.stream().anyMatch(entry -> entry.port() < 1)) {
      throw new IllegalArgumentException("port must be 1 to 65535");
    }
    if (mtu < MIN_MTU || mtu > MAX_MTU) {
      throw new IllegalArgumentException("mtu must be 576 to 9000");
    }
  }

  /** An overlay whose specification is at {@code url} and has been read. */
  static Overlay specified(String url, Specification specification) {
    return new Overlay(
        specification.name(),
        url,
        specification.version(),
        specification.entries(),
        specification.mtu(),
        null);
  }

  /** This overlay with a key. */
  Overlay withKey(@Nullable String file) throws ConfigException {
    if (file != null && !file.startsWith("/")) {
      throw new ConfigException("overlay \"" + name + "\": the key's file must be a whole path");
    }
    return new Overlay(name, url, version, entries, mtu, file);
  }

  /** This overlay with further entry nodes behind its own. */
  Overlay withEntriesOf(Overlay other) {
    Set<Endpoint> both = new LinkedHashSet<>(entries);
    both.addAll(other.entries);
    return new Overlay(name, url, version, List.copyOf(both), mtu, key);
  }

  /** An overlay whose specification has not been seen yet: it carries nothing. */
  static Overlay unseen(String name, String url) {
    return new Overlay(name, url, 0, List.of(), DEFAULT_MTU, null);
  }

  /**
   * Reads {@code <name, URL>} where the URL is the entry node itself.
   *
   * @param url {@code udp://HOST:PORT} with an optional {@code ?mtu=BYTES}; an IPv6 address stands
   *     in brackets
   * @param resolver asked when the host is not an address
   * @throws ConfigException one line: what is wrong with name or URL
   */
  static Overlay parse(String name, String url, Resolver resolver) throws ConfigException {
    checkName(name);
    URI uri = uri(url);
    if (!"udp".equalsIgnoreCase(uri.getScheme())) {
      throw bad(url, "it leads to a specification, which has to be fetched");
    }
    String host = uri.getHost();
    if (host == null || uri.getPort() < 0) {
      throw bad(url, "it needs a host and a port");
    }
    if (uri.getRawUserInfo() != null
        || uri.getRawFragment() != null
        || !(uri.getRawPath().isEmpty() || uri.getRawPath().equals("/"))) {
      throw bad(url, "nothing but a host, a port and \"?mtu=\" may stand in it");
    }
    if (uri.getPort() < 1 || uri.getPort() > MAX_PORT) {
      throw bad(url, "the port must be 1 to 65535");
    }
    int mtu = mtu(url, uri.getRawQuery());
    Endpoint entry;
    try {
      entry = entry(host, uri.getPort(), resolver);
    } catch (ConfigException e) {
      throw bad(url, String.valueOf(e.getMessage()));
    }
    String plain = "udp://" + entry.text();
    String text = mtu == DEFAULT_MTU ? plain : plain + "?mtu=" + mtu;
    return new Overlay(name, text, 0, List.of(entry), mtu, null);
  }

  /**
   * Where the specification of an overlay is.
   *
   * @return empty for a URL that is the entry node itself
   * @throws ConfigException for a URL of any other kind, and one that is not to be trusted
   */
  static Optional<URI> specification(String url) throws ConfigException {
    URI uri = uri(url);
    String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
    if (scheme.equals("udp")) {
      return Optional.empty();
    }
    if (scheme.equals("file")) {
      if (uri.getPath() == null || !uri.getPath().startsWith("/") || uri.getAuthority() != null) {
        throw bad(url, "it must read file:/PATH");
      }
      return Optional.of(uri);
    }
    String host = uri.getHost();
    if (host == null || uri.getRawUserInfo() != null || uri.getRawFragment() != null) {
      throw bad(url, "it must read " + scheme + "://HOST/PATH");
    }
    if (uri.getPort() == 0 || uri.getPort() > MAX_PORT) {
      throw bad(url, "a port is 1 to " + MAX_PORT);
    }
    if (scheme.equals("http") && !LOOPBACK.matcher(host).matches()) {
      throw bad(url, "http is for the loopback only; use https");
    }
    return Optional.of(uri);
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
      case "udp", "https", "http", "file" -> uri;
      default -> throw bad(url, "it must read udp://HOST:PORT, https://… or file:/PATH");
    };
  }

  /** The entry node at a host and a port. */
  static Endpoint entry(String host, int port, Resolver resolver) throws ConfigException {
    Address address = address(host, resolver);
    if (Addresses.isUnspecified(address.hi(), address.lo())
        || Addresses.isMulticast(address.hi(), address.lo())
        || Addresses.isBroadcast(address.hi(), address.lo())) {
      throw new ConfigException(plain(host) + " is not the address of one host");
    }
    if (!address.isV4() && Addresses.isLinkLocal(address.hi(), address.lo())) {
      throw new ConfigException(
          plain(host) + " is link-local: it means nothing without an interface");
    }
    return new Endpoint(address.hi(), address.lo(), port);
  }

  /** The address of a host, which may be one itself, an IPv6 address in brackets or not. */
  static Address address(String host, Resolver resolver) throws ConfigException {
    try {
      return ADDRESS.matcher(host).matches()
          ? Address.parse(plain(host))
          : resolver.addressOf(host);
    } catch (IllegalArgumentException e) {
      throw new ConfigException(plain(host) + " is not an IP address");
    }
  }

  private static String plain(String host) {
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  /** Refuses a name that rules could not say. */
  static void checkName(String name) throws ConfigException {
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
}
