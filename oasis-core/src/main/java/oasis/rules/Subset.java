// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.List;
import java.util.stream.Collectors;

/**
 * The traffic that a rule is about: either names ({@code name:*.edu and not name:www.mit.edu}) or
 * packet headers ({@code tcp dport 80-90,443 dst 128.95.0.0/16}), and in both cases perhaps certain
 * programs ({@code uid 1000}). Terms in a row are and-ed.
 *
 * @param terms at least one; not both about names and about headers
 */
public record Subset(List<Term> terms) {
  /** Keeps a copy of the terms. */
  public Subset {
    terms = List.copyOf(terms);
    if (terms.isEmpty()) {
      throw new IllegalArgumentException("a subset without terms");
    }
  }

  /** Whether the subset is about names; otherwise it is about packet headers. */
  public boolean isName() {
    return terms.stream().anyMatch(Term.Name.class::isInstance);
  }

  /** The terms about names. */
  List<Term> names() {
    return asksForProgram()
        ? terms.stream().filter(Term.Name.class::isInstance).toList()
        : isName() ? terms : List.of();
  }

  /** Whether some term is about the program that sends. */
  public boolean asksForProgram() {
    return terms.stream().anyMatch(Term.Program.class::isInstance);
  }

  /** The terms about the program that sends, in words; empty without any. */
  public String programs() {
    return terms.stream()
        .filter(Term.Program.class::isInstance)
        .map(Object::toString)
        .collect(Collectors.joining(" "));
  }

  /** Whether the terms exclude each other, so that no packet matches; names are not looked at. */
  boolean neverMatches() {
    return Programs.exclude(terms) || !isName() && HeaderRegion.of(this).isEmpty();
  }

  /** The text that is read back as the same subset. */
  @Override
  public String toString() {
    return terms.stream().map(Object::toString).collect(Collectors.joining(" "));
  }
}
