// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.math.BigDecimal;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a rule's user wants of a carrier: goals and limits, joined by {@code and}, such as {@code
 * minimize latency and loss <= 1%}. Kept as asked; a monitor overlay acts on it. {@code toString}
 * gives the text that is read back as the same metric.
 *
 * @param terms in the order of the text; empty for {@link #NONE}
 */
public record Metric(List<Term> terms) {
  /** No wish. */
  public static final Metric NONE = new Metric(List.of());

  /** A measured property of a carrier. */
  public enum Quantity {
    LATENCY("latency"),
    LOSS("loss"),
    TRANSFER_TIME("transfer-time"),
    THROUGHPUT("throughput");

    private final String text;

    Quantity(String text) {
      this.text = text;
    }

    static @Nullable Quantity of(String text) {
      for (Quantity quantity : values()) {
        if (quantity.text.equals(text)) {
          return quantity;
        }
      }
      return null;
    }

    /** What a unit of a limit is multiplied by, or 0 if this quantity has no such unit. */
    long scale(String unit) {
      if (this == LOSS) {
        return unit.equals("%") ? 10_000 : 0;
      }
      return switch (unit) {
        case "ns" -> 1;
        case "us" -> 1_000;
        case "ms" -> 1_000_000;
        case "s" -> 1_000_000_000;
        default -> 0;
      };
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** One part of a metric. */
  public sealed interface Term permits Minimize, Maximize, AtMost {}

  /** {@code minimize latency}, {@code loss} or {@code transfer-time}. */
  public record Minimize(Quantity quantity) implements Term {
    @Override
    public String toString() {
      return "minimize " + quantity;
    }
  }

  /** {@code maximize throughput}. */
  public record Maximize(Quantity quantity) implements Term {
    @Override
    public String toString() {
      return "maximize " + quantity;
    }
  }

  /**
   * A limit: {@code loss <= 1%} or {@code latency <= 80ms}.
   *
   * @param limit loss in millionths of the packets, or latency in nanoseconds
   */
  public record AtMost(Quantity quantity, long limit) implements Term {
    @Override
    public String toString() {
      String unit = quantity == Quantity.LOSS ? "%" : limit % 1_000_000 == 0 ? "ms" : "us";
      BigDecimal value = BigDecimal.valueOf(limit).divide(BigDecimal.valueOf(quantity.scale(unit)));
      return quantity + " <= " + value.stripTrailingZeros().toPlainString() + unit;
    }
  }

  /** Keeps a copy of the terms. */
  public Metric {
    terms = List.copyOf(terms);
  }

  @Override
  public String toString() {
    return terms.stream().map(Object::toString).collect(Collectors.joining(" and "));
  }
}
