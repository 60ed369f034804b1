// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.figures;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import oasis.experiments.measure.InRounds;

/**
 * What a run measures. Runs whose plans differ in the number of rounds only can be joined.
 *
 * @param figure which one
 * @param quick at most four minutes instead of the paper's whole procedure
 * @param rounds how often all hosts are compared
 * @param seed of the destinations' round-trip times
 * @param perRound to how many destinations in each round
 * @param repeats probes or transfers to each destination in each round
 * @param sampleMs of CPU use
 * @param java of client and exit node, as it calls itself
 */
record Plan(
    PaperFigure figure,
    boolean quick,
    int rounds,
    long seed,
    int perRound,
    int repeats,
    int sampleMs,
    String java)
    implements InRounds.Planned<Plan> {
  static final int DESTINATIONS = 10;

  /** So many comparisons must stand behind an interval. */
  static final int LEAST_PAIRS = 20;

  /** CPU samples at each rate; the first and the last one do not count. */
  static final int SAMPLES = 12;

  /** Where the rates of the paper end. */
  static final double PAPER_MBITS = 10;

  static final int SHORT_BYTES = 8 * 1024;
  static final int LONG_BYTES = 20_000_000;

  /** Of the link to each distant destination. */
  static final long BITS_PER_SECOND = 100_000_000;

  private static final double MOST_MBITS = 10_000;
  private static final double BEYOND_STEP = 1.5;
  private static final List<Double> QUICK_RATES =
      List.of(0.1, 1.0, 2.5, 5.0, PAPER_MBITS, 30.0, 100.0, 300.0, 1000.0, 3000.0);

  /** The plan of a figure with everything that is not chosen. */
  static Plan of(PaperFigure figure, boolean quick, long seed, String java) {
    boolean load = figure.isLoad();
    int repeats =
        switch (figure) {
          case FIG6 -> quick ? 5 : 100;
          case FIG7 -> quick ? 1 : 10;
          case FIG8, FIG9A, FIG9B -> 1;
        };
    int perRound = load || quick && figure == PaperFigure.FIG8 ? 1 : DESTINATIONS;
    int rounds = load ? 1 : LEAST_PAIRS;
    return new Plan(figure, quick, rounds, seed, perRound, repeats, quick ? 250 : 5000, java);
  }

  @Override
  public Plan withRounds(int number) {
    return new Plan(figure, quick, number, seed, perRound, repeats, sampleMs, java);
  }

  /** The servers. */
  List<Destination> destinations() {
    return figure.isLoad() ? List.of(Destination.near()) : Destination.draw(seed);
  }

  /** The steps of a round: names of destinations, or rates in Mbit/s, ascending. */
  List<String> parts(int round) {
    if (figure.isLoad()) {
      return rates().stream().map(Plan::word).toList();
    }
    List<String> names = new ArrayList<>();
    for (int i = 0; i < perRound; i++) {
      int at = ((round - 1) * perRound + i) % DESTINATIONS;
      names.add(destinations().get(at).name());
    }
    return names;
  }

  private List<Double> rates() {
    if (quick) {
      return QUICK_RATES;
    }
    List<Double> rates = new ArrayList<>();
    IntStream.rangeClosed(1, 100).forEach(tenth -> rates.add(tenth / 10.0));
    for (double rate = PAPER_MBITS * BEYOND_STEP; rate <= MOST_MBITS; rate *= BEYOND_STEP) {
      rates.add((double) Math.round(rate));
    }
    return rates;
  }

  private static String word(double rate) {
    return rate == Math.rint(rate) ? Long.toString(Math.round(rate)) : Double.toString(rate);
  }

  /** The hosts in the order of a step: each begins with another one. */
  static List<Setup> order(int step) {
    List<Setup> order = new ArrayList<>(List.of(Setup.values()));
    Collections.rotate(order, -step);
    return order;
  }
}
