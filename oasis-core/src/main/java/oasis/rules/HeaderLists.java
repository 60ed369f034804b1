// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.ArrayList;
import java.util.List;
import oasis.packet.Prefix;
import oasis.rules.RuleWords.Word;

/** Reads the comma-separated values of header terms. */
final class HeaderLists {
  private HeaderLists() {}

  static Term.Port ports(boolean negated, Term.End end, Word word) throws RuleException {
    List<Term.PortRange> ranges = new ArrayList<>();
    for (Word item : items(word)) {
      int dash = item.text().indexOf('-');
      int first = port(dash < 0 ? item.text() : item.text().substring(0, dash), item);
      int last = dash < 0 ? first : port(item.text().substring(dash + 1), item);
      if (last < first) {
        throw new RuleException(
            item.column(), "'" + item.text() + "' goes down: write " + last + "-" + first);
      }
      ranges.add(new Term.PortRange(first, last));
    }
    return new Term.Port(negated, end, ranges);
  }

  private static int port(String text, Word item) throws RuleException {
    int port = text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : -1;
    if (port < 0 || port > 0xffff) {
      throw new RuleException(
          item.column(),
          "'" + item.text() + "' is no port: write numbers from 0 to 65535, such as 80-90,443");
    }
    return port;
  }

  static Term.Block prefixes(boolean negated, Term.End end, Word word) throws RuleException {
    List<Prefix> prefixes = new ArrayList<>();
    for (Word item : items(word)) {
      try {
        prefixes.add(Prefix.parse(item.text()));
      } catch (IllegalArgumentException e) {
        throw new RuleException(
            item.column(), e.getMessage() + ": write for example 192.0.2.0/24 or 2001:db8::/32");
      }
    }
    return new Term.Block(negated, end, prefixes);
  }

  static Term.User users(boolean negated, Word word) throws RuleException {
    List<Term.UserRange> ranges = new ArrayList<>();
    for (Word item : items(word)) {
      int dash = item.text().indexOf('-');
      long first = user(dash < 0 ? item.text() : item.text().substring(0, dash), item);
      long last = dash < 0 ? first : user(item.text().substring(dash + 1), item);
      if (last < first) {
        throw new RuleException(
            item.column(), "'" + item.text() + "' goes down: write " + last + "-" + first);
      }
      ranges.add(new Term.UserRange(first, last));
    }
    return new Term.User(negated, ranges);
  }

  private static long user(String text, Word item) throws RuleException {
    long id = text.matches("[0-9]{1,10}") ? Long.parseLong(text) : -1;
    if (id < 0 || id > Term.UserRange.MAX) {
      throw new RuleException(
          item.column(),
          "'" + item.text() + "' is no user id: write numbers, such as 1000 (id -u NAME says it)");
    }
    return id;
  }

  private static List<Word> items(Word word) throws RuleException {
    List<Word> items = new ArrayList<>();
    int start = 0;
    for (int i = 0; i <= word.text().length(); i++) {
      if (i == word.text().length() || word.text().charAt(i) == ',') {
        if (i == start) {
          throw new RuleException(
              word.column() + i,
              "nothing stands before or behind ',': write 80,443 without blanks");
        }
        items.add(new Word(word.text().substring(start, i), word.column() + start));
        start = i + 1;
      }
    }
    return items;
  }
}
