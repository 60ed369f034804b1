// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import oasis.os.NftOwner;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;

/** The exit node's one nftables table, held by a process of its own. Confined to one thread. */
final class NftTable implements AutoCloseable {
  /** Starts the process that holds the table. */
  @FunctionalInterface
  interface Holder {
    /** A new holder, in the network namespace of the commands. */
    NftOwner open() throws OsException;
  }

  private final Holder holder;
  private @Nullable NftOwner nft;
  private @Nullable String ruleset;

  NftTable(Holder holder) {
    this.holder = holder;
  }

  /** Holds a table with this text, in place of the one before; the same text changes nothing. */
  void hold(String text) throws OsException {
    if (text.equals(ruleset) && nft != null && nft.alive()) {
      return;
    }
    NftOwner owner = nft;
    if (owner == null || !owner.alive()) {
      if (owner != null) {
        owner.close();
      }
      owner = holder.open();
      nft = owner;
    }
    owner.apply(text);
    ruleset = text;
  }

  /**
   * Holds the table again if its holder has died.
   *
   * @return true when it had
   */
  boolean repair() throws OsException {
    if (ruleset == null || nft != null && nft.alive()) {
      return false;
    }
    hold(ruleset);
    return true;
  }

  @Override
  public void close() {
    ruleset = null;
    if (nft != null) {
      nft.close();
      nft = null;
    }
  }
}
