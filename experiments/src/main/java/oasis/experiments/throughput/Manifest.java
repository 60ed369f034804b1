// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import oasis.experiments.measure.Machine;
import oasis.experiments.measure.Span;
import oasis.os.OsException;

/** What has to be known to repeat a run. */
final class Manifest {
  private Manifest() {}

  /**
   * Collects it.
   *
   * @param skipped paths that this machine does not have, with the reason
   */
  static Map<String, Object> of(
      Plan plan, Collection<TestPath> paths, Map<String, String> skipped, List<Visit> visits)
      throws OsException {
    Map<String, Object> manifest = Machine.manifest(plan.java());
    manifest.put("congestionControl", "cubic");
    manifest.put("order", "each round begins with another path; nothing is drawn at random");
    manifest.put("seed", 1);
    manifest.put("tunnelMtu", Lab.TUNNEL_MTU);
    manifest.put("rules", OasisPath.RULES);
    manifest.put("warmUp", warmUp());
    Map<String, String> offloads = new LinkedHashMap<>();
    plan.modes().forEach(mode -> offloads.put(mode.word(), String.join(" ", mode.ethtool())));
    manifest.put("offloads", offloads);
    Map<String, String> versions = new LinkedHashMap<>();
    for (TestPath path : paths) {
      versions.put(path.name(), (path.title() + "; " + path.version()).replaceAll("; $", ""));
    }
    manifest.put("paths", versions);
    manifest.put("skipped", skipped);
    manifest.put("measurements", Validity.measurements(visits));
    manifest.put("doubtful", Validity.doubtful(visits));
    manifest.put("doubtfulAbovePercentOfOneCore", Span.LIMIT_PERCENT);
    manifest.put("stealMs", visits.stream().mapToLong(Manifest::stealMs).sum());
    return manifest;
  }

  private static long stealMs(Visit visit) {
    return visit.measurements().stream().mapToLong(each -> each.span().stealMs()).sum();
  }

  private static String warmUp() {
    return "TCP "
        + Plan.WARM_UP_TCP_SECONDS
        + " s each way, UDP "
        + Math.round(Plan.WARM_UP_UDP_MBITS)
        + " Mbit/s both ways "
        + Plan.WARM_UP_UDP_SECONDS
        + " s, "
        + Plan.WARM_UP_PINGS
        + " pings, for every path with processes; then TCP, UDP, RTT, lone pings, CPU, idle in this order by the"
        + " same processes";
  }
}
