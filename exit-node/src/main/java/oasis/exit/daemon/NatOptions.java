// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.util.ArrayList;
import java.util.List;
import oasis.flow.FlowRates;
import oasis.flow.NatBehaviour;
import oasis.flow.NatTimeouts;
import picocli.CommandLine.Option;

/** The options of {@code exit run} that say how flows begin, live, and are translated. */
final class NatOptions {
  @Option(
      names = "--max-new-flows",
      paramLabel = "N",
      defaultValue = "20000",
      description = "Flows that may begin per second (default: ${DEFAULT-VALUE}).")
  private int newFlows;

  @Option(
      names = "--max-new-flows-per-client",
      paramLabel = "N",
      defaultValue = "2000",
      description = "Flows of one client that may begin per second (default: ${DEFAULT-VALUE}).")
  private int newFlowsPerClient;

  @Option(
      names = "--max-handshakes",
      paramLabel = "N",
      defaultValue = "16384",
      description = "TCP connections on their way to open at a time (default: ${DEFAULT-VALUE}).")
  private int handshakes;

  @Option(
      names = "--max-handshakes-per-client",
      paramLabel = "N",
      defaultValue = "2048",
      description = "The same of one client (default: ${DEFAULT-VALUE}).")
  private int handshakesPerClient;

  @Option(
      names = "--timeout",
      paramLabel = "STATE=SECONDS",
      description =
          "How long a flow in a state may be idle, such as syn-sent=30 or established=86400; may be"
              + " repeated.")
  private List<String> timeouts = new ArrayList<>();

  @Option(
      names = "--filtering",
      paramLabel = "WHO",
      defaultValue = "address-and-port",
      description =
          "Raw backend: who may send to a client's port: address-and-port (whom it has sent to),"
              + " address (any port of a host that it has sent to), endpoint-independent"
              + " (everybody) (default: ${DEFAULT-VALUE}).")
  private String filtering = "";

  /** What the options say. */
  NatBehaviour behaviour() {
    NatTimeouts times = NatTimeouts.DEFAULT;
    for (String each : timeouts) {
      try {
        times = times.with(each);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("--timeout: " + e.getMessage(), e);
      }
    }
    return new NatBehaviour(
        ExitOptions.word("--filtering", filtering, NatBehaviour.Filtering.values()),
        true,
        true,
        new FlowRates(newFlows, newFlowsPerClient, handshakes, handshakesPerClient),
        times);
  }
}
