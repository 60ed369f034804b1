// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Command line of {@code oasis experiment}. */
@Command(
    name = "oasis experiment",
    mixinStandardHelpOptions = true,
    description = "Runs experiments and checks their goals.")
public final class ExperimentMain implements Runnable {
  private static final String RESULT = "result.json";

  private final ObjectMapper json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private ExperimentMain() {}

  public static void main(String[] args) {
    CommandLine line = new CommandLine(new ExperimentMain());
    String version = ExperimentMain.class.getPackage().getImplementationVersion();
    line.getCommandSpec()
        .version("oasis experiment " + Objects.requireNonNullElse(version, "(not packaged)"));
    System.exit(line.execute(args));
  }

  @Override
  public void run() {
    CommandLine.usage(this, System.out);
  }

  @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists the experiments.")
  int list() {
    System.out.println(
        Throughput.NAME + "  TCP through client, overlay and exit node, beside plain routing");
    return 0;
  }

  @Command(
      name = "run",
      mixinStandardHelpOptions = true,
      description = "Runs an experiment; exits with 1 unless all its goals are met.")
  int run(
      @Parameters(paramLabel = "NAME", description = "Its name, as 'list' prints it.") String name,
      @Option(names = "--quick", description = "One short round.") boolean quick,
      @Option(
              names = "--out",
              paramLabel = "DIR",
              description = "Folder for the results; made if missing.")
          @Nullable Path out,
      @Option(names = "--json", description = "Print the result as JSON.") boolean asJson) {
    if (!name.equals(Throughput.NAME)) {
      System.err.println(
          "oasis experiment: no experiment is named '" + name + "' (list names them)");
      return 2;
    }
    try {
      Path directory = out != null ? out : Files.createTempDirectory("oasis-" + name + "-");
      Files.createDirectories(directory);
      Throughput experiment = new Throughput(line -> System.err.println(name + ": " + line));
      Map<String, List<Double>> rounds =
          experiment.run(directory.resolve("run"), quick ? 1 : 3, quick ? 4 : 6);
      List<Judged> goals = Goals.load().judge(name, rounds);
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("experiment", name);
      result.put("quick", quick);
      result.put("java", System.getProperty("java.version"));
      result.put("kernel", System.getProperty("os.version"));
      result.put("rounds", rounds);
      result.put("goals", goals);
      Files.writeString(directory.resolve(RESULT), json.writeValueAsString(result) + "\n");
      System.out.print(
          asJson
              ? json.writeValueAsString(result) + "\n"
              : Throughput.table(rounds) + goalLines(goals) + "results: " + directory + "\n");
      return Goals.allMet(goals) ? 0 : 1;
    } catch (OsException | IOException | UncheckedIOException e) {
      System.err.println("oasis experiment: " + e.getMessage());
      return 1;
    }
  }

  @Command(
      name = "bench",
      mixinStandardHelpOptions = true,
      description = "Runs the JMH benchmarks of the packet path with its garbage profiler.")
  int bench(
      @Parameters(
              paramLabel = "REGEX",
              arity = "0..1",
              defaultValue = "oasis.experiments.jmh",
              description = "Which benchmarks; all by default.")
          String include) {
    Options options = new OptionsBuilder().include(include).addProfiler(GCProfiler.class).build();
    try {
      return new Runner(options).run().isEmpty() ? 1 : 0;
    } catch (RunnerException e) {
      System.err.println("oasis experiment: " + e.getMessage());
      return 1;
    }
  }

  @Command(
      name = "verify",
      mixinStandardHelpOptions = true,
      description = "Computes the goals of a finished run again from its raw data.")
  int verify(
      @Parameters(paramLabel = "DIR", description = "Folder with the results.") Path directory) {
    try {
      JsonNode result = json.readTree(Files.readString(directory.resolve(RESULT)));
      Map<String, List<Double>> rounds = new LinkedHashMap<>();
      for (Map.Entry<String, JsonNode> entry : result.path("rounds").properties()) {
        List<Double> values = new ArrayList<>();
        entry.getValue().forEach(value -> values.add(value.asDouble()));
        rounds.put(entry.getKey(), values);
      }
      List<Judged> goals = Goals.load().judge(result.path("experiment").asText(), rounds);
      System.out.print(goalLines(goals));
      boolean same = json.valueToTree(goals).equals(result.path("goals"));
      if (!same) {
        System.err.println("oasis experiment: the recorded goals differ from the raw data");
      }
      return same && Goals.allMet(goals) ? 0 : 1;
    } catch (IOException e) {
      System.err.println("oasis experiment: cannot read " + directory + ": " + e.getMessage());
      return 1;
    }
  }

  private static String goalLines(List<Judged> goals) {
    StringBuilder text = new StringBuilder();
    goals.forEach(goal -> text.append(goal).append('\n'));
    return text.toString();
  }
}
