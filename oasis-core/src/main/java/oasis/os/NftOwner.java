// SPDX-License-Identifier: Apache-2.0
package oasis.os;

/**
 * Holds nftables tables with {@code flags owner}: the kernel lets nobody else change them, and
 * removes them when the holder dies by any means. Confined to one thread.
 */
public interface NftOwner extends AutoCloseable {
  /**
   * Applies a ruleset text in one transaction: all of it or nothing. To replace a table whatever it
   * held before, the text is
   *
   * <pre>
   * table inet T { flags owner; }
   * delete table inet T
   * table inet T {
   *   flags owner
   *   …
   * }
   * </pre>
   *
   * Every mention of an owned table with braces has to repeat {@code flags owner}.
   *
   * @throws OsException when nft refuses the text (the message has nft's first error line) or its
   *     process is gone; after a refusal the ruleset is what it was before
   */
  void apply(String ruleset) throws OsException;

  /** True while the holder lives; once false, all its tables are gone and it cannot be revived. */
  boolean alive();

  /** Ends the holder; its tables are gone when this returns. */
  @Override
  void close();
}
