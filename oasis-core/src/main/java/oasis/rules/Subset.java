// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.List;
import java.util.stream.Collectors;

/**
 * The traffic that a rule is about: either names ({@code name:*.edu and not name:www.mit.edu}) or
 * packet headers ({@code tcp dport 80-90,443 dst 128.95.0.0/16}). Terms in a row are and-ed.
 *
 * @param terms at least one; all of them about names, or none
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
    return terms.get(0) instanceof Term.Name;
  }

  /** Whether the terms exclude each other, so that no packet matches; names are not looked at. */
  boolean neverMatches() {
    return !isName() && HeaderRegion.of(this).isEmpty();
  }

  /** The text that is read back as the same subset. */
  @Override
  public String toString() {
    return terms.stream().map(Object::toString).collect(Collectors.joining(" "));
  }
}
