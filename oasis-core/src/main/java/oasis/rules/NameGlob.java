// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

/** The globs of name rules. */
final class NameGlob {
  /** Most characters of a name without its last dot (RFC 1035 section 2.3.4). */
  private static final int MAX_CHARS = 253;

  private NameGlob() {}

  /**
   * The glob in lower case and without a last dot.
   *
   * @param column where it begins in the rule, from 1, for error messages
   */
  static String normalize(String glob, int column) throws RuleException {
    StringBuilder lower = new StringBuilder(glob.length());
    for (int i = 0; i < glob.length(); i++) {
      char c = glob.charAt(i);
      if (c != '*' && c != '?' && NameSymbols.mask(c) == 0) {
        throw new RuleException(
            column + i,
            RuleException.show(c)
                + " never occurs in a name: use a-z 0-9 - . _ * ?"
                + (c > 127 ? " and the xn-- form of international names" : ""));
      }
      if (c == '.' && (i == 0 || glob.charAt(i - 1) == '.')) {
        throw new RuleException(
            column + i,
            i == 0
                ? "a name does not begin with a dot: write *" + glob
                : "nothing stands between two dots: remove one");
      }
      lower.append(NameSymbols.lower(c));
    }
    if (lower.length() > 1 && lower.charAt(lower.length() - 1) == '.') {
      lower.setLength(lower.length() - 1);
    }
    if (lower.length() == 0 || lower.length() > MAX_CHARS) {
      throw new RuleException(
          column, "a name has 1 to " + MAX_CHARS + " characters: write for example name:*.edu");
    }
    return lower.toString();
  }
}
