// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

/**
 * A rule's text is wrong. The message is one line: what is wrong, at which column of the text, and
 * what would be right.
 */
public final class RuleException extends Exception {
  private static final long serialVersionUID = 1;

  private final int column;
  private final String what;

  RuleException(int column, String what) {
    this(column, "", what);
  }

  private RuleException(int column, String of, String what) {
    super("column " + column + visible(of) + ": " + visible(what));
    this.column = column;
    this.what = what;
  }

  /**
   * The same about a part of the text, which is quoted.
   *
   * @param before how many characters stand before the part
   */
  RuleException inPart(String part, int before) {
    return new RuleException(column - before, " of '" + part + "'", what);
  }

  /** What is quoted from the text may hold anything; it must not begin a line of its own. */
  private static String visible(String what) {
    return what.replaceAll("\\R|\\p{Cntrl}", "?");
  }

  /** Where in the text, counted in characters from 1. */
  public int column() {
    return column;
  }

  /** A character between quotes, or its code where it would not be seen. */
  static String show(char c) {
    return c > ' ' && c < 127 ? "'" + c + "'" : "character " + String.format("U+%04X", (int) c);
  }
}
