// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Looks for what would break the client on this host; changes nothing. */
final class Doctor {
  private final HostView host;
  private final ClientNetworkConfig config;
  private final boolean running;

  /**
   * @param config what the client would want, or wants, of this host
   * @param running whether a client runs here
   */
  Doctor(HostView host, ClientNetworkConfig config, boolean running) {
    this.host = host;
    this.config = config;
    this.running = running;
  }

  /** Everything that was found, the worst first. */
  List<Finding> examine() {
    List<Finding> findings = new ArrayList<>();
    findings.addAll(new SystemChecks(host, config, running).all());
    findings.addAll(new NetworkChecks(host, config, running).all());
    findings.addAll(new NameChecks(host, config).all());
    findings.sort(Comparator.comparing(Finding::severity).reversed());
    return findings;
  }
}
