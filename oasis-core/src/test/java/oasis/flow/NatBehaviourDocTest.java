// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Whether docs/nat-behaviour.md tells the truth about which tests there are. */
class NatBehaviourDocTest {
  private static final Pattern NAMED = Pattern.compile("`([A-Z]\\w*(?:Test|IT))\\.(\\w+)`");
  private static final Pattern REQ = Pattern.compile("(?m)^\\| ([0-9a-z., ]+) \\|");

  /** How many requirements each RFC has, by the heading of its table. */
  private static final Map<String, Integer> REQUIREMENTS =
      Map.of("RFC 4787", 14, "RFC 5382", 10, "RFC 5508", 11, "RFC 7857", 12);

  private static Path root() {
    Path root = Path.of("").toAbsolutePath();
    while (root != null && !Files.exists(root.resolve("docs/nat-behaviour.md"))) {
      root = root.getParent();
    }
    assertThat(root).as("the project's folder").isNotNull();
    return root;
  }

  private static String page() throws IOException {
    return Files.readString(root().resolve("docs/nat-behaviour.md"));
  }

  /** The text of each test class, by its name. */
  private static Map<String, String> tests() throws IOException {
    try (Stream<Path> modules = Files.list(root())) {
      List<Path> sources =
          modules.map(m -> m.resolve("src/test/java")).filter(Files::isDirectory).toList();
      List<Path> files = new ArrayList<>();
      for (Path source : sources) {
        try (Stream<Path> all = Files.walk(source)) {
          all.filter(f -> f.toString().matches(".*(Test|IT)\\.java")).forEach(files::add);
        }
      }
      return files.stream()
          .collect(
              Collectors.toMap(
                  f -> f.getFileName().toString().replace(".java", ""),
                  NatBehaviourDocTest::read,
                  (a, b) -> a + b));
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void everyTestThatIsNamedExists() throws IOException {
    Map<String, String> tests = tests();
    List<MatchResult> named = NAMED.matcher(page()).results().toList();
    assertThat(named).hasSizeGreaterThan(60);
    for (MatchResult each : named) {
      Pattern method =
          Pattern.compile(
              "(?s)@(?:Parameterized)?Test\\b(?:(?!\\n  }\\n).)*?\\n  void "
                  + each.group(2)
                  + "\\(");
      assertThat(method.matcher(tests.getOrDefault(each.group(1), "")).find())
          .as(each.group())
          .isTrue();
    }
  }

  @Test
  void everyRequirementHasItsRow() throws IOException {
    for (String section : page().split("(?m)^## ", -1)) {
      Integer count = REQUIREMENTS.get(section.substring(0, Math.min(8, section.length())));
      if (count != null) {
        String rows =
            REQ.matcher(section).results().map(r -> r.group(1)).collect(Collectors.joining(", "));
        List<String> numbers = List.of(rows.split(", "));
        for (int i = 1; i <= count; i++) {
          String number = Integer.toString(i);
          // RFC 5508 REQ-10 has parts only, RFC 7857 has no section 1 of its own.
          assertThat(
                  number.equals("1") && section.startsWith("RFC 7857")
                      || numbers.contains(number)
                      || numbers.contains(number + "a"))
              .as("%s: %s", section.substring(0, 8), number)
              .isTrue();
        }
      }
    }
  }

  @Test
  void everyRowNamesATestOrSaysThatThereIsNothingToTest() throws IOException {
    for (String line : page().lines().toList()) {
      if (line.matches("\\| [0-9][0-9a-z., ]* \\|.*")) {
        assertThat(NAMED.matcher(line).find() || line.endsWith("| – |")).as(line).isTrue();
      }
    }
  }
}
