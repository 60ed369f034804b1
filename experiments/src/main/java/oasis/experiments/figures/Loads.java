// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.figures;

import java.util.List;
import java.util.Map;
import oasis.experiments.measure.Probe;
import oasis.experiments.measure.Traffic;
import oasis.os.OsException;

/** Fig. 9: CPU use of the client while UDP comes or goes at a rate. */
record Loads(FigureNetwork network, boolean up, int sampleMs) implements Task {
  /** CPU use of the client in each sample, % of a core; nothing where there is none. */
  static final String CLIENT = "client_percent";

  /** CPU use of the whole machine in each sample, % of a core, traffic source and sink included. */
  static final String MACHINE = "machine_percent";

  /** What the sender sent. */
  static final String SENT = "sent_mbits";

  static final String LOST = "lost_percent";

  private static final double WARM_UP_MBITS = 200;
  private static final int WARM_UP_SECONDS = 6;

  /** Bursts and single packets are two ways through the code; each is compiled when it is used. */
  private static final int SINGLES_SECONDS = 12;

  private static final int MS_PER_S = 1000;

  @Override
  public void warmUp(Setup setup) throws OsException {
    network.warmUp(setup);
    traffic(setup).udp(up, WARM_UP_MBITS, WARM_UP_SECONDS);
    if (setup.hasClient()) {
      traffic(setup).udp(up, Plan.PAPER_MBITS, SINGLES_SECONDS);
    }
  }

  @Override
  public Map<String, List<Double>> measure(Setup setup, String part) throws OsException {
    double mbits = Double.parseDouble(part);
    try {
      return measure(setup, mbits);
    } catch (OsException e) {
      if (mbits <= Plan.PAPER_MBITS) {
        throw e;
      }
      // Overwhelmed: the probes of the overlay were lost, too, and with it the connection by which
      // iperf3 is steered. Saturated, then; but what the goals are about it must bear at once.
      traffic(setup).udp(up, Plan.PAPER_MBITS, 1);
      return Map.of();
    }
  }

  private Map<String, List<Double>> measure(Setup setup, double mbits) throws OsException {
    int seconds = Math.max(1, Plan.SAMPLES * sampleMs / MS_PER_S);
    try (CpuSampler sampler = CpuSampler.start(network.clientProcesses(setup), sampleMs)) {
      Probe probe = traffic(setup).udp(up, mbits, seconds);
      CpuSampler.Samples samples = sampler.first(Plan.SAMPLES);
      return Map.of(
          CLIENT,
          setup.hasClient() ? samples.processes() : List.of(),
          MACHINE,
          samples.machine(),
          SENT,
          List.of(probe.sentMbits()),
          LOST,
          List.of(probe.lostPercent()));
    }
  }

  private Traffic traffic(Setup setup) {
    return new Traffic(network.node(setup), network.host(network.nearest()));
  }

  /** Whether a host could not bear the rate: datagrams were lost, not even sent, or all failed. */
  static boolean saturated(Sample sample, String part) {
    List<Double> sent = sample.of(SENT);
    List<Double> lost = sample.of(LOST);
    boolean measured = sent.size() == 1 && lost.size() == 1;
    return !measured || !new Probe(Double.parseDouble(part), sent.get(0), lost.get(0)).passed();
  }

  /**
   * Whether a host needs no higher rates: it was left out already, or could not bear this one. The
   * rates that the goals are about are measured in any case, since one lost datagram is much there.
   */
  static boolean hadEnough(Step step, Setup host) {
    return Double.parseDouble(step.part()) > Plan.PAPER_MBITS
        && step.sample(host).map(sample -> saturated(sample, step.part())).orElse(true);
  }
}
