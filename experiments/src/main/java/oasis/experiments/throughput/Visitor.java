// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.Pause;
import oasis.experiments.measure.Probe;
import oasis.experiments.measure.Processes;
import oasis.experiments.measure.Span;
import oasis.experiments.measure.Traffic;
import oasis.experiments.measure.Undisturbed;
import oasis.experiments.measure.Undisturbed.Watched;
import oasis.os.OsException;

/** Brings a path up, measures it and takes it down. Confined to one thread. */
final class Visitor {
  private static final double KIB_PER_MIB = 1024;
  private static final int SETTLE_TRIES = 20;
  private static final double SETTLED_PERCENT = 5;
  private static final long NS_PER_MS = 1_000_000;

  private final Plan plan;
  private final Path directory;
  private final long beganNs = System.nanoTime();
  private final Map<String, Integer> ceilings = new HashMap<>();

  /**
   * @param plan what to measure
   * @param directory for the output of all programs
   */
  Visitor(Plan plan, Path directory) {
    this.plan = plan;
    this.directory = directory;
  }

  /** What belongs together during one visit. */
  private record Stay(TestPath path, Lab lab, Traffic traffic, Undisturbed watch, Visit visit) {
    /** Whether processes carry the packets, not the kernel alone. */
    boolean hasProcesses() throws OsException {
      return !processes("client").isEmpty() || !processes("exit").isEmpty();
    }

    List<Integer> processes(String side) throws OsException {
      return Processes.in(List.of((side.equals("exit") ? lab.exit() : lab.client()).namespace()));
    }
  }

  /**
   * Measures a path; what fails is among the visit's problems.
   *
   * @throws OsException when this process is ending
   */
  Visit visit(int round, TestPath path) throws OsException {
    String now = Machine.now();
    Visit visit =
        new Visit(round, path.name(), now, new TreeMap<>(), new ArrayList<>(), new ArrayList<>());
    Path output = directory.resolve("round-" + round).resolve(path.name());
    try (Lab lab = new Lab(output, path.ipv6())) {
      lab.offloads(Mode.DEFAULT);
      lab.startServer();
      Thread atExit = new Thread(() -> path.down(lab), "path-exit");
      Runtime.getRuntime().addShutdownHook(atExit);
      try {
        visit.facts().putAll(path.up(lab));
        Undisturbed watch =
            new Undisturbed(
                lab.namespaces(),
                List.of(lab.client().namespace()),
                List.of(lab.exit().namespace()),
                lost -> plan.effort((System.nanoTime() - beganNs) / NS_PER_MS));
        stay(new Stay(path, lab, new Traffic(lab.client(), path.server()), watch, visit));
      } finally {
        Runtime.getRuntime().removeShutdownHook(atExit);
        path.down(lab);
      }
    } catch (IllegalStateException e) {
      // Exit hooks can no more be changed: what was measured now is worth nothing.
      throw new OsException("the run was ended", e);
    } catch (OsException | UncheckedIOException e) {
      visit.problems().add(String.valueOf(e.getMessage()));
    }
    return visit;
  }

  private void stay(Stay stay) throws OsException {
    boolean processes = stay.hasProcesses();
    if (processes) {
      warmUp(stay.traffic());
    }
    for (Mode mode : plan.modes()) {
      stay.lab().offloads(mode);
      Set<Kind> tests = plan.tests(stay.path().name(), mode);
      if (!processes) {
        tests.remove(Kind.CPU);
        tests.remove(Kind.IDLE);
      }
      for (Kind test : tests) {
        try {
          stay.visit().measurements().add(measure(stay, test, mode));
        } catch (OsException e) {
          stay.visit().problems().add(mode.word() + " " + test + ": " + e.getMessage());
        }
      }
    }
    for (String side : List.of("client", "exit")) {
      List<Integer> pids = stay.processes(side);
      if (!pids.isEmpty()) {
        memory(stay.visit(), "rss_" + side, Processes.memoryKib(pids, "VmRSS"));
        memory(stay.visit(), "hwm_" + side, Processes.memoryKib(pids, "VmHWM"));
      }
    }
  }

  private static void memory(Visit visit, String name, long kib) {
    visit.facts().put(name, kib / KIB_PER_MIB);
  }

  private static void warmUp(Traffic traffic) throws OsException {
    traffic.tcp(true, 0, Plan.WARM_UP_TCP_SECONDS);
    traffic.tcp(false, 0, Plan.WARM_UP_TCP_SECONDS);
    traffic.udpBothWays(Plan.WARM_UP_UDP_MBITS, Plan.WARM_UP_UDP_SECONDS);
    traffic.ping(Plan.WARM_UP_PINGS);
  }

  private Measurement measure(Stay stay, Kind test, Mode mode) throws OsException {
    Traffic traffic = stay.traffic();
    return switch (test) {
      case TCP_UP, TCP_DOWN -> {
        boolean up = test == Kind.TCP_UP;
        yield numbers(
            stay, test, mode, () -> traffic.tcp(up, Plan.OMITTED_SECONDS, plan.tcpSeconds()));
      }
      case UDP_UP -> udp(stay, mode);
      case RTT -> roundTrips(stay, test, mode, () -> traffic.ping(Plan.PINGS));
      case LONE ->
          roundTrips(stay, test, mode, () -> traffic.ping(Plan.LONE_PINGS, Plan.LONE_GAP_MS));
      case CPU -> {
        settle(stay.watch());
        yield numbers(
            stay, test, mode, () -> traffic.udpBothWays(Plan.CPU_MBITS, Plan.CPU_SECONDS));
      }
      case IDLE -> {
        settle(stay.watch());
        yield numbers(
            stay,
            test,
            mode,
            () -> {
              Pause.ms(Plan.IDLE_SECONDS * 1000L);
              return Map.of();
            });
      }
    };
  }

  private static Measurement roundTrips(
      Stay stay, Kind test, Mode mode, Undisturbed.Task<SortedMap<Integer, Integer>> task)
      throws OsException {
    settle(stay.watch());
    Watched<SortedMap<Integer, Integer>> watched = stay.watch().measure(task);
    return new Measurement(test, mode, watched.span(), Map.of(), watched.result(), List.of());
  }

  private static Measurement numbers(
      Stay stay, Kind test, Mode mode, Undisturbed.Task<Map<String, Double>> task)
      throws OsException {
    Watched<Map<String, Double>> watched = stay.watch().measure(task);
    return new Measurement(
        test, mode, watched.span(), watched.result(), new TreeMap<>(), List.of());
  }

  private Measurement udp(Stay stay, Mode mode) throws OsException {
    String place = stay.path().name() + "." + mode.word();
    Watched<List<Probe>> watched =
        stay.watch()
            .measure(
                () -> {
                  Ceiling ceiling = new Ceiling(mbits -> stay.traffic().udp(true, mbits, 1));
                  ceilings.put(place, ceiling.search(ceilings.getOrDefault(place, -1)));
                  return ceiling.probes();
                });
    return new Measurement(
        Kind.UDP_UP, mode, watched.span(), Map.of(), new TreeMap<>(), watched.result());
  }

  /** Waits until the tunnel itself has got over the measurement before, compilations included. */
  private static void settle(Undisturbed watch) throws OsException {
    for (int i = 0; i < SETTLE_TRIES; i++) {
      Span span = watch.moment();
      if (span.clientPercent() + span.exitPercent() < SETTLED_PERCENT) {
        return;
      }
    }
  }
}
