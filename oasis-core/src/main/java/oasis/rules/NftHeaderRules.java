// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

/**
 * The header rules of a rule set for the kernel, as nftables text.
 *
 * @param sets set definitions, to stand inside the table; empty if none are needed
 * @param statements the body of a chain that decides packets which begin a connection
 */
public record NftHeaderRules(String sets, String statements) {
  /**
   * Compiles the union of all header rules.
   *
   * @param verdict what happens to a packet that belongs to an overlay, such as {@code goto
   *     capture}
   * @param ipv6 whether rules apply to IPv6 packets too
   */
  public static NftHeaderRules compile(RuleSet rules, String verdict, boolean ipv6) {
    throw new UnsupportedOperationException("being written");
  }
}
