// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import oasis.packet.Ip;
import org.jspecify.annotations.Nullable;

/**
 * Free ports of one external address: a range of its own for each transport protocol. A port is
 * looked for from a random start that nobody without the seed can foretell (RFC 6056), in constant
 * time however full the range is.
 *
 * <p>Confined to one thread.
 */
public final class PortAllocator {
  /** TCP, UDP and echo, each with one set of even and one of odd ports. */
  static final int SPACES = 3;

  private final int first;
  private final int last;
  private final KeyedHash random;

  /** {@code space * 2 + parity}; a space takes memory from its first port on. */
  private final @Nullable FreeBits[] free = new FreeBits[SPACES * 2];

  private long draws;

  /**
   * All ports free.
   *
   * @param first lowest port, 1 to 65535
   * @param last highest port, not below {@code first}
   * @param seed secret of the random starts
   */
  public PortAllocator(int first, int last, long seed) {
    if (first < 1 || last > 0xffff || last < first) {
      throw new IllegalArgumentException("ports " + first + "-" + last);
    }
    this.first = first;
    this.last = last;
    random = new KeyedHash(seed);
  }

  /**
   * Takes any free port.
   *
   * @param protocol IP protocol number: TCP, UDP, or ICMP and ICMPv6 for echo identifiers
   * @return the port, or -1 when none is free
   */
  public int allocate(int protocol) {
    int start = first + below(last - first + 1);
    int port = take(protocol, start & 1, start);
    return port >= 0 ? port : allocateLike(protocol, start + 1);
  }

  /**
   * Takes a free port that is odd or even like the given one (RFC 4787 section 4.2.2).
   *
   * @return the port, or -1 when none of that parity is free
   */
  public int allocateLike(int protocol, int port) {
    return take(protocol, port & 1, first + below(last - first + 1));
  }

  /**
   * Takes one certain port.
   *
   * @return false when it is taken, or outside the range
   */
  public boolean allocateOnly(int protocol, int port) {
    int parity = port & 1;
    return port >= first
        && port <= last
        && bits(space(protocol), parity).takeOnly(port - firstOf(parity) >> 1);
  }

  /**
   * Gives a port back that was taken.
   *
   * @throws IllegalArgumentException when the port is not taken
   */
  public void free(int protocol, int port) {
    int parity = port & 1;
    if (port < first
        || port > last
        || !bits(space(protocol), parity).put(port - firstOf(parity) >> 1)) {
      throw new IllegalArgumentException("port " + port + " is not taken");
    }
  }

  /** Ports taken of one protocol. */
  public int inUse(int protocol) {
    int taken = 0;
    for (int parity = 0; parity < 2; parity++) {
      FreeBits bits = free[space(protocol) * 2 + parity];
      taken += bits == null ? 0 : bits.length() - bits.size();
    }
    return taken;
  }

  /** Whether a protocol has ports, or echo identifiers in their place. */
  static boolean hasPorts(int protocol) {
    return protocol == Ip.TCP || protocol == Ip.UDP || protocol == Ip.ICMP || protocol == Ip.ICMP6;
  }

  /** IP protocol number to one of {@link #SPACES}; ICMP and ICMPv6 echo share theirs. */
  static int space(int protocol) {
    return switch (protocol) {
      case Ip.TCP -> 0;
      case Ip.UDP -> 1;
      case Ip.ICMP, Ip.ICMP6 -> 2;
      default -> throw new IllegalArgumentException("protocol " + protocol + " has no ports");
    };
  }

  private int take(int protocol, int parity, int start) {
    FreeBits bits = bits(space(protocol), parity);
    if (bits.size() == 0) {
      return -1;
    }
    int index = Math.max(0, Math.min(bits.length() - 1, start - firstOf(parity) >> 1));
    return firstOf(parity) + bits.take(index) * 2;
  }

  private FreeBits bits(int space, int parity) {
    FreeBits bits = free[space * 2 + parity];
    if (bits == null) {
      // Rounds down to 0 when the range has no port of this parity.
      bits = new FreeBits(last - firstOf(parity) + 2 >> 1);
      free[space * 2 + parity] = bits;
    }
    return bits;
  }

  private int firstOf(int parity) {
    return first + ((first ^ parity) & 1);
  }

  private int below(int bound) {
    return (int) ((random.of(draws++) >>> 32) * bound >>> 32);
  }
}
