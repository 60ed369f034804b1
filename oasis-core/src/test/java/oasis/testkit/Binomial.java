// SPDX-License-Identifier: Apache-2.0
package oasis.testkit;

/**
 * Exact bounds of how often something happens in a number of independent trials. A count outside
 * them is wrong but for one correct run in five hundred million.
 *
 * @param least smallest count that is believed
 * @param most largest count that is believed
 */
public record Binomial(long least, long most) {
  private static final double EACH_TAIL = 1e-9;

  /**
   * The bounds for {@code trials} trials with probability {@code share} each: outside lie at most
   * 10<sup>-9</sup> of the distribution on either side.
   */
  public static Binomial of(long trials, double share) {
    if (share <= 0 || share >= 1) {
      long all = share <= 0 ? 0 : trials;
      return new Binomial(all, all);
    }
    double odds = Math.log(share) - Math.log1p(-share);
    double logTerm = trials * Math.log1p(-share);
    double below = Math.exp(logTerm);
    long least = below > EACH_TAIL ? 0 : -1;
    long most = trials;
    // The sum runs upwards, so that it holds the lower tail exactly and 1 - it the upper one.
    for (long k = 1; k <= trials; k++) {
      logTerm += Math.log((double) (trials - k + 1) / k) + odds;
      below += Math.exp(logTerm);
      if (least < 0 && below > EACH_TAIL) {
        least = k;
      }
      if (1 - below <= EACH_TAIL) {
        most = k;
        break;
      }
    }
    return new Binomial(Math.max(0, least), most);
  }
}
