// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import oasis.os.CommandRunner;
import oasis.os.OsException;

/**
 * What this process may do on this host.
 *
 * @param netAdmin it has CAP_NET_ADMIN: it may change the network's settings
 * @param netRaw it has CAP_NET_RAW: it may open raw and packet sockets
 * @param tun there is {@code /dev/net/tun}
 * @param nft nftables can be used
 */
record Powers(boolean netAdmin, boolean netRaw, boolean tun, boolean nft) {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String EFFECTIVE = "CapEff:";

  // Bits of linux/capability.h.
  private static final int CAP_NET_ADMIN = 12;
  private static final int CAP_NET_RAW = 13;

  /** Looks. */
  static Powers probe(CommandRunner runner) {
    long capabilities = capabilities();
    boolean netAdmin = (capabilities >>> CAP_NET_ADMIN & 1) != 0;
    return new Powers(
        netAdmin,
        (capabilities >>> CAP_NET_RAW & 1) != 0,
        Files.isWritable(Path.of("/dev/net/tun")),
        netAdmin && canList(runner));
  }

  private static long capabilities() {
    try {
      return Files.readAllLines(STATUS).stream()
          .filter(line -> line.startsWith(EFFECTIVE))
          .mapToLong(line -> Long.parseUnsignedLong(line.substring(EFFECTIVE.length()).strip(), 16))
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0; // without /proc nothing of ours works
    }
  }

  private static boolean canList(CommandRunner runner) {
    try {
      return runner.run(List.of("nft", "list", "tables"), "").ok();
    } catch (OsException e) {
      return false; // not installed
    }
  }
}
