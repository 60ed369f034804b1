// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.names;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oasis.os.CommandRunner;
import oasis.os.OsException;

/** As many look-ups as fit, by dnsperf: 100 at a time from 20 sockets, until all names are done. */
record DnsPerf(NamesNetwork network) {
  /** Answers a second. */
  static final String QPS = "qps";

  /** Queries without an answer. */
  static final String LOST = "lost";

  /** Looks up names that the host has not looked up yet. */
  Map<String, List<Double>> measure(Host host, int count) throws OsException, IOException {
    Path names = network.directory().resolve("load-" + host.word());
    Files.write(names, network.names(host, count).stream().map(name -> name + " A").toList());
    CommandRunner.Result result =
        network.run(
            host,
            "dnsperf",
            "-s",
            network.server(),
            "-d",
            names.toString(),
            "-n",
            "1",
            "-c",
            "20",
            "-q",
            "100",
            "-t",
            "2");
    double good = number(result, "Response codes: +NOERROR ([0-9]+)");
    double lost = number(result, "Queries lost: +([0-9]+)");
    double completed = number(result, "Queries completed: +([0-9]+)");
    if (good != completed || completed + lost != count) {
      throw failed(result, good + " good answers of " + completed + ", " + lost + " lost");
    }
    Map<String, List<Double>> numbers = new LinkedHashMap<>();
    numbers.put(QPS, List.of(number(result, "Queries per second: +([0-9.]+)")));
    numbers.put(LOST, List.of(lost));
    return numbers;
  }

  private static double number(CommandRunner.Result result, String pattern) throws OsException {
    Matcher matcher = Pattern.compile(pattern).matcher(result.out());
    if (!matcher.find()) {
      throw failed(result, "no \"" + pattern.substring(0, pattern.indexOf(':')) + "\"");
    }
    return Double.parseDouble(matcher.group(1));
  }

  private static OsException failed(CommandRunner.Result result, String why) {
    String said = (result.err() + " " + result.out()).strip().replaceAll("\\s+", " ");
    return new OsException("dnsperf: " + why + ": " + said);
  }
}
