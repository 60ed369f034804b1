// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

/**
 * How a {@link NatEngine} behaves where the RFCs leave a choice.
 *
 * @param filtering who may send to a mapping
 * @param keepsPorts whether a client's own port is kept when it lies in the range and is free (as
 *     it always does where the range is all ports); if not, it is never the client's own
 * @param hairpins whether clients reach each other's mappings by their external addresses
 * @param rates how fast flows may begin
 * @param timeouts how long flows may be idle
 */
public record NatBehaviour(
    Filtering filtering,
    boolean keepsPorts,
    boolean hairpins,
    FlowRates rates,
    NatTimeouts timeouts) {
  /** Who may send to a mapping (RFC 4787 section 5, RFC 5382 section 5). */
  public enum Filtering {
    /** Everybody. */
    ENDPOINT_INDEPENDENT,
    /** Hosts to which its client has sent. */
    ADDRESS,
    /** Only the very addresses and ports to which its client has sent. */
    ADDRESS_AND_PORT
  }

  /**
   * For a host that translates its own connections to ports that nobody else uses: the kernel has
   * sockets on the others.
   */
  public static final NatBehaviour OWN_HOST =
      new NatBehaviour(
          Filtering.ADDRESS_AND_PORT, false, false, FlowRates.UNLIMITED, NatTimeouts.DEFAULT);

  /** For a node that serves others. */
  public static final NatBehaviour GATEWAY =
      new NatBehaviour(
          Filtering.ADDRESS_AND_PORT, true, true, FlowRates.DEFAULT, NatTimeouts.DEFAULT);

  /** The same with other rates. */
  public NatBehaviour with(FlowRates other) {
    return new NatBehaviour(filtering, keepsPorts, hairpins, other, timeouts);
  }
}
