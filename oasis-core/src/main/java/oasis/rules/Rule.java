// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.List;
import java.util.Locale;

/**
 * One rule {@code <subset, overlay, [metric]>} of a host's user, in text {@code SUBSET OVERLAY
 * [METRIC] [else underlay|next|block]}; of several rules the first match wins.
 *
 * @param subset which traffic
 * @param overlay name of the overlay, or {@link #UNDERLAY}
 * @param metric what the carrier is asked to be good at, {@link Metric#NONE} if nothing
 * @param otherwise what happens when the overlay cannot serve
 */
public record Rule(Subset subset, String overlay, Metric metric, Otherwise otherwise) {
  /** The overlay name that stands for the plain Internet. */
  public static final String UNDERLAY = "underlay";

  /** Refuses an overlay name that rule text could not name. */
  public Rule {
    String fault = RuleParser.overlayFault(overlay);
    if (fault != null) {
      throw new IllegalArgumentException(fault);
    }
  }

  /**
   * Reads a rule.
   *
   * @throws RuleException one line: what is wrong, at which column, what would be right
   */
  public static Rule parse(String text) throws RuleException {
    return RuleParser.parse(text);
  }

  /**
   * Reads a rule from the words of a command line, as if they were joined by single blanks.
   *
   * @throws RuleException one line; the column counts in the joined text
   */
  public static Rule parse(List<String> words) throws RuleException {
    return parse(String.join(" ", words));
  }

  /**
   * Whether the rule sends its traffic round Oasis: it names the underlay and asks for nothing.
   * Such traffic is never marked, and its names get their genuine address.
   */
  public boolean isPlainUnderlay() {
    return overlay.equals(UNDERLAY) && metric.terms().isEmpty();
  }

  /** The text that is read back as the same rule. */
  @Override
  public String toString() {
    return subset
        + " "
        + overlay
        + (metric.terms().isEmpty() ? "" : " " + metric)
        + (otherwise == Otherwise.UNDERLAY
            ? ""
            : " else " + otherwise.name().toLowerCase(Locale.ROOT));
  }
}
