// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The local ports of other programs' TCP and UDP sockets, as the kernel lists them in /proc. */
final class PortsInUse {
  private static final List<String> TABLES = List.of("tcp", "tcp6", "udp", "udp6");

  private PortsInUse() {}

  /** The ports in use from {@code first} to {@code last}, ascending. */
  static List<Integer> between(int first, int last) {
    return TABLES.stream()
        .map(table -> Path.of("/proc/thread-self/net", table))
        .flatMap(PortsInUse::ports)
        .filter(port -> port >= first && port <= last)
        .sorted()
        .distinct()
        .toList();
  }

  private static Stream<Integer> ports(Path table) {
    try {
      return ports(Files.readAllLines(table));
    } catch (IOException e) {
      return Stream.empty(); // a kernel without IPv6
    }
  }

  /** Second word, after the colon: {@code 0: 0100007F:EE48 00000000:0000 0A …}. */
  static Stream<Integer> ports(List<String> lines) {
    return lines.stream()
        .map(line -> line.strip().split("\\s+", 3))
        .filter(words -> words.length > 1 && words[1].matches("[0-9A-F]+:[0-9A-F]{4}"))
        .map(words -> Integer.parseInt(words[1].substring(words[1].indexOf(':') + 1), 16));
  }
}
