// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/** Names of differentiated services code points (RFC 2474, 2597, 3246, 5865, 8622). */
final class CodePoints {
  private static final int MAX = 63;
  private static final Map<String, Integer> NAMES = names();

  private CodePoints() {}

  private static Map<String, Integer> names() {
    Map<String, Integer> names = new TreeMap<>();
    names.put("ef", 46);
    names.put("va", 44);
    names.put("le", 1);
    for (int c = 0; c < 8; c++) {
      names.put("cs" + c, 8 * c);
    }
    for (int c = 1; c <= 4; c++) {
      for (int drop = 1; drop <= 3; drop++) {
        names.put("af" + c + drop, 8 * c + 2 * drop);
      }
    }
    return names;
  }

  /** The code point of a name, or of a number of 0 to 63. */
  static OptionalInt parse(String text) {
    Integer named = NAMES.get(text);
    if (named != null) {
      return OptionalInt.of(named);
    }
    boolean number = text.matches("[0-9]{1,2}") && Integer.parseInt(text) <= MAX;
    return number ? OptionalInt.of(Integer.parseInt(text)) : OptionalInt.empty();
  }

  /** Its name if it has one, else the number. */
  static String text(int codePoint) {
    return NAMES.entrySet().stream()
        .filter(entry -> entry.getValue() == codePoint)
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(Integer.toString(codePoint));
  }
}
