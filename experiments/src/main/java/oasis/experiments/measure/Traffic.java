// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.measure;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oasis.emulator.Node;
import oasis.os.CommandRunner;
import oasis.os.OsException;

/**
 * Runs iperf3 and ping at the client and reads what they print.
 *
 * @param client the node in which they run
 * @param server whom they talk to
 */
public record Traffic(Node client, String server) {
  /** With both headers it fits the tunnels. */
  public static final int DATAGRAM_BYTES = 1400;

  /** NAT uses ports from here on; programs' own ports end before. */
  public static final int FIRST_NAT_PORT = 61_000;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern PING_TIME = Pattern.compile("time=([0-9.]+) ms");
  private static final double MEGA = 1e6;
  private static final double US_PER_MS = 1e3;
  private static final String REVERSE = "--reverse";
  private static final int CONNECT_TRIES = 3;

  private static final String BUSY = "server is busy";
  private static final int SILENCE_MS = 5000;
  private static final long CONNECT_PAUSE_MS = 1000;

  /** More than iperf3 itself needs to give up. */
  private static final int SLACK_SECONDS = 12;

  /** So that it is the tunnel that loses datagrams, not the programs at its ends. */
  private static final String SOCKET_BUFFER = "2M";

  /**
   * Starts the server. It gives up a client of which it hears nothing for 5 s: one whose
   * connections were reset by something between them is not heard of again.
   *
   * @param ready how long the start may take
   * @throws OsException when it does not listen by then
   */
  public static void serve(Node node, Duration ready) throws OsException {
    node.start("iperf3", "--server", "--forceflush", "--rcv-timeout", Integer.toString(SILENCE_MS))
        .awaitLine("Server listening", ready);
  }

  /**
   * One TCP stream.
   *
   * @param omit seconds at its beginning that do not count
   * @return {@code mbit} per second as received, and {@code retransmits}
   */
  public Map<String, Double> tcp(boolean up, int omit, int seconds) throws OsException {
    // Without the option it would be the host's congestion control on routes by a TUN device.
    List<String> options = new ArrayList<>(List.of("--congestion", "cubic"));
    options.addAll(List.of("--omit", Integer.toString(omit)));
    if (!up) {
      options.add(REVERSE);
    }
    JsonNode end = iperf(options, omit + seconds, seconds);
    Map<String, Double> result = new TreeMap<>();
    result.put("mbit", end.at("/sum_received/bits_per_second").asDouble() / MEGA);
    result.put("retransmits", end.at("/sum_sent/retransmits").asDouble());
    return result;
  }

  /** UDP at a rate. */
  public Probe udp(boolean up, double mbits, int seconds) throws OsException {
    List<String> options = new ArrayList<>();
    options.addAll(List.of("--bitrate", Math.round(mbits * MEGA) + "", "--window", SOCKET_BUFFER));
    if (!up) {
      options.add(REVERSE);
    }
    JsonNode sum = datagrams(options, seconds).path("sum");
    double sent =
        sum.path("packets").asDouble() * DATAGRAM_BYTES * 8 / sum.path("seconds").asDouble(1);
    return new Probe(mbits, sent / MEGA, sum.path("lost_percent").asDouble(100));
  }

  /**
   * UDP both ways at once.
   *
   * @return {@code lost_up} and {@code lost_down} in percent
   */
  public Map<String, Double> udpBothWays(double mbits, int seconds) throws OsException {
    List<String> options = List.of("--bitrate", Math.round(mbits * MEGA) + "", "--bidir");
    JsonNode end = datagrams(options, seconds);
    Map<String, Double> result = new TreeMap<>();
    result.put("lost_up", end.at("/sum/lost_percent").asDouble());
    result.put("lost_down", end.at("/sum_bidir_reverse/lost_percent").asDouble());
    return result;
  }

  private JsonNode datagrams(List<String> more, int seconds) throws OsException {
    List<String> options = new ArrayList<>(List.of("--udp"));
    options.addAll(List.of("--length", Integer.toString(DATAGRAM_BYTES)));
    options.addAll(more);
    return iperf(options, seconds, seconds);
  }

  private JsonNode iperf(List<String> options, int lasts, int seconds) throws OsException {
    List<String> argv = new ArrayList<>(List.of("iperf3", "--client", server, "--json"));
    argv.addAll(List.of("--time", Integer.toString(seconds)));
    argv.addAll(options);
    String error = "";
    for (int i = 0; i < CONNECT_TRIES; i++) {
      CommandRunner.Result result =
          client.exec(Duration.ofSeconds(lasts + SLACK_SECONDS), argv.toArray(String[]::new));
      try {
        JsonNode tree = JSON.readTree(result.out());
        if (!tree.has("error")) {
          return tree.path("end");
        }
        error = tree.path("error").asText();
      } catch (JsonProcessingException e) {
        error = "it printed no JSON: " + result.err().strip();
      }
      // Its server serves one at a time, and takes a moment to get over one that is gone.
      // Where it serves one that it no longer hears, whoever asks meanwhile prolongs its patience.
      Pause.ms(error.contains(BUSY) ? SILENCE_MS + CONNECT_PAUSE_MS : CONNECT_PAUSE_MS);
    }
    throw new OsException("iperf3: " + error);
  }

  /**
   * Pings, 2 ms apart.
   *
   * @return how many took how many microseconds
   */
  public SortedMap<Integer, Integer> ping(int count) throws OsException {
    return ping(count, 2);
  }

  /**
   * Pings some time apart.
   *
   * @param gapMs from one to the next, at least 2
   * @return how many took how many microseconds
   */
  public SortedMap<Integer, Integer> ping(int count, int gapMs) throws OsException {
    CommandRunner.Result result =
        client.exec(
            Duration.ofSeconds(10 + (long) count * gapMs / 200),
            "ping",
            "-i",
            Double.toString(gapMs / US_PER_MS),
            "-c",
            Integer.toString(count),
            "-W",
            "1",
            server);
    SortedMap<Integer, Integer> counts = new TreeMap<>();
    Matcher time = PING_TIME.matcher(result.out());
    while (time.find()) {
      int us = (int) Math.round(Double.parseDouble(time.group(1)) * US_PER_MS);
      counts.merge(us, 1, Integer::sum);
    }
    if (counts.values().stream().mapToInt(Integer::intValue).sum() < count / 2) {
      throw new OsException("ping: more than half of " + count + " got no answer");
    }
    return counts;
  }
}
