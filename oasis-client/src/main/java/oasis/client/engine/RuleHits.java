// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import oasis.rules.Rule;

/**
 * What a rule has decided since the client started, or since the rule was added. Confined to the
 * data loop, but for {@link #rule()}. A rule that moves, or is disabled for a while, keeps it.
 */
public final class RuleHits {
  private final Rule rule;
  private long names;
  private long flows;
  private long bytes;

  /**
   * A snapshot.
   *
   * @param names DNS answers in which the rule had addresses replaced
   * @param flows connections and streams that the rule decided
   * @param bytes IP bytes of these flows, both directions
   */
  public record Counts(Rule rule, long names, long flows, long bytes) {}

  /** Nothing decided yet. */
  public RuleHits(Rule rule) {
    this.rule = rule;
  }

  /** The rule that is counted; any thread. */
  public Rule rule() {
    return rule;
  }

  void name() {
    names++;
  }

  void flow() {
    flows++;
  }

  void carried(int ipBytes) {
    bytes += ipBytes;
  }

  /** What has been counted until now. */
  public Counts counts() {
    return new Counts(rule, names, flows, bytes);
  }
}
