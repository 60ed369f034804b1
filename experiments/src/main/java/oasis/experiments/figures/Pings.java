// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.figures;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oasis.os.CommandRunner;
import oasis.os.OsException;

/** Fig. 6: the mean of some ICMP echoes, as ping itself computes it from microseconds. */
record Pings(FigureNetwork network, int probes) implements Task {
  /** Mean round-trip time in ms. */
  static final String RTT = "rtt_ms";

  private static final String PERIOD = "0.01";
  private static final Pattern MEAN = Pattern.compile("rtt min/avg/max/mdev = [0-9.]+/([0-9.]+)/");
  private static final Pattern ANSWERS = Pattern.compile("([0-9]+) received");

  @Override
  public void warmUp(Setup setup) throws OsException {
    network.warmUp(setup);
  }

  @Override
  public Map<String, List<Double>> measure(Setup setup, String part) throws OsException {
    String count = Integer.toString(probes);
    CommandRunner.Result result =
        network.run(setup, "ping", "-q", "-c", count, "-i", PERIOD, "-W", "1", network.host(part));
    Matcher mean = MEAN.matcher(result.out());
    Matcher answers = ANSWERS.matcher(result.out());
    if (!mean.find() || !answers.find()) {
      String said = (result.err() + " " + result.out()).strip().replace('\n', ' ');
      throw new OsException("ping of " + part + ", " + setup.title() + ": " + said);
    }
    double lost = probes - Double.parseDouble(answers.group(1));
    return Map.of(RTT, List.of(Double.valueOf(mean.group(1))), "lost", List.of(lost));
  }
}
