// SPDX-License-Identifier: Apache-2.0
package oasis.planetlab.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import oasis.os.OsException;
import oasis.packet.Address;
import oasis.packet.Addresses;

/**
 * The name servers of this host that can be asked by packets: those of resolv.conf(5), or those
 * behind systemd-resolved, whose own address only this host's kernel reaches.
 */
final class NameServers {
  private static final Path USUAL = Path.of("/etc/resolv.conf");
  private static final Path BEHIND_RESOLVED = Path.of("/run/systemd/resolve/resolv.conf");

  private NameServers() {}

  /**
   * Finds them.
   *
   * @throws OsException when there is none, with one line that says what to do
   */
  static List<Address> ofHost() throws OsException {
    for (Path file : List.of(USUAL, BEHIND_RESOLVED)) {
      List<Address> servers = read(file);
      if (!servers.isEmpty()) {
        return servers;
      }
    }
    throw new OsException(
        USUAL + " names no server but this host itself; say --dns ADDRESS of a name server");
  }

  private static List<Address> read(Path file) {
    try {
      return parse(Files.readAllLines(file));
    } catch (IOException e) {
      return List.of(); // there need not be one
    }
  }

  /**
   * Whether packets reach a server: its address is neither this host's alone nor of an IPv6 link.
   * An IPv4 link-local one may be the resolver of a cloud, which the underlay reaches.
   */
  static boolean isFar(Address server) {
    return !Addresses.isLoopback(server.hi(), server.lo())
        && !Addresses.isUnspecified(server.hi(), server.lo())
        && (server.isV4() || !Addresses.isLinkLocal(server.hi(), server.lo()));
  }

  /** Those of the lines that packets reach ({@link #isFar}). */
  static List<Address> parse(List<String> lines) {
    List<Address> servers = new ArrayList<>();
    for (String line : lines) {
      String[] words = line.strip().split("\\s+", 3);
      if (words.length < 2 || !words[0].equals("nameserver")) {
        continue;
      }
      try {
        Address server = Address.parse(words[1]);
        if (isFar(server)) {
          servers.add(server);
        }
      } catch (IllegalArgumentException e) {
        // With a zone, or none at all: the others may do.
      }
    }
    return List.copyOf(servers);
  }
}
