// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.planetlab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import oasis.experiments.measure.MachineTime;
import oasis.experiments.measure.Undisturbed;
import oasis.experiments.measure.Undisturbed.Effort;
import oasis.experiments.measure.Undisturbed.Watched;
import oasis.experiments.planetlab.Step.Load;
import oasis.experiments.planetlab.Step.Sample;
import oasis.experiments.result.Numbers;
import oasis.os.CommandRunner;
import oasis.os.OsException;

/** What the port costs beside another proxy and beside none; one after the other, in turns. */
final class Costs {
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final int OTHERS_TRIES = 5;

  /** The port's virtual machine compiles during its first three gigabytes. */
  private static final int WARM_UPS = 3;

  private static final double MS_PER_S = 1e3;
  private static final double NS_PER_S = 1e9;
  private static final double BITS_PER_BYTE = 8e-6;
  private static final double TICKS_PER_S = 100;

  /** Words of /proc/PID/stat that say its CPU time: user and system. */
  private static final int[] PROCESS_BUSY = {13, 14};

  private final PortNetwork network;
  private final Undisturbed undisturbed;

  Costs(PortNetwork network, Effort effort) throws OsException {
    this.network = network;
    // Of the two proxies there, the one that is not asked idles.
    undisturbed =
        new Undisturbed(
            network.namespaces(), List.of(network.client().namespace()), List.of(), lost -> effort);
  }

  /** A number of samples of everything, behind {@link #WARM_UPS} that do not count. */
  List<Sample> run(int samples, Random random) throws OsException {
    List<Sample> all = new ArrayList<>();
    for (int i = 0; i < WARM_UPS + samples; i++) {
      for (Load load : Load.values()) {
        List<Proxy> order = new ArrayList<>(List.of(Proxy.values()));
        Collections.shuffle(order, random);
        for (Proxy proxy : order) {
          if (i < WARM_UPS) {
            load(proxy, load);
          } else {
            all.add(sample(proxy, load));
          }
        }
      }
    }
    return all;
  }

  private record Loaded(double value, double proxyS, double machineS) {}

  private Sample sample(Proxy proxy, Load load) throws OsException {
    Watched<Loaded> watched =
        undisturbed.measure(
            () -> {
              double machine = machineS();
              double process = processS(proxy);
              double value = load(proxy, load);
              return new Loaded(value, processS(proxy) - process, machineS() - machine);
            });
    long bytes = load == Load.PAGE ? 0 : (long) Plan.TRANSFERS * Plan.LARGE_BYTES;
    Loaded loaded = watched.result();
    return new Sample(
        proxy, load, loaded.value(), bytes, loaded.proxyS(), loaded.machineS(), watched.span());
  }

  private double load(Proxy proxy, Load load) throws OsException {
    String host = proxy.carrier().host();
    return switch (load) {
      case DOWN ->
          mbits(
              curl(
                  proxy,
                  "-o",
                  "/dev/null",
                  "http://" + host + "/large?[1-" + Plan.TRANSFERS + "]"));
      case UP -> {
        String url = "http://" + host + ":" + PortNetwork.SINK_PORT + Sink.FAST;
        List<String> words = new ArrayList<>();
        for (int i = 0; i < Plan.TRANSFERS; i++) {
          words.addAll(List.of("-T", network.site().file("large").toString()));
          words.addAll(List.of("-o", "/dev/null", url));
        }
        yield mbits(curl(proxy, words.toArray(String[]::new)));
      }
      case PAGE -> {
        List<Double> times = new ArrayList<>();
        String url = "http://" + host + "/small?[1-" + Plan.PAGES + "]";
        for (String[] each : curl(proxy, "-o", "/dev/null", url)) {
          times.add(MS_PER_S * Double.parseDouble(each[1]));
        }
        yield Numbers.median(times);
      }
    };
  }

  /** Mbit/s of all transfers together. */
  private static double mbits(List<String[]> transfers) {
    double seconds = transfers.stream().mapToDouble(each -> Double.parseDouble(each[0])).sum();
    return (double) transfers.size() * Plan.LARGE_BYTES * BITS_PER_BYTE / seconds;
  }

  /** For each transfer: time in all, and to the first byte, in s; a connection for each. */
  private List<String[]> curl(Proxy proxy, String... words) throws OsException {
    List<String> argv = new ArrayList<>(List.of("curl", "-sSf", "-m", "100", "-x", proxy.url()));
    argv.addAll(List.of("--no-keepalive", "-H", "Connection: close", "-H", "Expect:"));
    argv.addAll(List.of("-w", "%{stderr}%{time_total} %{time_starttransfer} %{num_connects}\n"));
    argv.addAll(List.of(words));
    // Only what is measured has to work each time.
    int tries = proxy == Proxy.TINYPROXY ? OTHERS_TRIES : 1;
    String said = "";
    for (int i = 0; i < tries; i++) {
      CommandRunner.Result result = network.client().exec(LONG, argv.toArray(String[]::new));
      said = result.err();
      List<String[]> lines = said.lines().map(line -> line.split(" ", -1)).toList();
      if (result.ok() && !lines.isEmpty() && lines.stream().allMatch(line -> line.length == 3)) {
        return lines;
      }
    }
    throw new OsException("curl by " + proxy.word() + ": " + said);
  }

  /** CPU time that the machine has spent so far, in s. */
  private static double machineS() throws OsException {
    return MachineTime.workNs() / NS_PER_S;
  }

  /** CPU time of a proxy's process so far, in s: also that of threads which have ended. */
  private double processS(Proxy proxy) throws OsException {
    long pid = network.pid(proxy);
    return pid == 0 ? 0 : seconds(words("/proc/" + pid + "/stat"), PROCESS_BUSY);
  }

  private static double seconds(String[] words, int[] which) {
    return Arrays.stream(which).mapToLong(i -> Long.parseLong(words[i])).sum() / TICKS_PER_S;
  }

  /** The words of a file's first line. No name of a program here has a space in it. */
  private static String[] words(String file) throws OsException {
    try {
      return Files.readAllLines(Path.of(file)).get(0).replaceAll(" +", " ").split(" ", -1);
    } catch (IOException e) {
      throw new OsException(file + ": " + e.getMessage(), e);
    }
  }
}
