// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

/**
 * A block of addresses of one family. {@code 0.0.0.0/0} holds every IPv4 address and no IPv6
 * address, {@code ::/0} the reverse.
 *
 * @param hi high half of the first address, 0 for IPv4
 * @param lo low half of the first address, IPv4-mapped for IPv4
 * @param bits leading bits that all its addresses share: 0 to 32 for IPv4, 0 to 128 for IPv6
 */
public record Prefix(long hi, long lo, int bits) {
  /** Refuses a length outside the family's range and bits set behind the length. */
  public Prefix {
    boolean v4 = Addresses.isV4(hi, lo);
    if (bits < 0 || bits > (v4 ? 32 : 128)) {
      throw new IllegalArgumentException(
          "prefix length " + bits + " is not 0 to " + (v4 ? 32 : 128));
    }
    int all = v4 ? bits + 96 : bits;
    if ((hi & ~maskHi(all)) != 0 || (lo & ~maskLo(all)) != 0) {
      throw new IllegalArgumentException(
          Addresses.text(hi, lo)
              + "/"
              + bits
              + " has bits set behind its length; the block is "
              + Addresses.text(hi & maskHi(all), lo & maskLo(all))
              + "/"
              + bits);
    }
  }

  /**
   * Reads {@code ADDRESS/LENGTH}, or a single address. An IPv4-mapped IPv6 block becomes IPv4.
   *
   * @throws IllegalArgumentException with one line that says what is wrong
   */
  public static Prefix parse(String text) {
    int slash = text.indexOf('/');
    Address address = Addresses.parse(slash < 0 ? text : text.substring(0, slash));
    int bits = address.isV4() ? 32 : 128;
    if (slash >= 0) {
      String length = text.substring(slash + 1);
      if (!length.matches("0|[1-9][0-9]{0,2}")) {
        throw new IllegalArgumentException("'" + text + "' has no decimal prefix length after '/'");
      }
      bits = Integer.parseInt(length);
      if (address.isV4() && text.indexOf(':') >= 0) {
        if (bits < 96 || bits > 128) {
          throw new IllegalArgumentException(
              "'" + text + "' is IPv4-mapped: its prefix length is not 96 to 128");
        }
        bits -= 96;
      }
    }
    return new Prefix(address.hi(), address.lo(), bits);
  }

  /** True for a block of IPv4 addresses. */
  public boolean isV4() {
    return Addresses.isV4(hi, lo);
  }

  /** True when the address lies in the block. */
  public boolean contains(long otherHi, long otherLo) {
    if (isV4() != Addresses.isV4(otherHi, otherLo)) {
      return false;
    }
    int all = isV4() ? bits + 96 : bits;
    return ((hi ^ otherHi) & maskHi(all)) == 0 && ((lo ^ otherLo) & maskLo(all)) == 0;
  }

  /** True when every address of the other block lies in this one. */
  public boolean contains(Prefix other) {
    return bits <= other.bits && contains(other.hi, other.lo);
  }

  /** Low half of the last address (for IPv4 the broadcast address). */
  public long lastLo() {
    return lo | ~maskLo(isV4() ? bits + 96 : bits);
  }

  /** High half of the last address. */
  public long lastHi() {
    return hi | ~maskHi(isV4() ? bits + 96 : bits);
  }

  /** {@code ADDRESS/LENGTH}. */
  @Override
  public String toString() {
    return Addresses.text(hi, lo) + "/" + bits;
  }

  private static long maskHi(int bits) {
    return bits >= 64 ? -1L : bits == 0 ? 0 : -1L << 64 - bits;
  }

  private static long maskLo(int bits) {
    return bits <= 64 ? 0 : -1L << 128 - bits;
  }
}
