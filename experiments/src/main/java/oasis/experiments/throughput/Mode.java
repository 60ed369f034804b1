// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import java.util.List;
import java.util.Locale;

/** What may cross the links. */
enum Mode {
  /** Offloads as the kernel sets them for veth: bursts of 64 KiB cross the "wire". */
  DEFAULT("on", "off"),
  /** Packets of at most 1,500 bytes, which receivers merge (GRO), as with a real network card. */
  WIRE("off", "on");

  private final String sends;
  private final String merges;

  Mode(String sends, String merges) {
    this.sends = sends;
    this.merges = merges;
  }

  /** The words behind {@code ethtool -K DEVICE}. */
  List<String> ethtool() {
    return List.of("tso", sends, "gso", sends, "gro", merges, "tx-udp-segmentation", sends);
  }

  /** As the command line, the table of goals and the results write it. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
