// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.ArrayList;
import java.util.List;

/**
 * Reads the regular expressions of name rules: literals, {@code .}, classes, groups, alternation,
 * {@code * + ? {n} {n,} {n,m}}, {@code ^} and {@code $}, {@code \d} and {@code \w}. What is
 * accepted means what it means in Java's syntax, without regard to case; what cannot be matched in
 * linear time, or makes no sense for names, is refused by name. Sizes are bounded, so that no
 * pattern costs more than {@value #MAX_NODES} steps per character of a name.
 */
final class NameRegexParser {
  /** Most automaton nodes of one pattern. */
  static final int MAX_NODES = 500;

  private static final int MAX_COUNT = 255;
  private static final int MAX_NESTING = 50;

  private final String text;
  private final int end;
  private final int columnOfStart;
  private int at;
  private int nesting;

  private NameRegexParser(String text, int columnOfStart) {
    this.text = text;
    this.end = text.length();
    this.columnOfStart = columnOfStart;
  }

  /**
   * Reads a pattern.
   *
   * @param regex the text between the slashes
   * @param column where it begins in the rule, from 1, for error messages
   */
  static NamePattern parse(String regex, int column) throws RuleException {
    NameRegexParser parser = new NameRegexParser(regex, column);
    NamePattern pattern = parser.choice();
    if (parser.at < parser.end) {
      throw parser.wrong(parser.at, "')' closes no group: write \\( … \\) or remove it");
    }
    parser.limit(pattern, 0);
    return pattern;
  }

  private NamePattern choice() throws RuleException {
    List<NamePattern> parts = new ArrayList<>();
    parts.add(sequence());
    while (at < end && text.charAt(at) == '|') {
      at++;
      parts.add(sequence());
    }
    return parts.size() == 1 ? parts.get(0) : new NamePattern.Choice(List.copyOf(parts));
  }

  private NamePattern sequence() throws RuleException {
    List<NamePattern> parts = new ArrayList<>();
    while (at < end && text.charAt(at) != '|' && text.charAt(at) != ')') {
      parts.add(repeated());
    }
    return parts.size() == 1 ? parts.get(0) : new NamePattern.Sequence(List.copyOf(parts));
  }

  private NamePattern repeated() throws RuleException {
    int start = at;
    NamePattern part = atom();
    if (at == end || "*+?{".indexOf(text.charAt(at)) < 0) {
      return part;
    }
    if (part instanceof NamePattern.Begin || part instanceof NamePattern.End) {
      throw wrong(at, "an anchor cannot be repeated: remove '" + text.charAt(at) + "'");
    }
    NamePattern repeat =
        switch (text.charAt(at++)) {
          case '*' -> new NamePattern.Repeat(part, 0, NamePattern.UNBOUNDED);
          case '+' -> new NamePattern.Repeat(part, 1, NamePattern.UNBOUNDED);
          case '?' -> new NamePattern.Repeat(part, 0, 1);
          default -> counted(part);
        };
    if (at < end && "*+?{".indexOf(text.charAt(at)) >= 0) {
      throw wrong(
          at,
          "'"
              + text.charAt(at)
              + "' follows another repetition (lazy and possessive forms find the same names):"
              + " remove it or put the part before it in a group");
    }
    if (part.size() == 0) {
      return part; // nothing, however often, is nothing, and no limit would end its repetitions
    }
    limit(repeat, start);
    return repeat;
  }

  private NamePattern counted(NamePattern part) throws RuleException {
    int open = at - 1;
    int close = text.indexOf('}', at);
    String body = close < 0 || close >= end ? "" : text.substring(at, close);
    if (!body.matches("[0-9]{1,3}(,[0-9]{0,3})?")) {
      throw wrong(open, "'{' begins no repetition: write {3}, {2,} or {2,5}, or \\{");
    }
    int comma = body.indexOf(',');
    int min = Integer.parseInt(comma < 0 ? body : body.substring(0, comma));
    int max;
    if (comma < 0) {
      max = min;
    } else if (comma == body.length() - 1) {
      max = NamePattern.UNBOUNDED;
    } else {
      max = Integer.parseInt(body.substring(comma + 1));
    }
    if (min > MAX_COUNT || max > MAX_COUNT || (max != NamePattern.UNBOUNDED && max < min)) {
      throw wrong(open, "'{" + body + "}': counts go up from 0 to " + MAX_COUNT);
    }
    at = close + 1;
    return new NamePattern.Repeat(part, min, max);
  }

  private NamePattern atom() throws RuleException {
    char c = text.charAt(at);
    return switch (c) {
      case '(' -> group();
      case '[' -> new NamePattern.Chars(characterClass());
      case '\\' -> new NamePattern.Chars(escape());
      case '.' -> advance(new NamePattern.Chars(NameSymbols.ALL));
      case '^' -> advance(new NamePattern.Begin());
      case '$' -> advance(new NamePattern.End());
      case '*', '+', '?', '{' ->
          throw wrong(
              at, "'" + c + "' has nothing to repeat: put it behind a character or a group");
      case '}', ']' -> throw wrong(at, "'" + c + "' closes nothing: remove it");
      default -> new NamePattern.Chars(literal(c, at++));
    };
  }

  private NamePattern advance(NamePattern one) {
    at++;
    return one;
  }

  private NamePattern group() throws RuleException {
    int open = at++;
    if (text.startsWith("?", at)) {
      if (!text.startsWith("?:", at)) {
        throw wrong(
            open,
            "look-around, named groups and flags are not part of name patterns (case never"
                + " matters): write ( … ) or (?: … )");
      }
      at += 2;
    }
    if (++nesting > MAX_NESTING) {
      throw wrong(open, "groups are nested deeper than " + MAX_NESTING + ": simplify the pattern");
    }
    NamePattern inner = choice();
    nesting--;
    if (at >= end) {
      throw wrong(open, "'(' is not closed: add ')'");
    }
    at++;
    return inner;
  }

  /** An escape outside or inside a class. */
  private long escape() throws RuleException {
    int start = at++;
    if (at >= end) {
      throw wrong(start, "'\\' at the end: write \\. for a dot or remove it");
    }
    char c = text.charAt(at++);
    return switch (c) {
      case 'd' -> NameSymbols.mask('0', '9');
      case 'w' -> NameSymbols.mask('0', '9') | NameSymbols.mask('a', 'z') | NameSymbols.mask('_');
      default -> {
        if (c >= '1' && c <= '9') {
          throw wrong(start, "back-references cannot be matched in linear time: spell it out");
        }
        if (Character.isLetterOrDigit(c)) {
          throw wrong(start, "'\\" + c + "' is not known: only \\d, \\w and \\. or \\- are");
        }
        yield literal(c, start);
      }
    };
  }

  private long characterClass() throws RuleException {
    int open = at++;
    boolean negated = at < end && text.charAt(at) == '^';
    if (negated) {
      at++;
    }
    long mask = 0;
    while (at < end && text.charAt(at) != ']') {
      mask |= classPart();
    }
    if (at >= end || at == open + (negated ? 2 : 1)) {
      throw wrong(open, "'[' begins no class: write [a-z0-9] and so on, or \\[");
    }
    at++;
    return negated ? NameSymbols.ALL & ~mask : mask;
  }

  private long classPart() throws RuleException {
    int start = at;
    char c = text.charAt(at);
    if (c == '[' || text.startsWith("&&", at)) {
      throw wrong(at, "classes inside classes are not part of name patterns: list the characters");
    }
    if (c == '\\') {
      long mask = escape();
      c = text.charAt(at - 1);
      if (c == 'd' || c == 'w' || !isRangeAhead()) {
        return mask;
      }
    } else {
      at++;
    }
    if (!isRangeAhead()) {
      return literal(c, start);
    }
    char last = text.charAt(at + 1);
    at += 2;
    if (last == '\\' || last == '[' || last < c) {
      throw wrong(start, "'" + text.substring(start, at) + "' is not a range: write a-z or 0-9");
    }
    return NameSymbols.mask(c, last);
  }

  /** Whether a range goes on behind its first character; in front of ']' a '-' is a character. */
  private boolean isRangeAhead() {
    return at + 1 < end && text.charAt(at) == '-' && text.charAt(at + 1) != ']';
  }

  private long literal(char c, int where) throws RuleException {
    long mask = NameSymbols.mask(c);
    if (mask == 0) {
      throw wrong(where, RuleException.show(c) + " never occurs in a name: use a-z 0-9 - . _");
    }
    return mask;
  }

  private void limit(NamePattern pattern, int start) throws RuleException {
    if (pattern.size() > MAX_NODES) {
      throw wrong(
          start, "the pattern needs more than " + MAX_NODES + " states: use smaller repetitions");
    }
  }

  private RuleException wrong(int index, String what) {
    return new RuleException(columnOfStart + index, what);
  }
}
