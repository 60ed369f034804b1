// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.measure;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.DoubleFunction;
import oasis.emulator.calibration.Steal;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;

/**
 * Measures, watches what else the machine does meanwhile, and measures again when that was too
 * much. Confined to one thread.
 */
public final class Undisturbed {
  private static final double NS_PER_S = 1e9;
  private static final long NS_PER_MS = 1_000_000;
  private static final long MOMENT_MS = 250;

  private final Set<String> ownNamespaces;
  private final List<String> clientNamespaces;
  private final List<String> exitNamespaces;
  private final DoubleFunction<Effort> efforts;
  private double lostSeconds;

  /**
   * How much to do for an undisturbed measurement.
   *
   * @param tries at most so many measurements
   * @param patienceMs at most so long a wait for a quiet moment before another try
   */
  public record Effort(int tries, long patienceMs) {
    /** Everything once. */
    public static final Effort LEAST = new Effort(1, 0);

    /** What a run of a few minutes can afford. */
    public static final Effort QUICK = new Effort(2, 2_000);

    /** What a run of an hour can afford. */
    public static final Effort FULL = new Effort(4, 20_000);

    /** {@link #QUICK} until repetitions have taken so many seconds, then {@link #LEAST}. */
    public static Effort quick(double lostSeconds, double most) {
      return lostSeconds < most ? QUICK : LEAST;
    }
  }

  /** A measurement. */
  public interface Task<T> {
    T run() throws OsException;
  }

  /** A result, and why the network that it was measured in may have spoilt it. */
  public record Judged<T>(T result, List<String> doubts) {}

  /** A result and what happened meanwhile. */
  public record Watched<T>(T result, Span span) {}

  /**
   * @param own network namespaces of which no process is foreign
   * @param clients those whose processes are the client's end of a tunnel
   * @param exits those whose processes are its other end
   * @param efforts asked at each measurement, with the seconds that repetitions have taken so far
   */
  public Undisturbed(
      Collection<String> own,
      List<String> clients,
      List<String> exits,
      DoubleFunction<Effort> efforts)
      throws OsException {
    ownNamespaces = Processes.identities(own);
    clientNamespaces = List.copyOf(clients);
    exitNamespaces = List.copyOf(exits);
    this.efforts = efforts;
  }

  /**
   * Watches an experiment in which no end of a tunnel is of interest by itself.
   *
   * @param own network namespaces of which no process is foreign
   * @param efforts asked at each measurement, with the seconds that repetitions have taken so far
   */
  public Undisturbed(Collection<String> own, DoubleFunction<Effort> efforts) throws OsException {
    this(own, List.of(), List.of(), efforts);
  }

  /**
   * Runs a measurement, again while it was disturbed or failed; gives what was disturbed least.
   *
   * @throws OsException when every try failed
   */
  public <T> Watched<T> measure(Task<T> task) throws OsException {
    @Nullable Watched<T> best = null;
    OsException failure = new OsException("nothing was tried");
    long begin = System.nanoTime();
    Effort effort = efforts.apply(lostSeconds);
    for (int i = 1; i <= effort.tries(); i++) {
      try {
        Watched<T> next = watch(task, i);
        if (best == null || next.span().disturbedPercent() < best.span().disturbedPercent()) {
          best = next;
        }
        if (!next.span().doubtful()) {
          break;
        }
      } catch (OsException e) {
        failure = e;
      }
      if (i < effort.tries()) {
        awaitQuiet(effort.patienceMs());
      }
    }
    lostSeconds += (System.nanoTime() - begin) / NS_PER_S;
    if (best == null) {
      throw failure;
    }
    lostSeconds -= best.span().seconds();
    return best;
  }

  /**
   * As {@link #measure(Task)}, and all of it once more when every try failed: a long run should not
   * end by a hiccup.
   *
   * @param recoveryMs what the network may need until it works again
   * @param progress is told of the failure
   */
  public <T> Watched<T> measure(Task<T> task, long recoveryMs, Consumer<String> progress)
      throws OsException {
    try {
      return measure(task);
    } catch (OsException e) {
      progress.accept("failed, once more: " + e.getMessage());
      Pause.ms(recoveryMs);
      return measure(task);
    }
  }

  private <T> Watched<T> watch(Task<T> task, int number) throws OsException {
    // What runs there now is the tunnel; the programs that the task starts come later.
    List<Integer> client = Processes.in(clientNamespaces);
    List<Integer> exit = Processes.in(exitNamespaces);
    Map<String, Long> foreign = Processes.foreignMs(ownNamespaces);
    long steal = Steal.ms();
    Map<String, Long> clientNs = Processes.threadNs(client);
    Map<String, Long> exitNs = Processes.threadNs(exit);
    long begin = System.nanoTime();
    T result = task.run();
    Map<String, Long> clientAfter = Processes.threadNs(client);
    Map<String, Long> exitAfter = Processes.threadNs(exit);
    double seconds = (System.nanoTime() - begin) / NS_PER_S;
    Span span =
        new Span(
            seconds,
            Steal.ms() - steal,
            Processes.growth(foreign, Processes.foreignMs(ownNamespaces)),
            client.isEmpty() ? -1 : Processes.growth(clientNs, clientAfter),
            exit.isEmpty() ? -1 : Processes.growth(exitNs, exitAfter),
            number);
    return new Watched<>(result, span);
  }

  /** Waits until others leave the machine alone for a moment, but not for ever. */
  private void awaitQuiet(long patienceMs) throws OsException {
    long end = System.nanoTime() + patienceMs * NS_PER_MS;
    while (moment().doubtful() && System.nanoTime() < end) {
      Pause.ms(MOMENT_MS);
    }
  }

  /** What happens in a quarter of a second in which nothing is measured. */
  public Span moment() throws OsException {
    return watch(
            () -> {
              Pause.ms(MOMENT_MS);
              return true;
            },
            1)
        .span();
  }
}
