// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Prefix;
import oasis.packet.SharedKey;

/**
 * Another node of the overlay, on whose UDP port the same packets are taken. What clients send to
 * its prefixes is relayed to it; what it sends is treated like a client's, but it is none: no limit
 * on inner addresses holds for it and no prefix has to allow it.
 *
 * @param name what the operator calls it
 * @param hi high half of its UDP address
 * @param lo low half
 * @param port its UDP port
 * @param keyId number of the key that both share, 0 for none
 * @param actsAsClient with a key: whether this node takes the client's part of it, so that the two
 *     directions differ
 * @param prefixes inner destinations that it takes packets to
 */
public record Peer(
    String name,
    long hi,
    long lo,
    int port,
    int keyId,
    boolean actsAsClient,
    List<Prefix> prefixes) {
  /** Most peers of a node. */
  public static final int MAX = 64;

  private static final String FORM = "NAME=ADDRESS:PORT[,key:ID|,as:ID][,PREFIX…]";

  public Peer {
    prefixes = List.copyOf(prefixes);
  }

  /**
   * Reads {@code NAME=ADDRESS:PORT[,key:ID|,as:ID][,PREFIX…]}.
   *
   * @throws IllegalArgumentException one line that says what is wrong
   */
  public static Peer parse(String text) {
    int equal = text.indexOf('=');
    if (equal < 0) {
      throw bad(text, "it must read " + FORM);
    }
    String name = text.substring(0, equal);
    if (!name.matches("[a-z0-9][a-z0-9._-]{0,31}")) {
      throw bad(text, "the name takes 1 to 32 lower-case letters, digits, dots and dashes");
    }
    String[] parts = text.substring(equal + 1).split(",", -1);
    int colon = parts[0].lastIndexOf(':');
    String port = parts[0].substring(colon + 1);
    if (colon < 0 || !port.matches("[0-9]{1,5}") || !isPort(Integer.parseInt(port))) {
      throw bad(text, "it must read " + FORM);
    }
    Address address = address(text, parts[0].substring(0, colon));
    int keyId = 0;
    boolean acts = false;
    List<Prefix> prefixes = new ArrayList<>();
    for (int i = 1; i < parts.length; i++) {
      if (parts[i].startsWith("key:") || parts[i].startsWith("as:")) {
        if (keyId != 0) {
          throw bad(text, "one key is enough");
        }
        acts = parts[i].startsWith("as:");
        keyId = SharedKey.parseId(parts[i].substring(parts[i].indexOf(':') + 1));
      } else {
        prefixes.add(Prefix.parse(parts[i]));
      }
    }
    return new Peer(
        name, address.hi(), address.lo(), Integer.parseInt(port), keyId, acts, prefixes);
  }

  private static boolean isPort(int port) {
    return port > 0 && port <= 0xffff;
  }

  private static Address address(String text, String written) {
    Address address = Address.parse(written.replaceAll("^\\[(.*)]$", "$1"));
    if (Addresses.isUnspecified(address.hi(), address.lo())
        || Addresses.isMulticast(address.hi(), address.lo())) {
      throw bad(text, written + " is not the address of one host");
    }
    return address;
  }

  private static IllegalArgumentException bad(String text, String why) {
    return new IllegalArgumentException("--peer '%s': %s".formatted(text, why));
  }

  /**
   * Refuses peers that cannot be told apart.
   *
   * @throws IllegalArgumentException one line that says which
   */
  public static void check(List<Peer> peers) {
    if (peers.size() > MAX) {
      throw new IllegalArgumentException("--peer: there may be %d peers at most".formatted(MAX));
    }
    Set<String> seen = new HashSet<>();
    for (Peer each : peers) {
      String identity = each.keyId == 0 ? each.endpoint() : "key " + each.keyId;
      List<String> claims = new ArrayList<>(List.of("name " + each.name, identity));
      each.prefixes.forEach(prefix -> claims.add("prefix " + prefix));
      claims.stream()
          .filter(claim -> !seen.add(claim))
          .findFirst()
          .ifPresent(
              claim -> {
                throw bad(each.name, "another peer has " + claim);
              });
    }
  }

  /** Its UDP address and port as configured. */
  public String endpoint() {
    return Snapshots.endpoint(hi, lo, port);
  }
}
