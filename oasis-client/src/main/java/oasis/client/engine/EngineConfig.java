// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

/**
 * What the engine needs to know before its first packet.
 *
 * @param maxFlows most flows at a time, 1 to 4,000,000
 * @param tunMtu MTU of the TUN device in bytes, 576 to 65,535; no carrier carries more
 * @param probeIntervalNs time between two probes of a carrier that a rule names
 * @param quietNs silence after which a carrier is probed that packets use, and the least time that
 *     the answer gets
 * @param deadAfterNs silence after a probe that makes a carrier dead: its TCP flows are reset
 * @param maxRepliesPerSecond most refusals (RST, ICMP) the engine writes in a second
 * @param seed secret of the hash functions and random numbers
 */
public record EngineConfig(
    int maxFlows,
    int tunMtu,
    long probeIntervalNs,
    long quietNs,
    long deadAfterNs,
    int maxRepliesPerSecond,
    long seed) {
  private static final long SECOND_NS = 1_000_000_000L;
  private static final long QUIET_NS = 150_000_000L;
  private static final long DEAD_AFTER_NS = 1_200_000_000L;

  /** About 230 bytes each, taken as they come. */
  private static final int MAX_FLOWS = 1_000_000;

  public EngineConfig {
    require(maxFlows >= 1 && maxFlows <= 4_000_000, "max-flows must be 1 to 4000000");
    require(tunMtu >= 576 && tunMtu <= 65_535, "mtu must be 576 to 65535");
    require(probeIntervalNs >= 10_000_000L, "probe-interval must be at least 10 ms");
    require(quietNs > 0 && quietNs <= probeIntervalNs, "quiet must be up to probe-interval");
    require(deadAfterNs >= probeIntervalNs, "dead-after must not be less than probe-interval");
    require(maxRepliesPerSecond >= 1, "max-replies must be at least 1");
  }

  /** The default configuration. */
  public static EngineConfig defaults(int tunMtu, long seed) {
    return new EngineConfig(MAX_FLOWS, tunMtu, SECOND_NS, QUIET_NS, DEAD_AFTER_NS, 1_000, seed);
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }
}
