// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

/**
 * How much the exit node holds at most.
 *
 * @param clients client endpoints at a time, 1 to 1,000,000
 * @param sourcesPerClient inner source addresses of one client, 1 to 65,536; a client that is one
 *     host has one, or a few while it roams
 * @param flows flows at a time, 1 to 4,000,000
 * @param flowsPerClient live flows of one client; TCP connections that have ended do not count
 * @param repliesPerSecond answers that the node authors itself (ICMP, RST), 1 to 100,000
 */
public record ExitLimits(
    int clients, int sourcesPerClient, int flows, int flowsPerClient, int repliesPerSecond) {
  /** What a node with little memory serves well. */
  public static final ExitLimits DEFAULT = new ExitLimits(4096, 8, 65_536, 16_384, 1000);

  public ExitLimits {
    require("clients", clients, 1_000_000);
    require("sources-per-client", sourcesPerClient, 65_536);
    require("max-flows", flows, 4_000_000);
    require("max-flows-per-client", flowsPerClient, 4_000_000);
    require("replies-per-second", repliesPerSecond, 100_000);
  }

  private static void require(String name, int value, int most) {
    if (value < 1 || value > most) {
      throw new IllegalArgumentException(
          "%s must be 1 to %d, but is %d".formatted(name, most, value));
    }
  }
}
