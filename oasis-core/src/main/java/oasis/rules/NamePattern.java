// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.ArrayList;
import java.util.List;

/** A parsed pattern for names, as a tree. */
sealed interface NamePattern {
  /** {@link Repeat#max} of a repetition without an upper bound. */
  int UNBOUNDED = -1;

  /** Number of automaton nodes it compiles to. */
  int size();

  /** One character out of a set of {@link NameSymbols}. */
  record Chars(long mask) implements NamePattern {
    @Override
    public int size() {
      return 1;
    }
  }

  /** One part after the other. */
  record Sequence(List<NamePattern> parts) implements NamePattern {
    @Override
    public int size() {
      return parts.stream().mapToInt(NamePattern::size).sum();
    }
  }

  /** One of the parts; there are at least two. */
  record Choice(List<NamePattern> parts) implements NamePattern {
    @Override
    public int size() {
      return parts.stream().mapToInt(NamePattern::size).sum() + parts.size() - 1;
    }
  }

  /** {@code min} to {@code max} times the part. */
  record Repeat(NamePattern part, int min, int max) implements NamePattern {
    @Override
    public int size() {
      if (max == UNBOUNDED) {
        return Math.max(1, min) * part.size() + 1;
      }
      return min * part.size() + (max - min) * (part.size() + 1);
    }
  }

  /** The beginning of the name. */
  record Begin() implements NamePattern {
    @Override
    public int size() {
      return 1;
    }
  }

  /** The end of the name. */
  record End() implements NamePattern {
    @Override
    public int size() {
      return 1;
    }
  }

  /** Whether every match begins at the beginning of the name. */
  default boolean isAnchored() {
    if (this instanceof Sequence sequence) {
      return !sequence.parts.isEmpty() && sequence.parts.get(0).isAnchored();
    }
    if (this instanceof Choice choice) {
      return choice.parts.stream().allMatch(NamePattern::isAnchored);
    }
    return this instanceof Begin;
  }

  /** A glob, {@code *} for any run of characters and {@code ?} for one, against the whole name. */
  static NamePattern ofGlob(String glob) {
    ArrayList<NamePattern> parts = new ArrayList<>();
    parts.add(new Begin());
    for (int i = 0; i < glob.length(); i++) {
      char c = glob.charAt(i);
      parts.add(
          switch (c) {
            case '*' -> new Repeat(new Chars(NameSymbols.ALL), 0, UNBOUNDED);
            case '?' -> new Chars(NameSymbols.ALL);
            default -> new Chars(NameSymbols.mask(c));
          });
    }
    parts.add(new End());
    return new Sequence(List.copyOf(parts));
  }
}
