// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Names of this host's interfaces, without starting a program. */
final class InterfaceNames {
  private static final Path LIST = Path.of("/proc/thread-self/net/dev");

  private InterfaceNames() {}

  /** All of them, in the kernel's order; empty when it does not say. */
  static List<String> list() {
    try {
      return names(Files.readAllLines(LIST));
    } catch (IOException e) {
      return List.of();
    }
  }

  /** What stands before the colon, behind two lines of headings: {@code eth0: 1296 16 0 …}. */
  static List<String> names(List<String> lines) {
    return lines.stream()
        .filter(line -> line.contains(":"))
        .map(line -> line.strip().split(":", 2)[0])
        .toList();
  }
}
