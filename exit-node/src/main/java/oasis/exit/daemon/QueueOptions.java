// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.util.ArrayList;
import java.util.List;
import oasis.exit.engine.QueueClass;
import oasis.exit.engine.QueueConfig;
import oasis.exit.engine.Rates;
import picocli.CommandLine.Option;

/** The options of {@code exit run} that say what may be taken of a link, and who goes first. */
final class QueueOptions {
  @Option(
      names = "--cap-out",
      paramLabel = "RATE",
      description =
          "What leaves towards destinations at most, such as 20Mbit/s; a little less than the link"
              + " carries, so that packets wait here, where classes count.")
  private String capOut = "";

  @Option(
      names = "--cap-in",
      paramLabel = "RATE",
      description = "What goes back to clients at most.")
  private String capIn = "";

  @Option(
      names = "--class",
      paramLabel = "TEXT",
      description =
          "A class of traffic: 'NAME [priority 0-7] [weight N] [cap-out RATE] [cap-in RATE]"
              + " [client-cap-out RATE] [client-cap-in RATE] [for MATCH, ...]', where a match is"
              + " some of own or node, from PREFIX, key ID and dscp N; may be repeated, the first"
              + " that matches counts. Without it: 'own priority 2 for own', 'nodes priority 5 for"
              + " node'.")
  private List<String> classes = new ArrayList<>();

  /** What the options say. */
  QueueConfig config() {
    List<QueueClass> parsed = new ArrayList<>();
    for (String each : classes) {
      try {
        parsed.add(QueueClass.parse(each));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "--class '" + each.replaceAll("\\R|\\p{Cntrl}", "?") + "': " + e.getMessage(), e);
      }
    }
    return new QueueConfig(rate("--cap-out", capOut), rate("--cap-in", capIn), parsed);
  }

  private static long rate(String option, String text) {
    try {
      return text.isEmpty() ? 0 : Rates.parse(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(option + ": " + e.getMessage(), e);
    }
  }
}
