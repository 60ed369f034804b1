// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.measure;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import oasis.emulator.calibration.Steal;
import oasis.os.OsException;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * One JMH benchmark in a virtual machine of its own, watched like other measurements.
 *
 * @param numbers {@value #SCORE} and what the benchmark's counters and the garbage profiler say, by
 *     name, one for each iteration
 * @param span what happened on the machine meanwhile; who else ran is not looked at
 */
public record JmhRun(Map<String, List<Double>> numbers, Span span) {
  /** The benchmark's own number, in its unit. */
  public static final String SCORE = "score";

  /** Bytes that an operation allocates. */
  public static final String BYTES_PER_OP = "gc.alloc.rate.norm";

  private static final double NS_PER_S = 1e9;

  /**
   * Runs it.
   *
   * @param benchmark class and method
   * @param parameter the one parameter to set
   * @param quick short measurements: shows that it works
   * @throws OsException when the benchmark fails
   */
  public static JmhRun of(String benchmark, String parameter, String value, boolean quick)
      throws OsException {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include(Pattern.quote(benchmark) + "$")
            .param(parameter, value)
            .addProfiler(GCProfiler.class)
            .shouldFailOnError(true)
            .verbosity(VerboseMode.SILENT);
    if (quick) {
      TimeValue time = TimeValue.milliseconds(300);
      options.warmupIterations(1).warmupTime(time).measurementIterations(3).measurementTime(time);
    }
    long steal = Steal.ms();
    long begin = System.nanoTime();
    try {
      Map<String, List<Double>> numbers = new TreeMap<>();
      for (RunResult result : new Runner(options.build()).run()) {
        for (BenchmarkResult fork : result.getBenchmarkResults()) {
          fork.getIterationResults().forEach(iteration -> add(iteration, numbers));
        }
      }
      double seconds = (System.nanoTime() - begin) / NS_PER_S;
      return new JmhRun(numbers, new Span(seconds, Steal.ms() - steal, 0, -1, -1, 1));
    } catch (RunnerException e) {
      throw new OsException(benchmark + " with " + parameter + " " + value + ": " + e, e);
    }
  }

  private static void add(IterationResult iteration, Map<String, List<Double>> numbers) {
    add(numbers, SCORE, iteration.getPrimaryResult().getScore());
    iteration
        .getSecondaryResults()
        .forEach((name, result) -> add(numbers, name, result.getScore()));
  }

  private static void add(Map<String, List<Double>> numbers, String name, double number) {
    if (Double.isFinite(number)) {
      numbers.computeIfAbsent(name, key -> new ArrayList<>()).add(number);
    }
  }
}
