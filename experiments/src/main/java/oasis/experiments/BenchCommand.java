// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import java.util.concurrent.Callable;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code oasis experiment bench}. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = "Runs the JMH benchmarks of the packet path with its garbage profiler.")
final class BenchCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "REGEX",
      arity = "0..1",
      defaultValue = "oasis.experiments.jmh",
      description = "Which benchmarks; all by default.")
  private String include = "";

  @Override
  public Integer call() {
    Options options = new OptionsBuilder().include(include).addProfiler(GCProfiler.class).build();
    try {
      return new Runner(options).run().isEmpty() ? 1 : 0;
    } catch (RunnerException e) {
      System.err.println("oasis experiment: " + e.getMessage());
      return 1;
    }
  }
}
