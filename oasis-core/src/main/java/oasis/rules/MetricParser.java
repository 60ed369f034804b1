// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import oasis.rules.Metric.Quantity;
import oasis.rules.RuleWords.Word;
import org.jspecify.annotations.Nullable;

/** Reads the metric of a rule. */
final class MetricParser {
  private static final String FORMS =
      "write minimize latency|loss|transfer-time, maximize throughput, loss <= 1% or"
          + " latency <= 80ms, joined by 'and'";

  private static final BigDecimal MOST = BigDecimal.valueOf(3_600_000_000_000L);

  private final RuleWords words;
  private final String overlay;

  /**
   * @param words stand at the metric's first word
   * @param overlay what was read before it, for the message about a mistyped term
   */
  MetricParser(RuleWords words, String overlay) {
    this.words = words;
    this.overlay = overlay;
  }

  Metric metric() throws RuleException {
    List<Metric.Term> terms = new ArrayList<>();
    terms.add(term());
    while (words.peek().equals("and")) {
      words.next();
      terms.add(term());
    }
    if (words.hasNext() && !words.peek().equals("else")) {
      throw words.wrong("'" + words.peek() + "' does not go on with the metric: " + FORMS);
    }
    return new Metric(terms);
  }

  private Metric.Term term() throws RuleException {
    Word word = words.next("a part of the metric is missing: " + FORMS);
    if (word.text().equals("minimize")) {
      return new Metric.Minimize(quantity("minimize", "latency", "loss", "transfer-time"));
    }
    if (word.text().equals("maximize")) {
      return new Metric.Maximize(quantity("maximize", "throughput"));
    }
    Quantity quantity = Quantity.of(word.text());
    if (quantity == null) {
      throw new RuleException(
          word.column(),
          "'" + word.text() + "' begins no metric for overlay '" + overlay + "': " + FORMS);
    }
    if (quantity != Quantity.LOSS && quantity != Quantity.LATENCY) {
      throw new RuleException(
          word.column(), "'" + word.text() + "' cannot be limited: limit loss or latency");
    }
    Word sign = words.next("a limit is missing: " + FORMS);
    if (!sign.text().equals("<=")) {
      throw new RuleException(
          sign.column(),
          "'"
              + sign.text()
              + "' stands where '<=' should: write "
              + word.text()
              + " <= "
              + example(quantity));
    }
    return new Metric.AtMost(quantity, limit(quantity));
  }

  private Quantity quantity(String verb, String... allowed) throws RuleException {
    String choices = "write " + verb + " " + String.join("|", allowed);
    Word word = words.next("nothing stands behind '" + verb + "': " + choices);
    @Nullable Quantity quantity = Quantity.of(word.text());
    if (quantity == null || !List.of(allowed).contains(word.text())) {
      throw new RuleException(
          word.column(), "'" + word.text() + "' cannot stand behind '" + verb + "': " + choices);
    }
    return quantity;
  }

  /** Millionths of the packets, or nanoseconds. */
  private long limit(Quantity quantity) throws RuleException {
    Word word = words.next("the limit's value is missing: write " + example(quantity));
    String text = word.text();
    int unitAt = 0;
    while (unitAt < text.length() && "0123456789.".indexOf(text.charAt(unitAt)) >= 0) {
      unitAt++;
    }
    String number = text.substring(0, unitAt);
    long scale = quantity.scale(text.substring(unitAt));
    if (scale == 0 || !number.matches("[0-9]{1,10}(\\.[0-9]{1,9})?")) {
      throw new RuleException(
          word.column(), "'" + text + "' is no limit: write for example " + example(quantity));
    }
    BigDecimal value = new BigDecimal(number).multiply(BigDecimal.valueOf(scale));
    BigDecimal most = quantity == Quantity.LOSS ? BigDecimal.valueOf(1_000_000) : MOST;
    if (value.stripTrailingZeros().scale() > 0 || value.compareTo(most) > 0) {
      throw new RuleException(
          word.column(),
          "'"
              + text
              + "' is out of range: loss goes from 0% to 100% in steps of 0.0001%,"
              + " latency from 0 to 3600s in nanoseconds");
    }
    return value.longValueExact();
  }

  private static String example(Quantity quantity) {
    return quantity == Quantity.LOSS ? "1%" : "80ms";
  }
}
