// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.flows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import oasis.experiments.jmh.ManyFlows;
import oasis.experiments.measure.ExperimentCommand;
import oasis.experiments.measure.JmhRun;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.RawData;
import oasis.os.OsException;
import picocli.CommandLine.Command;

/** {@code oasis experiment run flows}. */
@Command(
    name = FlowsResult.NAME,
    description = {
      "Measures the client's flow map with 1,000, 100,000 and 1,000,000 flows, without system"
          + " calls and in 256 MiB of heap: its memory, the time of a packet both ways, and that"
          + " of a new flow while an old one ends.",
      "Exits with 1 unless all goals are met."
    })
public final class FlowsCommand extends ExperimentCommand {
  private static final String PARAMETER = "flows";

  /** For picocli. */
  public FlowsCommand() {
    super(FlowsResult.NAME);
  }

  @Override
  protected int run() throws OsException, IOException {
    Plan plan = new Plan(quick(), System.getProperty("java.vm.version"));
    Path directory = directory();
    RawData<Plan, Scored> raw = new RawData<>(directory, Plan.class, Scored.class);
    List<Scored> scores = new ArrayList<>();
    if (output().resume()) {
      scores.addAll(raw.resume(plan, UnaryOperator.identity(), one -> true, this::say));
    }
    raw.begin(plan, scores);
    for (int flows : Plan.FLOWS) {
      for (String benchmark : Plan.BENCHMARKS) {
        if (!has(scores, benchmark, flows)) {
          say(benchmark + ", " + flows);
          Scored scored = score(benchmark, flows);
          raw.add(scored);
          scores.add(scored);
        }
      }
    }
    return output().finish(new FlowsResult(plan, scores), directory, Machine.manifest(plan.java()));
  }

  private static boolean has(List<Scored> scores, String benchmark, int flows) {
    return scores.stream()
        .anyMatch(scored -> scored.benchmark().equals(benchmark) && scored.flows() == flows);
  }

  private Scored score(String benchmark, int flows) throws OsException {
    String now = Machine.now();
    String name = ManyFlows.class.getName() + "." + benchmark;
    JmhRun run = JmhRun.of(name, PARAMETER, Integer.toString(flows), quick());
    return new Scored(benchmark, flows, now, run.span(), run.numbers());
  }
}
