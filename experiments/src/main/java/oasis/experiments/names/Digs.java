// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.names;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oasis.os.CommandRunner;
import oasis.os.OsException;

/** Look-ups one after the other by dig, each from a socket of its own, as programs make them. */
record Digs(NamesNetwork network) {
  /** Time of each look-up in ms, as dig itself measures it. */
  static final String MS = "ms";

  private static final double US_PER_MS = 1e3;
  private static final Pattern TIME =
      Pattern.compile("^;; Query time: ([0-9]+) usec", Pattern.MULTILINE);
  private static final Pattern ADDRESS =
      Pattern.compile("^\\S+\\s+[0-9]+\\s+IN\\s+A\\s+(\\S+)$", Pattern.MULTILINE);

  /**
   * Looks up names that the host has not looked up yet.
   *
   * @throws OsException when one has no answer, or one that the host's rules do not explain
   */
  Map<String, List<Double>> measure(Host host, int count) throws OsException, IOException {
    Path batch = network.directory().resolve("batch-" + host.word());
    Files.write(batch, network.names(host, count).stream().map(name -> name + " A").toList());
    CommandRunner.Result result =
        network.run(
            host,
            "dig",
            "@" + network.server(),
            "-u",
            "+noall",
            "+answer",
            "+stats",
            "+tries=1",
            "-f",
            batch.toString());
    List<Double> ms = new ArrayList<>();
    for (Matcher time = TIME.matcher(result.out()); time.find(); ) {
      ms.add(Double.parseDouble(time.group(1)) / US_PER_MS);
    }
    requireAnswers(host, count, result.out());
    if (ms.size() != count) {
      String said = (result.err() + " " + result.out().lines().limit(3).toList()).strip();
      throw new OsException(
          "dig, " + host.title() + ": " + ms.size() + " of " + count + " answers; " + said);
    }
    return Map.of(MS, ms);
  }

  /** Every name has one address; a fake one where, and only where, a rule matches the name. */
  private static void requireAnswers(Host host, int count, String out) throws OsException {
    int fakes = 0;
    int genuine = 0;
    for (Matcher address = ADDRESS.matcher(out); address.find(); ) {
      if (NamesNetwork.isFake(address.group(1))) {
        fakes++;
      } else if (address.group(1).equals(NamesNetwork.GENUINE)) {
        genuine++;
      }
    }
    int wanted = host.fakes() ? (count + 1) / 2 : 0;
    // A name that is made to match nothing may match a pattern by accident.
    boolean right = fakes >= wanted && fakes <= wanted * 1.1 && fakes + genuine == count;
    if (!right) {
      throw new OsException(
          "dig, %s: %d fake and %d genuine addresses of %d names, %d of which match"
              .formatted(host.title(), fakes, genuine, count, wanted));
    }
  }
}
