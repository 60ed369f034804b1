// SPDX-License-Identifier: Apache-2.0
package oasis.os;

import java.util.BitSet;
import java.util.StringJoiner;

/**
 * The kernel's {@code ip_local_reserved_ports}: ports that it gives to no program by itself, in
 * either address family. A list such as {@code 8080,61000-64999}.
 */
public final class ReservedPorts {
  private static final String SETTING = "net/ipv4/ip_local_reserved_ports";

  private ReservedPorts() {}

  /** The ports that are reserved now. */
  public static BitSet read(CommandRunner runner) throws OsException {
    return parse(runner.check("sysctl", "-n", SETTING).strip());
  }

  /** Reserves these ports and no others. */
  public static void write(CommandRunner runner, BitSet ports) throws OsException {
    runner.check("sysctl", "-q", "-w", setting(ports));
  }

  /** What {@code sysctl -w} is told to reserve these ports and no others. */
  public static String setting(BitSet ports) {
    return SETTING + "=" + text(ports);
  }

  /** Ports of a range. */
  public static BitSet range(int first, int last) {
    BitSet ports = new BitSet();
    ports.set(first, last + 1);
    return ports;
  }

  /** Reads a list as the kernel writes it; empty for none. */
  public static BitSet parse(String list) throws OsException {
    BitSet ports = new BitSet();
    for (String part : list.split(",", -1)) {
      if (part.matches("[0-9]{1,5}(-[0-9]{1,5})?")) {
        int dash = part.indexOf('-');
        int first = Integer.parseInt(dash < 0 ? part : part.substring(0, dash));
        int last = dash < 0 ? first : Integer.parseInt(part.substring(dash + 1));
        ports.set(first, Math.max(first, last) + 1);
      } else if (!list.isEmpty()) {
        throw new OsException("sysctl " + SETTING + ": '" + list + "' is no list of ports");
      }
    }
    return ports;
  }

  /** The list as the kernel reads it. */
  public static String text(BitSet ports) {
    StringJoiner list = new StringJoiner(",");
    for (int first = ports.nextSetBit(0); first >= 0; ) {
      int end = ports.nextClearBit(first);
      list.add(end == first + 1 ? "" + first : first + "-" + (end - 1));
      first = ports.nextSetBit(end);
    }
    return list.toString();
  }
}
