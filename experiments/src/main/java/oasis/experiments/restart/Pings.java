// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.restart;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oasis.emulator.Node;
import oasis.emulator.Program;
import oasis.os.OsException;

/** Pings by the overlay: how long it carries nothing. */
final class Pings implements AutoCloseable {
  private static final int SIGINT = 2;

  /** {@code [1763800000.123456] 64 bytes from 203.0.113.2: icmp_seq=7 …}. */
  private static final Pattern ANSWER = Pattern.compile("^\\[([0-9]+\\.[0-9]+)] .*icmp_seq=");

  private static final double MS_PER_S = 1e3;
  private final Program program;

  Pings(Node node, String address) throws OsException {
    String pause = Double.toString(Plan.PING_MS / MS_PER_S);
    program = node.start("ping", "-nD", "-i", pause, address);
  }

  /** Ends them; gives the longest time between two answers, in ms. */
  double longestPauseMs() throws OsException {
    program.signal(SIGINT);
    program.waitFor(Duration.ofSeconds(5));
    return longestPauseMs(program.output());
  }

  static double longestPauseMs(String output) {
    double last = Double.NaN;
    double longest = 0;
    for (String line : output.lines().toList()) {
      Matcher matcher = ANSWER.matcher(line);
      if (matcher.find() && line.contains("time=")) {
        double at = Double.parseDouble(matcher.group(1));
        longest = Double.isNaN(last) ? 0 : Math.max(longest, at - last);
        last = at;
      }
    }
    return longest * MS_PER_S;
  }

  @Override
  public void close() {
    program.close();
  }
}
