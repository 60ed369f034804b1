// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.measure;

/**
 * What happened on the machine during a measurement.
 *
 * @param seconds its length
 * @param stealMs CPU time that the hypervisor gave to other machines while this one wanted it
 * @param foreignMs CPU time of processes that have nothing to do with the experiment
 * @param clientNs CPU time of the tunnel's processes at the client, -1 when it has none there
 * @param exitNs CPU time of the tunnel's processes at the exit, -1 when it has none there
 * @param tries how often it was measured until undisturbed, or given up
 */
public record Span(
    double seconds, long stealMs, long foreignMs, long clientNs, long exitNs, int tries) {
  /** More than this of one core makes a measurement doubtful. */
  public static final double LIMIT_PERCENT = 5;

  private static final double MS_PER_S = 1e3;
  private static final double NS_PER_S = 1e9;

  /** Share of one core that steal or foreign processes took, the larger of both. */
  public double disturbedPercent() {
    return 100 * Math.max(stealMs, foreignMs) / (seconds * MS_PER_S);
  }

  /** Whether that was too much. */
  public boolean doubtful() {
    return disturbedPercent() > LIMIT_PERCENT;
  }

  /** What the client took, of one core. */
  public double clientPercent() {
    return 100 * clientNs / (seconds * NS_PER_S);
  }

  /** What the exit node took, of one core. */
  public double exitPercent() {
    return 100 * exitNs / (seconds * NS_PER_S);
  }
}
