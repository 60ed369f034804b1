// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import oasis.packet.Addresses;

/**
 * An address and a port, for set-up code; the packet path passes the three numbers.
 *
 * @param hi high half of the address (IPv4-mapped form, see FlowKey)
 * @param lo low half of the address
 * @param port 0 to 65,535; 0 lets the kernel choose
 */
public record Endpoint(long hi, long lo, int port) {
  public Endpoint {
    if (port < 0 || port > 0xffff) {
      throw new IllegalArgumentException("port " + port + " is not 0 to 65535");
    }
  }

  /** The IPv4 address whose bytes are {@code a.b.c.d}. */
  public static Endpoint ipv4(int a, int b, int c, int d, int port) {
    return new Endpoint(
        0,
        0xffff_0000_0000L | (a & 255L) << 24 | (b & 255L) << 16 | (c & 255L) << 8 | d & 255L,
        port);
  }

  /** Any IPv4 address of this host. */
  public static Endpoint anyIpv4(int port) {
    return ipv4(0, 0, 0, 0, port);
  }

  /** Any IPv6 address of this host; to a socket that listens, any IPv4 address too. */
  public static Endpoint anyIpv6(int port) {
    return new Endpoint(0, 0, port);
  }

  /** {@code 192.0.2.1:80} or {@code [2001:db8::1]:80}. */
  public String text() {
    String address = Addresses.text(hi, lo);
    return (isIpv4() ? address : "[" + address + "]") + ":" + port;
  }

  /** True for an IPv4 address. */
  public boolean isIpv4() {
    return hi == 0 && lo >>> 32 == 0xffff;
  }
}
