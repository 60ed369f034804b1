// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.figures;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import oasis.experiments.measure.MachineTime;
import oasis.experiments.measure.Processes;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;

/**
 * Samples the CPU use of some processes and of the machine in equal periods, on a thread of its
 * own. Thread-safe.
 */
final class CpuSampler implements AutoCloseable {
  private static final long NS_PER_MS = 1_000_000;
  private static final double PERCENT = 100;

  private final List<Integer> pids;
  private final long periodNs;
  private final Thread thread = new Thread(this::run, "cpu-sampler");
  private final List<Double> processes = new ArrayList<>();
  private final List<Double> machine = new ArrayList<>();
  private @Nullable OsException failure;
  private volatile boolean stop;

  /**
   * CPU use in % of one core, one number for each period.
   *
   * @param processes of the processes
   * @param machine of everything together
   */
  record Samples(List<Double> processes, List<Double> machine) {}

  private CpuSampler(List<Integer> pids, int periodMs) {
    this.pids = List.copyOf(pids);
    periodNs = periodMs * NS_PER_MS;
    thread.setDaemon(true);
  }

  /** Begins to sample. */
  static CpuSampler start(List<Integer> pids, int periodMs) {
    CpuSampler sampler = new CpuSampler(pids, periodMs);
    sampler.thread.start();
    return sampler;
  }

  private void run() {
    try {
      Map<String, Long> before = Processes.threadNs(pids);
      long workBefore = MachineTime.workNs();
      long begin = System.nanoTime();
      while (!stop) {
        LockSupport.parkNanos(begin + periodNs - System.nanoTime());
        long now = System.nanoTime();
        if (now - begin < periodNs) {
          continue; // woken early
        }
        Map<String, Long> after = Processes.threadNs(pids);
        long workAfter = MachineTime.workNs();
        double percentPerNs = PERCENT / (now - begin);
        add(
            Processes.growth(before, after) * percentPerNs,
            (workAfter - workBefore) * percentPerNs);
        before = after;
        workBefore = workAfter;
        begin = now;
      }
    } catch (OsException e) {
      fail(e);
    }
  }

  private synchronized void add(double ofProcesses, double ofMachine) {
    processes.add(ofProcesses);
    machine.add(ofMachine);
  }

  private synchronized void fail(OsException e) {
    failure = e;
  }

  /**
   * The first samples.
   *
   * @throws OsException when there are fewer
   */
  synchronized Samples first(int count) throws OsException {
    if (failure != null) {
      throw failure;
    }
    // Time stretches a little under load; a sample that is missing at the end does not count
    // anyway.
    int there = Math.min(count, machine.size());
    if (there < count - 1) {
      throw new OsException("only " + there + " of " + count + " CPU samples came about");
    }
    return new Samples(
        List.copyOf(processes.subList(0, there)), List.copyOf(machine.subList(0, there)));
  }

  @Override
  public void close() {
    stop = true;
    LockSupport.unpark(thread);
  }
}
