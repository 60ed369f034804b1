// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

/** The reference: {@code java.util.regex} finds the names that match, a search the strings. */
final class NameLiteralsOracleTest {
  @Test
  void everyNameThatMatchesHoldsAStringOfEachSet() {
    int[] held = new int[1];
    Gen.cases(
        3_000,
        gen -> {
          String regex = RandomPatterns.regex(gen, 3);
          Pattern reference = Pattern.compile(regex, Pattern.CASE_INSENSITIVE);
          List<Set<String>> sets = NameLiterals.of(NameRegexParser.parse(regex, 1));
          for (int i = 0; i < 40; i++) {
            String name = RandomPatterns.name(gen);
            if (reference.matcher(name).find()) {
              String symbols = symbols(name);
              for (Set<String> set : sets) {
                held[0]++;
                assertThat(set).as("%s in %s", name, regex).anyMatch(symbols::contains);
              }
            }
          }
        });
    assertThat(held[0]).as("the test tests something").isGreaterThan(1_000);
  }

  @Test
  void theScanFindsWhatASearchFinds() {
    Gen.cases(
        2_000,
        gen -> {
          LiteralScan scan = new LiteralScan();
          Set<String> strings = new TreeSet<>();
          for (int i = gen.range(0, 30); i > 0; i--) {
            String symbols = symbols(RandomPatterns.name(gen));
            int from = gen.below(symbols.length());
            int to =
                gen.range(from + 1, Math.min(symbols.length(), from + NameLiterals.MAX_LENGTH));
            strings.add(symbols.substring(from, to));
          }
          List<String> all = List.copyOf(strings);
          all.forEach(scan::add);
          scan.seal();
          for (int i = 0; i < 20; i++) {
            String name = RandomPatterns.name(gen);
            String symbols = symbols(name);
            Set<String> found = new TreeSet<>();
            scan.scan(name, string -> found.add(all.get(string)));
            strings.stream()
                .filter(string -> symbols.contains(string) != found.contains(string))
                .forEach(string -> assertThat(found).as("%s in %s", string, name).isEmpty());
          }
        });
  }

  @Test
  void anchorsAndAlternativesMakeStrings() throws RuleException {
    assertThat(strings("^(www|img)\\.")).containsExactly("[<img., <www.]");
    assertThat(strings("[a-z]+\\.cnn\\.com$")).containsExactly("[.cnn.com>]");
    assertThat(strings("a[0-9]bc+")).contains("[a]", "[bc]");
    assertThat(strings("[0-9]*|x")).isEmpty();
  }

  private static List<String> strings(String regex) throws RuleException {
    return NameLiterals.of(NameRegexParser.parse(regex, 1)).stream()
        .map(set -> new TreeSet<>(set.stream().map(NameLiteralsOracleTest::text).toList()))
        .map(TreeSet::toString)
        .toList();
  }

  private static String text(String symbols) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < symbols.length(); i++) {
      text.append("abcdefghijklmnopqrstuvwxyz0123456789-._#<>".charAt(symbols.charAt(i)));
    }
    return text.toString();
  }

  private static String symbols(String name) {
    StringBuilder symbols = new StringBuilder().append(NameLiterals.BEGIN);
    name.chars().forEach(c -> symbols.append((char) NameSymbols.of((char) c)));
    return symbols.append(NameLiterals.END).toString();
  }
}
