// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What rules say of programs, as nftables text. The kernel notes at each new connection of this
 * host, as labels (the upper 64 of the 128 that connection tracking keeps), which of the terms hold
 * for the program that sends its first packet; header rules and user space ask for the labels.
 * Labels and not bits of the connection's mark, because marks are what other programs of a host
 * (containers, VPNs, load balancers) use, and there are few.
 *
 * <p>The user is the one who opened the socket ({@code meta skuid}), the control group the one in
 * which it was opened ({@code socket cgroupv2}). A packet without a socket of a program, as the
 * kernel itself sends them, has neither.
 */
public final class NftPrograms {
  /** Label of the term with number 0. */
  static final int FIRST_LABEL = 64;

  private NftPrograms() {}

  /**
   * Statements that note which terms hold. Their number is that of the different terms, plus one;
   * empty when there is no term.
   *
   * @param groups the id of a control group by its path, or null while there is none: then nothing
   *     is in it. The text holds it, so that it is another text once the group is another one
   */
  public static String notes(RuleSet rules, Function<String, @Nullable Long> groups) {
    Programs programs = rules.programs();
    StringBuilder out = new StringBuilder();
    for (Term.Program term : programs.terms()) {
      String note = " ct label set " + label(programs.number(term));
      if (term instanceof Term.User user) {
        out.append("meta skuid { ").append(text(user.ids())).append(" }").append(note).append('\n');
      } else if (term instanceof Term.ControlGroup group) {
        Long id = groups.apply(group.path());
        if (id != null) {
          out.append("socket cgroupv2 level ").append(group.level());
          out.append(" \"").append(group.path()).append('"').append(note);
          out.append(" comment \"id ").append(id).append("\"\n");
        }
      }
    }
    return programs.terms().isEmpty()
        ? ""
        : out.append("ct label set ").append(label(Programs.LOOKED)).append('\n').toString();
  }

  private static String text(Ranges ids) {
    return IntStream.range(0, ids.count())
        .mapToObj(ids::range)
        .map(
            range ->
                range.firstLo() == range.lastLo()
                    ? Long.toString(range.firstLo())
                    : range.firstLo() + "-" + range.lastLo())
        .collect(Collectors.joining(", "));
  }

  private static int label(int number) {
    return FIRST_LABEL + number;
  }

  /**
   * What a rule asks of programs.
   *
   * @param wanted notes that must be there
   * @param unwanted notes that must not be there
   */
  record Condition(long wanted, long unwanted) {
    /** Whether no connection fulfils both. */
    boolean excludes(Condition other) {
      return ((wanted & other.unwanted) | (unwanted & other.wanted)) != 0;
    }

    /** As the beginning of a statement; empty when nothing is asked. */
    String text() {
      StringBuilder out = new StringBuilder();
      for (long left = wanted; left != 0; left &= left - 1) {
        int label = label(Long.numberOfTrailingZeros(left));
        out.append("ct label and ").append(label).append(" == ").append(label).append(' ');
      }
      for (long left = unwanted; left != 0; left &= left - 1) {
        int label = label(Long.numberOfTrailingZeros(left));
        out.append("ct label and ").append(label).append(" != ").append(label).append(' ');
      }
      return out.toString();
    }
  }

  static Condition condition(Subset subset, Programs programs) {
    return new Condition(programs.wanted(subset), programs.unwanted(subset));
  }
}
