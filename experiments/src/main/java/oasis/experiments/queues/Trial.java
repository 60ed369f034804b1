// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.queues;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import oasis.emulator.Program;
import oasis.experiments.measure.Pause;
import oasis.experiments.queues.Step.Overload;
import oasis.experiments.queues.Step.Share;
import oasis.os.OsException;

/** The loads, one at a time. */
final class Trial {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long NS_PER_S = 1_000_000_000L;
  private static final double MEGA = 1e6;
  private static final int WARM_UP_SECONDS = 1;
  private static final Duration SLACK = Duration.ofSeconds(15);

  /** What is still on its way then is longer than any queue here. */
  private static final long AFTERWARDS_MS = 1_000;

  private static final int HIGH_PORT = 5101;
  private static final int LOW_PORT = 5102;

  private final QueuesNetwork network;
  private final int seconds;

  /**
   * @param seconds of each load that count
   */
  Trial(QueuesNetwork network, int seconds) {
    this.network = network;
    this.seconds = seconds;
  }

  /** UDP of a higher class, beside far too much of a lower one. */
  Overload overload(Setup setup, SplittableRandom random) throws OsException {
    String server = network.server().namespace();
    long from = System.nanoTime() + WARM_UP_SECONDS * NS_PER_S;
    long until = from + seconds * NS_PER_S;
    Sink high = Sink.open(server, HIGH_PORT, from, until);
    try (Sink low = Sink.open(server, LOW_PORT, from, until);
        Sender highs = sender(setup, QueuesNetwork.HIGH, "10.9.0.1", HIGH_PORT, 500, 1);
        Sender lows = sender(setup, QueuesNetwork.LOW, "10.9.0.2", LOW_PORT, 1400, 45)) {
      ExecutorService threads = Executors.newFixedThreadPool(2);
      try {
        SplittableRandom other = random.split();
        CompletableFuture<Long> lowSent =
            CompletableFuture.supplyAsync(
                () -> lows.run(Plan.lowMbits(), from, until, other), threads);
        CompletableFuture<Long> highSent =
            CompletableFuture.supplyAsync(
                () -> highs.run(Plan.HIGH_MBITS, from, until, random), threads);
        long sentLow = join(lowSent);
        long sentHigh = join(highSent);
        Pause.ms(AFTERWARDS_MS);
        high.close();
        return new Overload(
            seconds, sentHigh, high.sentInTime(), sentLow, low.arrivedInTime(), high.delays());
      } finally {
        threads.shutdownNow();
      }
    } finally {
      high.close();
    }
  }

  private Sender sender(Setup setup, String host, String source, int port, int bytes, int together)
      throws OsException {
    return Sender.open(
        network.node(host).namespace(),
        network.exitAddress(setup),
        QueuesNetwork.EXIT_PORT,
        new Sender.Kind(source, QueuesNetwork.serverAddress(), port, bytes, together));
  }

  private static long join(CompletableFuture<Long> future) throws OsException {
    try {
      return future.join();
    } catch (CompletionException e) {
      throw new OsException("a sender: " + e.getCause(), e);
    }
  }

  /** TCP of two clients of one class at once, of which one has many connections. */
  Share share(Setup setup, boolean out) throws OsException {
    try (Program one = iperf(setup, QueuesNetwork.ONE, 1, out);
        Program many = iperf(setup, QueuesNetwork.MANY, Plan.FLOWS, out)) {
      return new Share(mbits(one), mbits(many));
    }
  }

  private Program iperf(Setup setup, String host, int flows, boolean out) throws OsException {
    List<String> argv = new ArrayList<>(List.of("iperf3", "--json", "--congestion", "cubic"));
    argv.addAll(List.of("--client", QueuesNetwork.serverAddress()));
    argv.addAll(List.of("--port", Integer.toString(QueuesNetwork.tcpPort(setup, host))));
    argv.addAll(List.of("--parallel", Integer.toString(flows)));
    argv.addAll(List.of("--omit", Integer.toString(WARM_UP_SECONDS)));
    argv.addAll(List.of("--time", Integer.toString(seconds)));
    if (!out) {
      argv.add("--reverse");
    }
    return network.node(host).start(argv.toArray(String[]::new));
  }

  private double mbits(Program iperf) throws OsException {
    iperf.waitFor(SLACK.plusSeconds(seconds + WARM_UP_SECONDS));
    try {
      JsonNode result = JSON.readTree(iperf.output());
      if (result.has("error")) {
        throw new OsException("iperf3: " + result.path("error").asText());
      }
      return result.at("/end/sum_received/bits_per_second").asDouble() / MEGA;
    } catch (JsonProcessingException e) {
      throw new OsException("iperf3 printed no JSON: " + iperf.errors().strip(), e);
    }
  }
}
