// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.util.ArrayList;
import java.util.List;
import oasis.link.LinkSettings;

/** Reads what a link does to packets: attributes of a link, and of its ends, which go first. */
final class Shape {
  private static final String DELAY = "delay";
  private static final String RATE = "rate";
  private static final String QUEUE = "queue";
  private static final String LOSS = "loss";
  private static final String REORDER = "reorder";
  private static final String REORDER_DELAY = "reorder-delay";
  private static final String DUPLICATE = "duplicate";
  private static final List<String> ATTRIBUTES =
      List.of(DELAY, RATE, QUEUE, LOSS, REORDER, REORDER_DELAY, DUPLICATE);
  private static final long DEFAULT_REORDER_NS = 1_000_000;

  private final Element link;
  private final Element end;

  private Shape(Element link, Element end) {
    this.link = link;
    this.end = end;
  }

  /** The names of these attributes after others. */
  static String[] with(String... others) {
    List<String> all = new ArrayList<>(List.of(others));
    all.addAll(ATTRIBUTES);
    return all.toArray(String[]::new);
  }

  /** What the packets meet that an end sends. */
  static LinkSettings of(Element link, Element end) {
    return new Shape(link, end).settings();
  }

  private LinkSettings settings() {
    LinkSettings settings =
        rated(LinkSettings.delay(quantity(DELAY, Quantity::timeNs, LinkSettings.MAX_DELAY_NS)))
            .withLossPpb(quantity(LOSS, Quantity::sharePpb, LinkSettings.ALL_PPB))
            .withDuplicatePpb(quantity(DUPLICATE, Quantity::sharePpb, LinkSettings.ALL_PPB));
    long reorderPpb = quantity(REORDER, Quantity::sharePpb, LinkSettings.ALL_PPB);
    long reorderNs = DEFAULT_REORDER_NS;
    if (has(REORDER_DELAY)) {
      reorderNs = positive(REORDER_DELAY, Quantity::timeNs, LinkSettings.MAX_DELAY_NS);
      if (!has(REORDER)) {
        throw where(REORDER_DELAY).wrong(REORDER_DELAY, "has no effect without reorder");
      }
    }
    return reorderPpb == 0 ? settings : settings.withReorder(reorderPpb, reorderNs);
  }

  private LinkSettings rated(LinkSettings unlimited) {
    if (!has(RATE)) {
      if (has(QUEUE)) {
        throw where(QUEUE).wrong(QUEUE, "has no effect without a rate");
      }
      return unlimited;
    }
    LinkSettings settings =
        unlimited.withRate(
            positive(RATE, Quantity::bitsPerSecond, LinkSettings.MAX_BITS_PER_SECOND));
    return has(QUEUE)
        ? settings.withQueueBytes(positive(QUEUE, Quantity::bytes, LinkSettings.MAX_QUEUE_BYTES))
        : settings;
  }

  private Element where(String attribute) {
    return end.or(link, attribute);
  }

  private boolean has(String attribute) {
    return where(attribute).has(attribute);
  }

  /** The attribute's value, 0 without it. */
  private long quantity(String attribute, Element.QuantityParser parser, long most) {
    return has(attribute) ? where(attribute).quantity(attribute, parser, most) : 0;
  }

  private long positive(String attribute, Element.QuantityParser parser, long most) {
    long value = quantity(attribute, parser, most);
    if (value == 0) {
      throw where(attribute).wrong(attribute, "must be more than 0");
    }
    return value;
  }
}
