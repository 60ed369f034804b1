// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.List;
import oasis.packet.Prefix;

/**
 * What the engine has to know.
 *
 * @param allowed prefixes of client addresses (outer, UDP); {@code 0.0.0.0/0} lets everybody in
 * @param opened destinations reachable although they lie in a closed range
 * @param pool IPv4 range of mapped addresses, /24 or larger
 * @param mtu of the tunnel in bytes; the MSS of TCP connections is lowered to fit it
 * @param seed secret of hashes and of where mapped addresses begin
 */
public record EngineConfig(
    List<Prefix> allowed, List<Prefix> opened, Prefix pool, int mtu, ExitLimits limits, long seed) {
  /** Least MTU: what every IPv4 host must accept (RFC 791 section 3.1). */
  public static final int MIN_MTU = 576;

  /** Largest MTU. */
  public static final int MAX_MTU = 65_000;

  public EngineConfig {
    allowed = List.copyOf(allowed);
    opened = List.copyOf(opened);
    if (!pool.isV4() || pool.bits() > 24 || pool.bits() < 8) {
      throw new IllegalArgumentException("pool must be an IPv4 prefix of 8 to 24 bits: " + pool);
    }
    if (mtu < MIN_MTU || mtu > MAX_MTU) {
      throw new IllegalArgumentException(
          "mtu must be %d to %d, but is %d".formatted(MIN_MTU, MAX_MTU, mtu));
    }
  }
}
