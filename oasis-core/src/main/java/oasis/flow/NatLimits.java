// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

/**
 * How much a {@link NatEngine} may hold.
 *
 * @param firstPort lowest external port and echo identifier, 1 to 65535
 * @param lastPort highest external port and echo identifier
 * @param sessions most sessions of all clients together
 * @param sessionsPerClient most open sessions of one client; closed TCP connections that only
 *     linger do not count
 * @param clients client numbers are 0 to {@code clients - 1}
 */
public record NatLimits(
    int firstPort, int lastPort, int sessions, int sessionsPerClient, int clients) {
  /** Checks the ranges. */
  public NatLimits {
    if (firstPort < 1 || lastPort > 0xffff || lastPort < firstPort) {
      throw new IllegalArgumentException("ports " + firstPort + "-" + lastPort);
    }
    if (sessions < 1 || sessionsPerClient < 1 || clients < 1) {
      throw new IllegalArgumentException("limits must be positive");
    }
  }
}
