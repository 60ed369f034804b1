// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

/**
 * How fast flows may begin. A client that asks for more is refused, and cannot use up what is left
 * for the others.
 *
 * @param newPerSecond flows that all clients together may begin per second; as many at once
 * @param newPerSecondPerClient flows that one client may begin per second; as many at once
 * @param handshakes TCP connections of all clients together that are on their way to open
 * @param handshakesPerClient TCP connections of one client that are on their way to open
 */
public record FlowRates(
    int newPerSecond, int newPerSecondPerClient, int handshakes, int handshakesPerClient) {
  /** No limit. */
  public static final FlowRates UNLIMITED =
      new FlowRates(Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE);

  /** What an exit node allows unless it is told otherwise. */
  public static final FlowRates DEFAULT = new FlowRates(20_000, 2_000, 16_384, 2_048);

  /** Checks the ranges. */
  public FlowRates {
    require("max-new-flows", newPerSecond);
    require("max-new-flows-per-client", newPerSecondPerClient);
    require("max-handshakes", handshakes);
    require("max-handshakes-per-client", handshakesPerClient);
  }

  private static void require(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException("%s must be positive, but is %d".formatted(name, value));
    }
  }
}
