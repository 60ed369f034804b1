// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.figures;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import oasis.os.CommandRunner;
import oasis.os.OsException;

/** Fig. 7 and 8: the time that curl needs for a file, look-up of the name included. */
record Transfers(FigureNetwork network, int bytes, int repeats) implements Task {
  /** Time of each transfer. */
  static final String SECONDS = "seconds";

  private static final int WARM_UP_BYTES = 40_000_000;
  private static final int MOST_WARM_UPS = 10;
  private static final String FORMAT =
      "%{time_total} %{time_namelookup} %{size_download} %header{x-peer} %header{x-peer-port}";

  @Override
  public void warmUp(Setup setup) throws OsException {
    network.warmUp(setup);
    for (int i = 0; i < Math.min(MOST_WARM_UPS, WARM_UP_BYTES / bytes); i++) {
      fetch(setup, network.nearest());
    }
  }

  @Override
  public Map<String, List<Double>> measure(Setup setup, String part) throws OsException {
    List<Double> seconds = new ArrayList<>();
    List<Double> lookups = new ArrayList<>();
    for (int i = 0; i < repeats; i++) {
      String[] words = fetch(setup, part);
      seconds.add(Double.valueOf(words[0]));
      lookups.add(Double.valueOf(words[1]));
    }
    return Map.of(SECONDS, seconds, "lookup_seconds", lookups);
  }

  /** Fetches, and sees that all of it came by the way that is to be measured. */
  private String[] fetch(Setup setup, String part) throws OsException {
    String url = "http://" + network.host(part) + "/" + FigureNetwork.file(bytes);
    CommandRunner.Result result =
        network.run(setup, "curl", "-sSf", "-m", "15", "-o", "/dev/null", "-w", FORMAT, url);
    String[] words = result.out().split(" ", -1);
    if (!result.ok() || words.length < 5 || !words[2].equals(Integer.toString(bytes))) {
      String said = (result.err() + " " + result.out()).strip();
      throw new OsException("curl " + url + ", " + setup.title() + ": " + said);
    }
    network.requireWay(setup, words[3], Integer.parseInt(words[4]));
    return words;
  }
}
