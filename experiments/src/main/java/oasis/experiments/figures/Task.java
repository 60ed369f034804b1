// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.figures;

import java.util.List;
import java.util.Map;
import oasis.os.OsException;

/** What a figure measures. Confined to one thread. */
interface Task {
  /** Makes the host and its client ready for numbers that count. */
  void warmUp(Setup setup) throws OsException;

  /**
   * Measures.
   *
   * @param part destination, or rate in Mbit/s
   * @return numbers by name
   */
  Map<String, List<Double>> measure(Setup setup, String part) throws OsException;
}
