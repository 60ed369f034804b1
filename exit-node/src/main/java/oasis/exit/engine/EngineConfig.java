// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.List;
import oasis.flow.NatBehaviour;
import oasis.packet.Prefix;

/**
 * What the engine has to know.
 *
 * @param allowed prefixes of client addresses (outer, UDP), of either family; {@code 0.0.0.0/0} and
 *     {@code ::/0} let everybody in
 * @param opened destinations reachable although they lie in a closed range
 * @param closedPorts TCP ports of destinations that are closed to clients
 * @param pool IPv4 range of mapped addresses (kernel backend), 8 to 24 bits long; the second one is
 *     the node's own inside the tunnel, from which its answers come
 * @param pool6 the same for IPv6, 32 to 112 bits long
 * @param ipv6 whether the kernel backend carries IPv6; the raw backend does when it has an address
 * @param firstPort first external port of the raw backend
 * @param lastPort last external port of the raw backend
 * @param nat how the raw backend translates; its rates and time-outs hold for both
 * @param mtu of the tunnel in bytes; the MSS of TCP connections is lowered to fit it
 * @param seed secret of hashes, of ports and of where mapped addresses begin
 */
public record EngineConfig(
    List<Prefix> allowed,
    List<Prefix> opened,
    List<Integer> closedPorts,
    Prefix pool,
    Prefix pool6,
    boolean ipv6,
    int firstPort,
    int lastPort,
    NatBehaviour nat,
    int mtu,
    ExitLimits limits,
    long seed) {
  /** TCP ports that are closed by default: SMTP between servers, the way of unwanted mail. */
  public static final List<Integer> CLOSED_PORTS = List.of(25);

  /** Least MTU: what every IPv4 host must accept (RFC 791 section 3.1). */
  public static final int MIN_MTU = 576;

  /** Least MTU with IPv6: what every IPv6 link must carry (RFC 8200 section 5). */
  public static final int MIN_MTU6 = 1280;

  /** Largest MTU. */
  public static final int MAX_MTU = 65_000;

  /** Checks the ranges. */
  public EngineConfig {
    allowed = List.copyOf(allowed);
    opened = List.copyOf(opened);
    closedPorts = List.copyOf(closedPorts);
    if (!pool.isV4() || pool.bits() > 24 || pool.bits() < 8) {
      throw new IllegalArgumentException("pool must be an IPv4 prefix of 8 to 24 bits: " + pool);
    }
    if (pool6.isV4() || pool6.bits() > 112 || pool6.bits() < 32) {
      throw new IllegalArgumentException(
          "pool6 must be an IPv6 prefix of 32 to 112 bits: " + pool6);
    }
    if (firstPort < 1024 || lastPort > 0xffff || lastPort < firstPort) {
      throw new IllegalArgumentException(
          "ports must be FIRST-LAST within 1024-65535, but are " + firstPort + "-" + lastPort);
    }
    if (mtu < MIN_MTU || mtu > MAX_MTU) {
      throw new IllegalArgumentException(
          "mtu must be %d to %d, but is %d".formatted(MIN_MTU, MAX_MTU, mtu));
    }
  }

  /** How many sources there may be at a time. */
  int maxSources() {
    long most = (long) limits.clients() * limits.sourcesPerClient();
    int addresses = Math.min(AddressPool.size(pool), AddressPool.size(pool6));
    return (int) Math.min(most, addresses);
  }
}
