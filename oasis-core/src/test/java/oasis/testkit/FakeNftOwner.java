// SPDX-License-Identifier: Apache-2.0
package oasis.testkit;

import java.util.ArrayList;
import java.util.List;
import oasis.os.NftOwner;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;

/** Remembers each ruleset text; it does not understand them. */
public final class FakeNftOwner implements NftOwner {
  private final List<String> applied = new ArrayList<>();
  private @Nullable String refusal;
  private boolean alive = true;

  /** The texts that were applied, in order. */
  public List<String> applied() {
    return List.copyOf(applied);
  }

  /** Refuses every following text with this message. */
  public void refuse(String message) {
    refusal = message;
  }

  /** Dies, as the real child does when somebody kills it. */
  public void die() {
    alive = false;
  }

  @Override
  public void apply(String ruleset) throws OsException {
    if (!alive) {
      throw new OsException("nft -i: its process has ended, and its tables with it");
    }
    if (refusal != null) {
      throw new OsException(refusal);
    }
    applied.add(ruleset);
  }

  @Override
  public boolean alive() {
    return alive;
  }

  @Override
  public void close() {
    alive = false;
  }
}
