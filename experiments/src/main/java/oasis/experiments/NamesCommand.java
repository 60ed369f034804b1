// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import oasis.experiments.result.Goals;
import oasis.experiments.result.Judged;
import oasis.experiments.result.Series;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code oasis experiment names}. */
@Command(
    name = "names",
    mixinStandardHelpOptions = true,
    description = {
      "Measures what a name costs with 1, 100, 10,000 and 100,000 name rules, without packets: the"
          + " client's matcher, java.util.regex rule by rule as in the paper, and the building of"
          + " the matcher, all in 256 MiB of heap."
    })
final class NamesCommand implements Callable<Integer> {
  private static final String NAME = "names";

  @Option(names = "--quick", description = "Short measurements: shows that it works.")
  private boolean quick;

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean asJson;

  /** One number of rules. */
  private record Line(int rules, double lookupUs, double sequentialUs, double buildS) {}

  @Override
  public Integer call() {
    try {
      List<Line> lines = lines(run());
      List<Judged> goals = Goals.load().judge(NAME, series(lines), name -> true);
      System.out.print(asJson ? json(lines, goals) : table(lines) + "\n" + Goals.text(goals));
      return Goals.allMet(goals) ? 0 : 1;
    } catch (RunnerException | JsonProcessingException e) {
      System.err.println("oasis experiment: " + e.getMessage());
      return 1;
    }
  }

  private Collection<RunResult> run() throws RunnerException {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include("oasis\\.experiments\\.jmh\\.NameLookup\\.")
            .shouldFailOnError(true)
            .verbosity(VerboseMode.SILENT);
    if (quick) {
      TimeValue time = TimeValue.milliseconds(300);
      options.warmupIterations(1).warmupTime(time).measurementIterations(2).measurementTime(time);
    }
    return new Runner(options.build()).run();
  }

  private static List<Line> lines(Collection<RunResult> results) {
    Map<Integer, Map<String, Double>> byRules = new TreeMap<>();
    for (RunResult result : results) {
      String benchmark = result.getParams().getBenchmark();
      byRules
          .computeIfAbsent(
              Integer.valueOf(result.getParams().getParam("rules")), n -> new TreeMap<>())
          .put(
              benchmark.substring(benchmark.lastIndexOf('.') + 1),
              result.getPrimaryResult().getScore());
    }
    return byRules.entrySet().stream()
        .map(
            entry ->
                new Line(
                    entry.getKey(),
                    entry.getValue().getOrDefault("lookup", Double.NaN) / 1e3,
                    entry.getValue().getOrDefault("sequential", Double.NaN) / 1e3,
                    entry.getValue().getOrDefault("build", Double.NaN) / 1e9))
        .toList();
  }

  private static Series series(List<Line> lines) {
    Series series = new Series();
    for (Line line : lines) {
      series.put("rules" + line.rules(), "lookup_us", 1, line.lookupUs());
      series.put("rules" + line.rules(), "build_s", 1, line.buildS());
    }
    return series;
  }

  private static String table(List<Line> lines) {
    StringBuilder text = new StringBuilder();
    text.append("  rules  look-up, us  java.util.regex one by one, us  build, s\n");
    for (Line line : lines) {
      text.append(
          String.format(
              Locale.ROOT,
              "%,7d %12.2f %31.1f %9.2f%n",
              line.rules(),
              line.lookupUs(),
              line.sequentialUs(),
              line.buildS()));
    }
    return text.toString();
  }

  private static String json(List<Line> lines, List<Judged> goals) throws JsonProcessingException {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("experiment", NAME);
    result.put("java", System.getProperty("java.vm.version"));
    result.put("lines", lines);
    result.put("goals", goals);
    ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    return mapper.writeValueAsString(result) + "\n";
  }
}
