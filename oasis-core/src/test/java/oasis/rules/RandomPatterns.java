// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.List;
import oasis.testkit.Gen;

/** Random names and expressions over few characters, so that they meet. */
final class RandomPatterns {
  private static final String LETTERS = "ab1-.";

  private RandomPatterns() {}

  static String name(Gen gen) {
    StringBuilder name = new StringBuilder();
    for (int i = gen.range(1, 4); i > 0; i--) {
      for (int j = gen.range(1, 3); j > 0; j--) {
        name.append(LETTERS.charAt(gen.below(4)));
      }
      name.append(i > 1 ? "." : "");
    }
    return name.toString();
  }

  static String regex(Gen gen, int depth) {
    StringBuilder regex = new StringBuilder(gen.chance(0.2) ? "^" : "");
    for (int i = gen.range(1, 4); i > 0; i--) {
      regex.append(atom(gen, depth));
      if (gen.chance(0.3)) {
        regex.append(gen.pick(List.of("*", "+", "?", "{2}", "{1,}", "{0,2}", "{1,3}")));
      }
    }
    if (depth > 0 && gen.chance(0.2)) {
      regex.append('|').append(regex(gen, depth - 1));
    }
    return regex.append(gen.chance(0.2) ? "$" : "").toString();
  }

  private static String atom(Gen gen, int depth) {
    if (depth > 0 && gen.chance(0.25)) {
      return (gen.flip() ? "(" : "(?:") + regex(gen, depth - 1) + ")";
    }
    return gen.pick(
        List.of(
            "a", "b", "A", "1", "-", "\\.", ".", "[ab]", "[^a]", "[a-b1]", "[^.]", "[A-Z-]", "\\d",
            "\\w", "[\\d-]", "[^\\w]"));
  }
}
