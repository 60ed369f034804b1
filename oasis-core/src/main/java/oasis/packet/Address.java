// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

/**
 * An IP address of either family outside the packet path; IPv4 is held IPv4-mapped.
 *
 * @param hi high half, 0 for IPv4
 * @param lo low half, {@code 0x0000ffff_aabbccdd} for IPv4
 */
public record Address(long hi, long lo) {
  /**
   * Reads an address in numbers; see {@link Addresses#parse}.
   *
   * @throws IllegalArgumentException with one line that quotes the text
   */
  public static Address parse(String text) {
    return Addresses.parse(text);
  }

  /** True for IPv4. */
  public boolean isV4() {
    return Addresses.isV4(hi, lo);
  }

  /** The address in numbers, as RFC 5952 writes it. */
  @Override
  public String toString() {
    return Addresses.text(hi, lo);
  }
}
