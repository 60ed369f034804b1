// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

/**
 * Free ports of one external address: a range of its own for each transport protocol. A port is
 * looked for from a random start that nobody without the seed can foretell (RFC 6056), in constant
 * time however full the range is.
 *
 * <p>Confined to one thread.
 */
public final class PortAllocator {
  /**
   * All ports free.
   *
   * @param first lowest port, 1 to 65535
   * @param last highest port, not below {@code first}
   * @param seed secret of the random starts
   */
  public PortAllocator(int first, int last, long seed) {
    throw new UnsupportedOperationException("being written");
  }

  /**
   * Takes any free port.
   *
   * @param protocol IP protocol number: TCP, UDP, or ICMP and ICMPv6 for echo identifiers
   * @return the port, or -1 when none is free
   */
  public int allocate(int protocol) {
    throw new UnsupportedOperationException("being written");
  }

  /**
   * Takes a free port that is odd or even like the given one (RFC 4787 section 4.2.2).
   *
   * @return the port, or -1 when none of that parity is free
   */
  public int allocateLike(int protocol, int port) {
    throw new UnsupportedOperationException("being written");
  }

  /** Gives a port back that {@link #allocate} or {@link #allocateLike} returned. */
  public void free(int protocol, int port) {
    throw new UnsupportedOperationException("being written");
  }

  /** Ports taken of one protocol. */
  public int inUse(int protocol) {
    throw new UnsupportedOperationException("being written");
  }
}
