// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.measure;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import oasis.os.OsException;

/** Runs that do the same a number of times, and may be joined when only that number differs. */
public final class InRounds {
  private InRounds() {}

  /** A plan of such a run. */
  public interface Planned<P> {
    /** How many rounds. */
    int rounds();

    /** The same plan with another number of rounds. */
    P withRounds(int number);
  }

  /** Something measured in a round. */
  public interface Measured {
    /** Which round, from 1. */
    int round();
  }

  /**
   * Begins a run, or goes on behind what an earlier one has left.
   *
   * @param resume whether to go on
   * @param progress is told how much there is
   * @return what is measured already; may be added to
   * @throws OsException when there is nothing to go on with, or it had another plan
   */
  public static <P extends Planned<P>, E extends Measured> List<E> begin(
      RawData<P, E> raw, P plan, boolean resume, Consumer<String> progress)
      throws OsException, IOException {
    List<E> kept = new ArrayList<>();
    if (resume) {
      kept.addAll(
          raw.resume(
              plan,
              before -> before.withRounds(plan.rounds()),
              one -> one.round() <= plan.rounds(),
              progress));
    }
    raw.begin(plan, kept);
    return kept;
  }
}
