// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.util.ArrayList;
import java.util.List;
import oasis.exit.engine.BackendKind;
import oasis.os.OsException;

/**
 * The backend to use and, for the raw one, how the kernel is kept silent.
 *
 * @param silence never AUTO; without meaning for the kernel backend
 */
record Choice(BackendKind backend, ExitConfig.Silence silence) {
  /**
   * What was asked for, as far as it is possible: the kernel backend where the host is ours, else
   * the raw one; silence by nftables where they are ours, else by sockets.
   *
   * @throws OsException in one line, when what was asked for is not possible
   */
  static Choice of(ExitConfig config, Powers powers) throws OsException {
    List<String> missing = new ArrayList<>();
    if (!powers.netAdmin()) {
      missing.add("CAP_NET_ADMIN");
    }
    if (!powers.tun()) {
      missing.add("/dev/net/tun");
    }
    if (!powers.nft()) {
      missing.add("nft");
    }
    boolean kernel =
        switch (config.backend()) {
          case KERNEL -> true;
          case RAW -> false;
          case AUTO -> missing.isEmpty();
        };
    if (kernel && !missing.isEmpty()) {
      throw new OsException(
          "the kernel backend needs %s: run as root with nftables installed, or give --backend raw"
              .formatted(String.join(" and ", missing)));
    }
    if (!kernel && !powers.netRaw()) {
      throw new OsException(
          "the raw backend needs CAP_NET_RAW: run as root, or grant it"
              + " (systemd: AmbientCapabilities=CAP_NET_RAW)");
    }
    return new Choice(
        kernel ? BackendKind.KERNEL : BackendKind.RAW, silence(config.raw().silence(), powers));
  }

  private static ExitConfig.Silence silence(ExitConfig.Silence wanted, Powers powers)
      throws OsException {
    boolean nft = powers.netAdmin() && powers.nft();
    if (wanted == ExitConfig.Silence.NFT && !nft) {
      throw new OsException(
          "--silence nft needs CAP_NET_ADMIN and nftables: give --silence sockets");
    }
    return wanted == ExitConfig.Silence.SOCKETS || !nft
        ? ExitConfig.Silence.SOCKETS
        : ExitConfig.Silence.NFT;
  }
}
