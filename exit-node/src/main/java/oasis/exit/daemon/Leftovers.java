// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import oasis.os.CommandRunner;
import oasis.os.OsException;

/** What an exit node that no longer lives left in the operating system. */
final class Leftovers {
  private Leftovers() {}

  /**
   * Removes it.
   *
   * @return what was removed, one line each; empty if there was nothing
   */
  static List<String> cleanUp(CommandRunner runner, Path stateFile, String tun) throws OsException {
    List<String> done = new ArrayList<>();
    if (is(runner, "ip", "link", "show", "dev", tun)) {
      runner.check("ip", "link", "delete", "dev", tun);
      done.add("removed the device " + tun);
    }
    for (String table : ExitRuleset.TABLES) {
      if (is(runner, "nft", "list", "table", "inet", table)) {
        runner.check("nft", "delete", "table", "inet", table);
        done.add("removed the nftables table inet " + table);
      }
    }
    done.addAll(new SavedSettings(runner, stateFile).restore());
    return done;
  }

  /** Whether a listing succeeds; where its program is not installed, nothing was left either. */
  private static boolean is(CommandRunner runner, String... listing) {
    try {
      return runner.run(List.of(listing), "").ok();
    } catch (OsException e) {
      return false;
    }
  }
}
