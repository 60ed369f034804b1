// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.figures;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import oasis.emulator.Launcher;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.Output;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code oasis experiment run fig6}, and so on. */
@Command(
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Hosts without Oasis (two: the second one is the null run), with every packet mediated to"
          + " the underlay and with a dummy overlay are measured in turn in network namespaces."
          + " Exits with 1 unless the run was valid and all goals are met."
    })
public abstract class FigureCommand implements Callable<Integer> {
  private final PaperFigure figure;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(names = "--quick", description = "Less of everything: at most four minutes.")
  private boolean quick;

  @Option(names = "--paper", description = "The paper's whole procedure (default).")
  private boolean paper;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "How often all hosts are compared (default: 20, fig9a and fig9b: 1).")
  private @Nullable Integer rounds;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Draws the destinations' round-trip times (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Mixin private Output output = new Output();

  FigureCommand(PaperFigure figure) {
    this.figure = figure;
  }

  @Override
  public Integer call() {
    try {
      Plan plan = plan();
      Launcher launcher = Launcher.ofThisProcess();
      Path directory = output.directory(figure.word());
      List<Step> steps =
          new Measuring(plan, directory, line -> System.err.println(figure.word() + ": " + line))
              .run(output.resume(), launcher);
      Map<String, Object> manifest = Machine.manifest(plan.java());
      manifest.put("order", "each step begins with another host");
      manifest.put("congestionControl", "cubic, without memory of earlier connections");
      manifest.put("bitsPerSecond", Plan.BITS_PER_SECOND);
      return output.finish(new FigureResult(plan, steps), directory, manifest);
    } catch (OsException | IOException e) {
      System.err.println("oasis experiment: " + e.getMessage());
      return 1;
    }
  }

  private Plan plan() throws OsException {
    if (quick && paper) {
      throw new ParameterException(spec.commandLine(), "--quick and --paper exclude each other");
    }
    if (rounds != null && rounds < 1) {
      throw new ParameterException(spec.commandLine(), "--rounds must be at least 1");
    }
    Plan plan = Plan.of(figure, quick, seed, Machine.java(null));
    return rounds == null ? plan : plan.withRounds(rounds);
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
