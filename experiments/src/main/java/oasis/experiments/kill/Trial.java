// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What was found in one case. Times count from the blow.
 *
 * @param tried the case
 * @param startedAt time of day, ISO 8601
 * @param phase what the client was doing, by its own word and the script's
 * @param facts what of the client's was on the host just before, see {@link HostState#facts}
 * @param doubts why it does not count, one line each: the point was missed, the client carried
 *     nothing before
 * @param recoveredMs for each kind of probe, until from then on every one succeeded
 * @param programs what real programs said afterwards that they should not have; empty when all was
 *     well
 * @param endedMs until the client's process was gone
 * @param toldMs until the programs whose downloads it carried knew, -1 when there were none
 * @param left what it left on the host, one line each
 * @param harmful those of them that are not known to be harmless
 * @param kept what the next start did not remove or made otherwise
 * @param keptStopped what was otherwise once that one had stopped
 * @param names how many fake addresses had been given before
 * @param moved those that mean another name, or none, after the next start
 * @param wire what passed at the host's uplink from the end of the trial before, or the beginning,
 *     to the end of the next client
 */
record Trial(
    Case tried,
    String startedAt,
    String phase,
    List<String> facts,
    List<String> doubts,
    Map<Probes.Kind, Double> recoveredMs,
    List<String> programs,
    double endedMs,
    double toldMs,
    List<String> left,
    List<String> harmful,
    List<String> kept,
    List<String> keptStopped,
    int names,
    List<String> moved,
    Capture wire) {
  /** Whether the client was hit where it should be, and alive. */
  boolean counts() {
    return doubts.isEmpty();
  }

  /** With what passed in the trial that this one stands for, too. */
  Trial behind(Capture earlier) {
    return new Trial(
        tried,
        startedAt,
        phase,
        facts,
        doubts,
        recoveredMs,
        programs,
        endedMs,
        toldMs,
        left,
        harmful,
        kept,
        keptStopped,
        names,
        moved,
        earlier.and(wire));
  }

  /** Everything that should not be, for people; empty when all is well. */
  List<String> complaints() {
    List<String> complaints = new ArrayList<>(doubts);
    complaints.addAll(programs);
    harmful.forEach(line -> complaints.add("left: " + line));
    kept.forEach(line -> complaints.add("kept by the next client: " + line));
    keptStopped.forEach(line -> complaints.add("kept after the next client: " + line));
    complaints.addAll(moved);
    wire.packets().forEach(line -> complaints.add("on the wire: " + line));
    return complaints;
  }

  /** The slowest probe of those of DNS, or of TCP. */
  double slowestMs(boolean dns) {
    return recoveredMs.entrySet().stream()
        .filter(entry -> entry.getKey().dns() == dns)
        .mapToDouble(Map.Entry::getValue)
        .max()
        .orElse(Double.NaN);
  }
}
