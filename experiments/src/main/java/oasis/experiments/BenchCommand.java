// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;
import oasis.experiments.result.Goals;
import oasis.experiments.result.Judged;
import oasis.experiments.result.Series;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code oasis experiment bench}. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = {
      "Runs the JMH benchmarks of the packet path with its garbage profiler: client and exit node,"
          + " both directions, both address families, every carrier and backend, without system"
          + " calls; a NAT with a million mappings in a heap of 512 MiB; and a system call, by machine"
          + " code and by the C library. Exits with 1 when one allocates.",
      "\"x checksum\" compares with reading the same payload once, in the same run."
    })
final class BenchCommand implements Callable<Integer> {
  private static final String NAME = "bench";
  private static final String PACKAGE = "oasis.experiments.jmh.";
  private static final List<String> BENCHMARKS =
      Stream.of(
              "Baseline.checksum",
              "ClientPath.outbound",
              "ClientPath.inbound",
              "ExitPath.outbound",
              "ExitPath.inbound",
              "NatMappings.newMapping",
              "NatMappings.knownMapping",
              "SystemCalls.poll",
              "SystemCalls.pollByLibrary",
              "Trailers.seal",
              "Trailers.sealAndOpen")
          .map(PACKAGE::concat)
          .toList();

  private static final String ALLOCATED = "gc.alloc.rate.norm";
  private static final String BASELINE = "Baseline";
  private static final String NEW_MAPPING = "NatMappings.newMapping ";

  @Parameters(
      paramLabel = "REGEX",
      arity = "0..1",
      defaultValue = "",
      description = "Only benchmarks whose name has this, such as Exit; all by default.")
  private String include = "";

  @Option(names = "--quick", description = "Short measurements: shows allocation, not speed.")
  private boolean quick;

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean asJson;

  /**
   * One benchmark.
   *
   * @param name class, method and parameters
   * @param shape what one operation carries
   * @param nsPerOp time of an operation
   * @param error half-width of its 99.9 % interval
   * @param checksums its time in times of reading the payload once; NaN when that was not measured
   * @param bytesPerOp allocated
   */
  record Line(
      String name,
      String shape,
      double nsPerOp,
      double error,
      double checksums,
      double bytesPerOp) {}

  @Override
  public Integer call() {
    try {
      List<RunResult> results = new ArrayList<>();
      for (String benchmark : BENCHMARKS) {
        if (Pattern.compile(include).matcher(benchmark).find()) {
          System.err.println("bench: " + benchmark);
          results.addAll(run(benchmark));
        }
      }
      if (results.isEmpty()) {
        System.err.println("oasis experiment: no benchmark matches '" + include + "'");
        return 1;
      }
      List<Line> lines = lines(results);
      Series series = series(lines);
      List<Judged> goals =
          Goals.load()
              .judge(NAME, series, name -> include.isEmpty() || series.all().containsKey(name));
      System.out.print(asJson ? json(lines, goals) : table(lines) + "\n" + Goals.text(goals));
      return Goals.allMet(goals) ? 0 : 1;
    } catch (PatternSyntaxException e) {
      System.err.println("oasis experiment: not a regular expression: " + include);
      return 2;
    } catch (RunnerException | JsonProcessingException e) {
      System.err.println("oasis experiment: " + e.getMessage());
      return 1;
    }
  }

  private Collection<RunResult> run(String benchmark) throws RunnerException {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include(Pattern.quote(benchmark) + "$")
            .addProfiler(GCProfiler.class)
            .shouldFailOnError(true)
            .verbosity(VerboseMode.SILENT);
    if (quick) {
      TimeValue time = TimeValue.milliseconds(500);
      options.warmupIterations(2).warmupTime(time).measurementIterations(2).measurementTime(time);
    }
    return new Runner(options.build()).run();
  }

  private static List<Line> lines(Collection<RunResult> results) {
    Map<String, Double> baselines = new LinkedHashMap<>();
    for (RunResult result : results) {
      if (result.getParams().getBenchmark().contains(BASELINE)) {
        baselines.put(shape(result), result.getPrimaryResult().getScore());
      }
    }
    List<Line> lines = new ArrayList<>();
    for (RunResult result : results) {
      double ns = result.getPrimaryResult().getScore();
      Result<?> allocated = result.getSecondaryResults().get(ALLOCATED);
      lines.add(
          new Line(
              name(result.getParams()),
              shape(result),
              ns,
              result.getPrimaryResult().getScoreError(),
              ns / baselines.getOrDefault(shape(result), Double.NaN),
              allocated == null ? Double.NaN : allocated.getScore()));
    }
    return lines;
  }

  private static String shape(RunResult result) {
    return Objects.requireNonNullElse(result.getParams().getParam("shape"), "header");
  }

  /** {@code ClientPath.inbound IPV4 OC0}. */
  private static String name(BenchmarkParams params) {
    String[] words = params.getBenchmark().split("\\.", -1);
    StringBuilder name = new StringBuilder(words[words.length - 2]);
    name.append('.').append(words[words.length - 1]);
    for (String key : params.getParamsKeys()) {
      if (!key.equals("shape")) {
        name.append(' ').append(params.getParam(key));
      }
    }
    return name.toString();
  }

  /**
   * Of allocation only the worst counts; one that was not measured is the worst. Of the NAT, how
   * many mappings were held (with fewer it throws), and how many more begin.
   */
  static Series series(List<Line> lines) {
    Series series = new Series();
    double worst = 0;
    for (Line line : lines) {
      worst =
          Double.isNaN(line.bytesPerOp()) ? Double.MAX_VALUE : Math.max(worst, line.bytesPerOp());
    }
    series.put("any", "bytes_per_op", 1, worst);
    double held = 0;
    for (Line line : lines) {
      if (line.name().startsWith(NEW_MAPPING)) {
        double mappings = Double.parseDouble(line.name().substring(NEW_MAPPING.length()));
        if (mappings > held) {
          held = mappings;
          series.put("nat", "new_mappings_per_s", 1, 1e9 / line.nsPerOp());
          series.put("nat", "held_mappings", 1, held);
        }
      }
    }
    return series;
  }

  private static String table(List<Line> lines) {
    StringBuilder text = new StringBuilder();
    text.append("benchmark                          of               ns/op        +-");
    text.append("  x checksum    B/op\n");
    for (Line line : lines) {
      text.append(
          String.format(
              Locale.ROOT,
              "%-34s %-10s %,11.0f %,9.0f %11.2f %7.3f%n",
              line.name(),
              line.shape(),
              line.nsPerOp(),
              line.error(),
              line.checksums(),
              line.bytesPerOp()));
    }
    return text.toString();
  }

  private static String json(List<Line> lines, List<Judged> goals) throws JsonProcessingException {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("experiment", NAME);
    result.put("java", System.getProperty("java.vm.version"));
    result.put("benchmarks", lines);
    result.put("goals", goals);
    ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    return mapper.writeValueAsString(result) + "\n";
  }
}
