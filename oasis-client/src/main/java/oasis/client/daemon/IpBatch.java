// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oasis.os.CommandRunner;
import oasis.os.CommandRunner.Result;
import oasis.os.OsException;

/**
 * Several {@code ip} commands of one address family in one process: each process costs some
 * milliseconds, and a start needs a dozen commands.
 */
final class IpBatch {
  /** How {@code ip -batch} says which line failed; its reason stands on the lines before. */
  private static final Pattern FAILED = Pattern.compile("Command failed -:([0-9]{1,6})");

  private final String family;
  private final List<String> lines = new ArrayList<>();

  private IpBatch(String family) {
    this.family = family;
  }

  static IpBatch ipv4() {
    return new IpBatch("-4");
  }

  static IpBatch ipv6() {
    return new IpBatch("-6");
  }

  /** Adds a command; no word may hold a blank. */
  IpBatch add(String... words) {
    lines.add(String.join(" ", words));
    return this;
  }

  /**
   * Runs the commands up to the first that fails.
   *
   * @return what they printed
   * @throws OsException one line that names the command which failed
   */
  String run(CommandRunner runner) throws OsException {
    Result result = runner.run(List.of("ip", family, "-batch", "-"), input());
    if (result.ok()) {
      return result.out();
    }
    List<String> failures = failures(result.err());
    throw new OsException(
        failures.isEmpty() ? "ip " + family + ": " + result.err().strip() : failures.get(0));
  }

  /**
   * Runs all commands, whichever of them fail.
   *
   * @return one line for each that failed, which names it
   */
  List<String> runAll(CommandRunner runner) {
    try {
      Result result = runner.run(List.of("ip", family, "-force", "-batch", "-"), input());
      return failures(result.err());
    } catch (OsException e) {
      return List.of(String.valueOf(e.getMessage()));
    }
  }

  private String input() {
    return String.join("\n", lines) + "\n";
  }

  private List<String> failures(String err) {
    List<String> failures = new ArrayList<>();
    String why = "no message";
    for (String line : err.lines().map(String::strip).toList()) {
      Matcher failed = FAILED.matcher(line);
      if (!failed.matches()) {
        why = line.isEmpty() ? why : line;
        continue;
      }
      int number = Integer.parseInt(failed.group(1));
      String command = number <= lines.size() ? lines.get(number - 1) : "line " + number;
      failures.add("ip " + family + " " + command + ": " + why);
      why = "no message";
    }
    return failures;
  }
}
