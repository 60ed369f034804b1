// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.io.IOException;
import java.nio.file.Path;

/** Computes a finished run again from its raw data. */
public final class Verification {
  private Verification() {}

  /**
   * Prints table and goals as the raw data has them.
   *
   * @param directory the run's folder
   * @return whether they are what the folder records, the run is valid and all goals are met
   * @throws IOException when the folder has no result of this experiment
   */
  public static boolean verify(Path directory) throws IOException {
    Result result = Result.read(directory);
    System.out.print(Table.of(result) + "\n" + result.judgement());
    boolean same = result.sameAsRecorded(directory);
    if (!same) {
      System.err.println("oasis experiment: what is recorded differs from the raw data");
    }
    return same && result.good();
  }
}
