// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oasis.exit.engine.ClassMatch.Who;
import oasis.link.ClassSettings;
import oasis.packet.Prefix;
import org.jspecify.annotations.Nullable;

/** Reads the text of a {@link QueueClass}. Used once. */
final class QueueClassParser {
  private static final Pattern WORD = Pattern.compile("[^\\s,]+|,");
  private static final int MAX_CHARACTERS = 4096;
  private static final String SETTINGS =
      "priority, weight, cap-out, cap-in, client-cap-out, client-cap-in or for";
  private static final String PARTS = "any, own, node, from, key or dscp";
  private static final List<String> CAPS =
      List.of("cap-out", "cap-in", "client-cap-out", "client-cap-in");

  private record Word(String text, int column) {}

  private final List<Word> words = new ArrayList<>();
  private final int end;
  private int at;

  QueueClassParser(String text) {
    if (text.length() > MAX_CHARACTERS) {
      throw new IllegalArgumentException("a class has at most " + MAX_CHARACTERS + " characters");
    }
    Matcher matcher = WORD.matcher(text);
    while (matcher.find()) {
      words.add(new Word(matcher.group(), matcher.start() + 1));
    }
    end = text.length() + 1;
  }

  QueueClass parse() {
    Word name = next("the name of the class");
    Map<String, Long> settings = new HashMap<>();
    List<ClassMatch> matches = List.of(ClassMatch.EVERYTHING);
    while (at < words.size()) {
      Word word = words.get(at++);
      if (word.text.equals("for")) {
        matches = matches();
      } else if (settings.put(word.text, setting(word)) != null) {
        throw wrong(word, "'" + word.text + "' stands there twice");
      }
    }
    try {
      return new QueueClass(
          name.text,
          settings.getOrDefault("priority", (long) QueueClass.DEFAULT_PRIORITY).intValue(),
          settings.getOrDefault("weight", 1L).intValue(),
          settings.getOrDefault("cap-out", 0L),
          settings.getOrDefault("cap-in", 0L),
          settings.getOrDefault("client-cap-out", 0L),
          settings.getOrDefault("client-cap-in", 0L),
          matches);
    } catch (IllegalArgumentException e) {
      throw wrong(name, String.valueOf(e.getMessage()));
    }
  }

  private long setting(Word word) {
    if (word.text.equals("priority")) {
      return number("a priority", 0, ClassSettings.MAX_PRIORITY);
    }
    if (word.text.equals("weight")) {
      return number("a weight", 1, ClassSettings.MAX_WEIGHT);
    }
    if (CAPS.contains(word.text)) {
      return value("a rate", Rates::parse);
    }
    throw wrong(word, "'" + word.text + "' is not " + SETTINGS);
  }

  private List<ClassMatch> matches() {
    List<ClassMatch> matches = new ArrayList<>();
    do {
      matches.add(match());
    } while (at < words.size() && words.get(at++).text.equals(","));
    return matches;
  }

  private ClassMatch match() {
    Word first = next("what the class is for: " + PARTS);
    at--;
    Who who = Who.ANY;
    @Nullable Prefix from = null;
    int key = ClassMatch.ANY;
    int dscp = ClassMatch.ANY;
    Set<String> seen = new HashSet<>();
    while (at < words.size() && !words.get(at).text.equals(",")) {
      Word word = words.get(at++);
      switch (word.text) {
        case "any" -> {}
        case "own" -> who = Who.OWN;
        case "node" -> who = Who.NODE;
        case "from" -> from = value("a prefix", Prefix::parse);
        case "key" -> key = (int) number("a key id", 1, Integer.MAX_VALUE);
        case "dscp" -> dscp = codePoint();
        default -> throw wrong(word, "'" + word.text + "' is not " + PARTS);
      }
      if (!seen.add(word.text.equals("node") ? "own" : word.text)) {
        throw wrong(word, "'" + word.text + "': this match has said that already");
      }
    }
    if (seen.isEmpty() || seen.contains("any") && seen.size() > 1) {
      throw wrong(first, "a match is any, or some of own or node, from, key and dscp");
    }
    return new ClassMatch(who, from, key, dscp);
  }

  private int codePoint() {
    Word word = next("a code point");
    OptionalInt found = CodePoints.parse(word.text);
    return found.orElseThrow(
        () -> wrong(word, "'" + word.text + "' is not a code point: 0 to 63, ef, cs1, af41, …"));
  }

  private long number(String what, int least, int most) {
    Word word = next(what);
    boolean number = word.text.matches("[0-9]{1,10}");
    long value = number ? Long.parseLong(word.text) : -1;
    if (value < least || value > most) {
      throw wrong(word, "%s is %d to %d, not '%s'".formatted(what, least, most, word.text));
    }
    return value;
  }

  private <T> T value(String what, Function<String, T> parser) {
    Word word = next(what);
    try {
      return parser.apply(word.text);
    } catch (IllegalArgumentException e) {
      throw wrong(word, String.valueOf(e.getMessage()));
    }
  }

  private Word next(String what) {
    if (at == words.size()) {
      throw wrong(new Word("", end), what + " is missing");
    }
    Word word = words.get(at++);
    if (word.text.equals(",")) {
      throw wrong(word, what + " is missing");
    }
    return word;
  }

  private static IllegalArgumentException wrong(Word word, String what) {
    String visible = what.replaceAll("\\R|\\p{Cntrl}", "?");
    return new IllegalArgumentException("column " + word.column + ": " + visible);
  }
}
