// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.ArrayList;
import java.util.List;

/**
 * The words of a rule's text, read from left to right. A word ends at a blank; a regular expression
 * is one word up to its closing slash; {@code <=} is a word of its own.
 */
final class RuleWords {
  /** Most characters of a rule. */
  static final int MAX_CHARS = 4_096;

  /**
   * A word.
   *
   * @param column where it begins, from 1
   */
  record Word(String text, int column) {}

  private final List<Word> words;
  private final int endColumn;
  private int at;

  private RuleWords(List<Word> words, int endColumn) {
    this.words = words;
    this.endColumn = endColumn;
  }

  static RuleWords of(String text) throws RuleException {
    if (text.length() > MAX_CHARS) {
      throw new RuleException(
          MAX_CHARS + 1, "the rule is longer than " + MAX_CHARS + " characters: split it");
    }
    List<Word> words = new ArrayList<>();
    int i = 0;
    while (i < text.length()) {
      char c = text.charAt(i);
      if (c == ' ' || c == '\t') {
        i++;
        continue;
      }
      int end = wordEnd(text, i);
      words.add(new Word(text.substring(i, end), i + 1));
      i = end;
    }
    return new RuleWords(words, text.length() + 1);
  }

  private static int wordEnd(String text, int start) throws RuleException {
    if (text.startsWith("<=", start)) {
      return start + 2;
    }
    int i = start;
    if (text.startsWith(RuleParser.NAME + "/", start)) {
      i = expressionEnd(text, start + RuleParser.NAME.length());
    }
    while (i < text.length() && (i == start || !text.startsWith("<=", i))) {
      char c = text.charAt(i);
      if (c == ' ' || c == '\t') {
        break;
      }
      refuseControl(c, i);
      i++;
    }
    return i;
  }

  private static void refuseControl(char c, int at) throws RuleException {
    if (c < ' ' || c == 127) {
      throw new RuleException(
          at + 1, RuleException.show(c) + " cannot stand in a rule: a rule is one line of text");
    }
  }

  /** Where a regular expression's closing slash has been passed. */
  private static int expressionEnd(String text, int open) throws RuleException {
    for (int i = open + 1; i < text.length(); i++) {
      char c = text.charAt(i);
      refuseControl(c, i);
      if (c == '\\') {
        i++;
      } else if (c == '/') {
        return i + 1;
      }
    }
    throw new RuleException(open + 1, "the expression has no end: write name:/PATTERN/");
  }

  boolean hasNext() {
    return at < words.size();
  }

  /** The next word's text, or an empty one at the end. */
  String peek() {
    return hasNext() ? words.get(at).text : "";
  }

  /** The next word. */
  Word next() {
    return words.get(at++);
  }

  /** The next word. */
  Word next(String otherwise) throws RuleException {
    if (!hasNext()) {
      throw wrong(otherwise);
    }
    return next();
  }

  /** Column of the next word, or behind the text. */
  int column() {
    return hasNext() ? words.get(at).column : endColumn;
  }

  /** An error at the next word, or at the end. */
  RuleException wrong(String what) {
    return new RuleException(column(), what);
  }
}
