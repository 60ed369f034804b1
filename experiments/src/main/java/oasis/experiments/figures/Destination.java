// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.figures;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A server.
 *
 * @param name in the topology; {@code NAME.edu} for DNS
 * @param rttNs of the way there and back; 0 for the next network at the speed of the machine
 */
record Destination(String name, long rttNs) {
  private static final double MEAN_NS = 55e6;
  private static final double LEAST = 0.3;
  private static final double MOST = 1.7;

  /** Ten of them with a mean round-trip time of 55 ms, as the paper had; the same for each seed. */
  static List<Destination> draw(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] shares = random.doubles(Plan.DESTINATIONS, LEAST, MOST).toArray();
    double sum = 0;
    for (double share : shares) {
      sum += share;
    }
    List<Destination> destinations = new ArrayList<>();
    for (int i = 0; i < shares.length; i++) {
      double ns = shares[i] / sum * shares.length * MEAN_NS;
      destinations.add(new Destination("site" + (i + 1), Math.round(ns)));
    }
    return destinations;
  }

  /** One in the next network. */
  static Destination near() {
    return new Destination("near", 0);
  }

  /** Its name for DNS. */
  String host() {
    return name + ".edu";
  }
}
