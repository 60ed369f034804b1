// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.LinkedHashMap;
import java.util.Map;
import oasis.packet.Addresses;
import oasis.packet.DropReason;
import oasis.packet.Ip;

/** Text for people out of the engine's numbers. Not for the packet path. */
public final class Snapshots {
  private static final DropReason[] REASONS = DropReason.values();

  private Snapshots() {}

  /** {@code 192.0.2.1:4700} or {@code [2001:db8::1]:4700}. */
  public static String endpoint(long hi, long lo, int port) {
    String text = Addresses.text(hi, lo);
    return (Addresses.isV4(hi, lo) ? text : "[" + text + "]") + ":" + port;
  }

  /** {@code tcp}, {@code udp}, {@code icmp}, {@code icmp6} or the number. */
  public static String protocol(int number) {
    return switch (number) {
      case Ip.TCP -> "tcp";
      case Ip.UDP -> "udp";
      case Ip.ICMP -> "icmp";
      case Ip.ICMP6 -> "icmp6";
      default -> Integer.toString(number);
    };
  }

  /** The counters that are not zero, from {@code at} on, one per drop reason. */
  static Map<String, Long> drops(long[] counters, int at) {
    Map<String, Long> drops = new LinkedHashMap<>();
    for (int i = 0; i < REASONS.length; i++) {
      if (counters[at + i] != 0) {
        drops.put(REASONS[i].name(), counters[at + i]);
      }
    }
    return drops;
  }
}
