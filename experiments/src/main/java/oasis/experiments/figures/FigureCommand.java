// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.figures;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import oasis.emulator.Launcher;
import oasis.experiments.measure.ExperimentCommand;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.Rounds;
import oasis.experiments.measure.Seed;
import oasis.os.OsException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code oasis experiment run fig6}, and so on. */
@Command(
    footer = {
      "",
      "Hosts without Oasis (two: the second one is the null run), with every packet mediated to"
          + " the underlay and with a dummy overlay are measured in turn in network namespaces."
          + " Exits with 1 unless the run was valid and all goals are met."
    })
public abstract class FigureCommand extends ExperimentCommand {
  private final PaperFigure figure;

  @Option(names = "--paper", description = "The paper's whole procedure (default).")
  private boolean paper;

  @Mixin private Rounds rounds;
  @Mixin private Seed seed = new Seed();

  FigureCommand(PaperFigure figure) {
    super(figure.word());
    this.figure = figure;
    rounds = new Rounds(figure.isLoad() ? "1" : "" + Plan.LEAST_PAIRS);
  }

  @Override
  protected int run() throws OsException, IOException {
    Plan plan = plan();
    Launcher launcher = Launcher.ofThisProcess();
    Path directory = directory();
    List<Step> steps = new Measuring(plan, directory, this::say).run(output().resume(), launcher);
    Map<String, Object> manifest = Machine.manifest(plan.java());
    manifest.put("coresOfHosts", FigureNetwork.ownCores(figure));
    manifest.put("order", "each step begins with another host");
    manifest.put("congestionControl", "cubic, without memory of earlier connections");
    manifest.put("bitsPerSecond", Plan.BITS_PER_SECOND);
    return output().finish(new FigureResult(plan, steps), directory, manifest);
  }

  private Plan plan() throws OsException {
    if (quick() && paper) {
      throw usage("--quick and --paper exclude each other");
    }
    Plan plan = Plan.of(figure, quick(), seed.value(), Machine.java(null));
    return plan.withRounds(rounds.or(plan.rounds()));
  }

  /** The time of single packets. */
  @Command(name = "fig6", description = "Round-trip time that the client adds to single packets.")
  public static final class Fig6 extends FigureCommand {
    /** For picocli. */
    public Fig6() {
      super(PaperFigure.FIG6);
    }
  }

  /** The time of a small file. */
  @Command(name = "fig7", description = "Time that the client adds to transfers of 8 KiB.")
  public static final class Fig7 extends FigureCommand {
    /** For picocli. */
    public Fig7() {
      super(PaperFigure.FIG7);
    }
  }

  /** The time of a large file. */
  @Command(name = "fig8", description = "Time that the client adds to transfers of 20 MB.")
  public static final class Fig8 extends FigureCommand {
    /** For picocli. */
    public Fig8() {
      super(PaperFigure.FIG8);
    }
  }

  /** CPU while packets come. */
  @Command(name = "fig9a", description = "CPU use of the client while UDP comes, to saturation.")
  public static final class Fig9a extends FigureCommand {
    /** For picocli. */
    public Fig9a() {
      super(PaperFigure.FIG9A);
    }
  }

  /** CPU while packets go. */
  @Command(name = "fig9b", description = "CPU use of the client while UDP goes, to saturation.")
  public static final class Fig9b extends FigureCommand {
    /** For picocli. */
    public Fig9b() {
      super(PaperFigure.FIG9B);
    }
  }
}
