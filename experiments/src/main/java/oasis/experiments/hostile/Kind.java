// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import java.util.Locale;

/** What a hostile datagram is. */
enum Kind {
  /** A packet as a program sends it, so that there are flows to attack. */
  REAL(16),
  /** The same to where policy lets nobody, with all checksums right. */
  CLOSED(14),
  /** Random bytes, some behind the first bytes of a packet. */
  RANDOM(10),
  /** A packet that was sent before, or a new one, with bytes changed, checksums perhaps mended. */
  MUTATED(20),
  /** A packet that ends early. */
  TRUNCATED(8),
  /** Fragments: in any order, overlapping, repeated, beyond the end. */
  FRAGMENT(12),
  /** Lengths that contradict each other, with the header's checksum right. */
  LENGTHS(8),
  /** A packet from an address that may not be a client's. */
  FORGED(8),
  /** A datagram that was sent before, from the same address or another one. */
  REPLAYED(4);

  /** Share in percent. */
  final int percent;

  Kind(int percent) {
    this.percent = percent;
  }

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
