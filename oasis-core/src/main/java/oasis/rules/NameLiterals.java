// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the names that a pattern matches must hold: sets of strings, of each of which at least one
 * occurs in every such name (the method of FilteredRE2 and Google Code Search). Strings are written
 * in the symbols of {@link NameSymbols}, between {@link #BEGIN} and {@link #END}, so that {@code
 * ^www} and {@code .edu$} are strings like any other.
 */
final class NameLiterals {
  /** Stands before the first character of a name. */
  static final char BEGIN = NameSymbols.COUNT;

  /** Stands behind the last character of a name. */
  static final char END = BEGIN + 1;

  /** Most symbols of a string; longer ones tell hardly more. */
  static final int MAX_LENGTH = 16;

  /** Most strings of a set. */
  private static final int MAX_STRINGS = 16;

  /** Most characters of a class that are spelt out. */
  private static final int MAX_CLASS = 4;

  private static final Set<String> NOTHING = Set.of("");

  /**
   * What is known of a part.
   *
   * @param exact all strings that the part matches, or null when they are too many
   * @param first strings with one of which every match begins, or null
   * @param last strings with one of which every match ends, or null
   * @param required sets of which each match holds one string
   */
  private record Info(
      @Nullable Set<String> exact,
      @Nullable Set<String> first,
      @Nullable Set<String> last,
      List<Set<String>> required) {
    static final Info UNKNOWN = new Info(null, null, null, List.of());

    static Info exactly(Set<String> strings) {
      return new Info(strings, strings, strings, List.of());
    }
  }

  private NameLiterals() {}

  /** The sets of a pattern; none if its matches have nothing in common. */
  static List<Set<String>> of(NamePattern pattern) {
    return sets(info(pattern));
  }

  private static List<Set<String>> sets(Info info) {
    if (info.exact == null) {
      return info.required;
    }
    List<Set<String>> sets = new ArrayList<>();
    keep(info.exact, sets);
    return sets;
  }

  private static Info info(NamePattern pattern) {
    if (pattern instanceof NamePattern.Chars chars) {
      return Long.bitCount(chars.mask()) > MAX_CLASS
          ? Info.UNKNOWN
          : Info.exactly(symbols(chars.mask()));
    }
    if (pattern instanceof NamePattern.Begin) {
      return Info.exactly(Set.of(String.valueOf(BEGIN)));
    }
    if (pattern instanceof NamePattern.End) {
      return Info.exactly(Set.of(String.valueOf(END)));
    }
    if (pattern instanceof NamePattern.Sequence sequence) {
      return sequence(sequence.parts().stream().map(NameLiterals::info).toList());
    }
    if (pattern instanceof NamePattern.Choice choice) {
      return choice(choice.parts());
    }
    return repeat((NamePattern.Repeat) pattern);
  }

  private static Set<String> symbols(long mask) {
    Set<String> symbols = new LinkedHashSet<>();
    for (char symbol = 0; symbol < NameSymbols.COUNT; symbol++) {
      if ((mask >>> symbol & 1) != 0) {
        symbols.add(String.valueOf(symbol));
      }
    }
    return symbols;
  }

  private static Info sequence(List<Info> parts) {
    List<Set<String>> required = new ArrayList<>();
    Set<String> run = NOTHING;
    @Nullable Set<String> first = null;
    boolean whole = true;
    for (Info part : parts) {
      Set<String> next = part.exact != null ? part.exact : part.first;
      Set<String> longer = next == null ? null : product(run, next);
      if (part.exact != null && longer != null) {
        run = longer;
        continue;
      }
      Set<String> ended = longer == null ? run : longer;
      first = whole ? ended : first;
      whole = false;
      keep(ended, required);
      required.addAll(part.required);
      run = part.last == null ? NOTHING : part.last;
    }
    if (whole) {
      return Info.exactly(run);
    }
    keep(run, required);
    return new Info(null, first, run, required);
  }

  private static Info choice(List<NamePattern> parts) {
    Set<String> exact = new LinkedHashSet<>();
    Set<String> required = new LinkedHashSet<>();
    boolean isExact = true;
    boolean isRequired = true;
    for (NamePattern part : parts) {
      Info info = info(part);
      isExact &= info.exact != null;
      if (info.exact != null) {
        exact.addAll(info.exact);
      }
      Set<String> best = longest(sets(info));
      isRequired &= best != null;
      if (best != null) {
        required.addAll(best);
      }
    }
    if (isExact && exact.size() <= MAX_STRINGS) {
      return Info.exactly(exact);
    }
    return isRequired && required.size() <= MAX_STRINGS
        ? new Info(null, null, null, List.of(required))
        : Info.UNKNOWN;
  }

  /** The set whose shortest string is the longest, or null. */
  private static @Nullable Set<String> longest(List<Set<String>> sets) {
    Set<String> best = null;
    for (Set<String> set : sets) {
      if (best == null || shortest(set) > shortest(best)) {
        best = set;
      }
    }
    return best;
  }

  /** Length of the shortest string of a set. */
  static int shortest(Set<String> set) {
    return set.stream().mapToInt(String::length).min().orElse(0);
  }

  private static Info repeat(NamePattern.Repeat repeat) {
    Info part = info(repeat.part());
    if (repeat.min() == 1 && repeat.max() == 1) {
      return part;
    }
    if (repeat.min() == 0) {
      if (repeat.max() == 1 && part.exact != null && part.exact.size() < MAX_STRINGS) {
        Set<String> exact = new LinkedHashSet<>(NOTHING);
        exact.addAll(part.exact);
        return Info.exactly(exact);
      }
      return repeat.max() == 0 ? Info.exactly(NOTHING) : Info.UNKNOWN;
    }
    List<Set<String>> required = new ArrayList<>(part.required);
    if (part.exact != null) {
      keep(part.exact, required);
    }
    return new Info(null, part.first, part.last, required);
  }

  /** Every string of one set followed by every string of another, or null when they do not fit. */
  private static @Nullable Set<String> product(Set<String> left, Set<String> right) {
    if (left.size() * right.size() > MAX_STRINGS) {
      return null;
    }
    Set<String> product = new LinkedHashSet<>();
    for (String a : left) {
      for (String b : right) {
        String joined = join(a, b);
        if (joined == null) {
          return null;
        }
        product.add(joined);
      }
    }
    return product;
  }

  /** Null where an anchor would stand in the middle. */
  private static @Nullable String join(String a, String b) {
    if (a.isEmpty() || b.isEmpty()) {
      return a + b;
    }
    boolean ended = a.charAt(a.length() - 1) == END;
    boolean begins = b.charAt(0) == BEGIN;
    return ended || begins || a.length() + b.length() > 4 * MAX_LENGTH ? null : a + b;
  }

  /** Adds a set if it says anything. */
  private static void keep(Set<String> set, List<Set<String>> sets) {
    if (set.stream().anyMatch(String::isEmpty)) {
      return;
    }
    Set<String> cut = new LinkedHashSet<>();
    for (String text : set) {
      int most = Math.min(MAX_LENGTH, text.length());
      boolean atEnd = text.charAt(text.length() - 1) == END && text.charAt(0) != BEGIN;
      cut.add(atEnd ? text.substring(text.length() - most) : text.substring(0, most));
    }
    sets.add(cut);
  }
}
