// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import oasis.exit.engine.Peer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of {@code exit run} about clients with keys and other nodes of the overlay. */
final class MemberOptions {
  @Option(
      names = "--keys",
      paramLabel = "FILE",
      description =
          "Keys of clients, one NUMBER SECRET [NAME] a line, the secret 64 hexadecimal digits;"
              + " only its owner may read it. Who has a key may be a client from any address.")
  private @Nullable Path keys;

  @Option(
      names = "--peer",
      paramLabel = "NAME=ADDRESS:PORT[,key:ID|,as:ID][,PREFIX...]",
      description =
          "Another node of the overlay, to which packets for these prefixes are relayed; with"
              + " key:ID both share a key of --keys, and the other one names it by as:ID. May be"
              + " repeated.")
  private List<String> peers = new ArrayList<>();

  Members members() {
    return new Members(
        keys == null ? null : keys.toAbsolutePath(), peers.stream().map(Peer::parse).toList());
  }
}
