// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import oasis.exit.engine.ExitEngine;
import oasis.exit.engine.Peer;
import oasis.io.KeyFile;
import oasis.packet.SharedKey;
import org.jspecify.annotations.Nullable;

/**
 * Who belongs to a node beside the networks that it allows: clients with keys, and other nodes of
 * the overlay. Immutable.
 *
 * @param keyFile the file with the keys, or null for none
 * @param peers the other nodes
 */
public record Members(@Nullable Path keyFile, List<Peer> peers) {
  /** No keys and no other nodes. */
  static final Members NONE = new Members(null, List.of());

  /** Checks that peers can be told apart and that there may be keys for them. */
  public Members {
    peers = List.copyOf(peers);
    Peer.check(peers);
    for (Peer peer : peers) {
      if (peer.keyId() != 0 && keyFile == null) {
        throw new IllegalArgumentException(
            "--peer %s: key %d needs --keys FILE".formatted(peer.name(), peer.keyId()));
      }
    }
  }

  boolean isEmpty() {
    return keyFile == null && peers.isEmpty();
  }

  /**
   * Reads the keys.
   *
   * @throws IOException one line that names the file, or a peer whose key is not in it
   */
  List<SharedKey> readKeys() throws IOException {
    Path file = keyFile;
    if (file == null) {
      return List.of();
    }
    List<SharedKey> keys = KeyFile.read(file);
    Set<Integer> known = keys.stream().map(SharedKey::id).collect(Collectors.toSet());
    for (Peer peer : peers) {
      if (peer.keyId() != 0 && !known.contains(peer.keyId())) {
        throw new IOException(
            "%s: no key %d, which --peer %s names".formatted(file, peer.keyId(), peer.name()));
      }
    }
    return keys;
  }

  /**
   * Lets an engine know them and no others. On the data loop, or before it starts.
   *
   * @param keys what {@link #readKeys} has read
   */
  void tell(ExitEngine engine, List<SharedKey> keys) {
    Set<Integer> asClient =
        peers.stream().filter(Peer::actsAsClient).map(Peer::keyId).collect(Collectors.toSet());
    engine.keyring().set(keys, asClient, KeyFile.freshCounter());
    engine.setPeers(peers, System.nanoTime());
  }
}
