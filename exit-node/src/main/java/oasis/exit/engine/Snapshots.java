// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import oasis.flow.StateException;
import oasis.flow.StateReader;
import oasis.flow.StateWriter;
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

  /** Writes the counters that are not zero, from {@code at} on, one per drop reason. */
  static void write(long[] counters, int at, StateWriter out) {
    long[] mine = Arrays.copyOfRange(counters, at, at + REASONS.length);
    out.putInt((int) Arrays.stream(mine).filter(each -> each != 0).count());
    for (int i = 0; i < mine.length; i++) {
      if (mine[i] != 0) {
        out.putInt(i);
        out.putLong(mine[i]);
      }
    }
  }

  /**
   * Reads them again.
   *
   * @param ordinals of the reasons, by their numbers there; -1 for one that is none any more
   */
  static void restore(long[] counters, int at, StateReader in, int[] ordinals)
      throws StateException {
    Arrays.fill(counters, at, at + REASONS.length, 0);
    int count = in.takeInt("number of counters", 0, ordinals.length);
    for (int i = 0; i < count; i++) {
      int reason = ordinals[in.takeInt("reason", 0, ordinals.length - 1)];
      long value = in.takeCount("drops");
      if (reason >= 0) {
        counters[at + reason] = value;
      }
    }
  }
}
