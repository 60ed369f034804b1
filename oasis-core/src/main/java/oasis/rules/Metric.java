// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.List;

/**
 * What a rule's user wants of a carrier: goals and limits, joined by {@code and}, such as {@code
 * minimize latency and loss <= 1%}. Kept as asked; a monitor overlay acts on it.
 *
 * @param terms in the order of the text; empty for {@link #NONE}
 */
public record Metric(List<Term> terms) {
  /** No wish. */
  public static final Metric NONE = new Metric(List.of());

  /** A measured property of a carrier. */
  public enum Quantity {
    LATENCY,
    LOSS,
    TRANSFER_TIME,
    THROUGHPUT
  }

  /** One part of a metric. */
  public sealed interface Term permits Minimize, Maximize, AtMost {}

  /** {@code minimize latency}, {@code loss} or {@code transfer-time}. */
  public record Minimize(Quantity quantity) implements Term {}

  /** {@code maximize throughput}. */
  public record Maximize(Quantity quantity) implements Term {}

  /**
   * A limit: {@code loss <= 1%} or {@code latency <= 80ms}.
   *
   * @param millionths loss in millionths of the packets, or latency in nanoseconds
   */
  public record AtMost(Quantity quantity, long millionths) implements Term {}

  /** Keeps a copy of the terms. */
  public Metric {
    terms = List.copyOf(terms);
  }
}
