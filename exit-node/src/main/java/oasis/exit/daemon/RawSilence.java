// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static java.util.stream.Collectors.toSet;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import oasis.io.SilentPorts;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.os.linux.LinuxNftOwner;
import oasis.packet.Address;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the kernel from using and from answering on the raw backend's ports: by an nftables table,
 * whose list of interfaces follows the host's, or by sockets that hold the ports. Where settings of
 * the host may be changed, the ports are also kept from other programs. Confined to one thread at a
 * time.
 */
final class RawSilence implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RawSilence.class);
  private static final int TRIES = 3;

  private final ExitConfig config;
  private final CommandRunner runner;
  private final SavedSettings settings;
  private final NftTable nft;
  private final String table;
  private @Nullable SilentPorts ports;
  private List<Object> applied = List.of();

  /**
   * Nothing is changed before {@link #open} has seen to it.
   *
   * @param table name of the nftables table
   */
  RawSilence(ExitConfig config, CommandRunner runner, NftTable.Holder holder, String table) {
    this.config = config;
    this.table = table;
    this.runner = runner;
    settings = new SavedSettings(runner, config.stateFile());
    nft = new NftTable(holder);
  }

  /**
   * Silences the kernel.
   *
   * @param how NFT or SOCKETS
   * @param netAdmin whether settings of the host may be changed
   * @param addresses the node's own
   * @param former of the node to replace, whose sockets are taken over, or null
   */
  static RawSilence open(
      ExitConfig config,
      ExitConfig.Silence how,
      boolean netAdmin,
      CommandRunner runner,
      List<Address> addresses,
      @Nullable Estate former)
      throws OsException {
    String table = former == null ? ExitRuleset.TABLES.get(0) : former.nextTable();
    RawSilence silence = new RawSilence(config, runner, LinuxNftOwner::new, table);
    silence.ours(former == null);
    int first = config.raw().firstPort();
    int last = config.raw().lastPort();
    try {
      if (netAdmin) {
        silence.settings.reservePorts(first, last);
      }
      if (how == ExitConfig.Silence.SOCKETS) {
        silence.ports =
            former == null
                ? SilentPorts.open(first, last)
                : SilentPorts.adopt(former.takeAll(SilentPorts.files(first, last)));
      } else {
        if (former == null) {
          warnOfOthers(first, last);
        }
        silence.apply(addresses, List.of());
      }
      return silence;
    } catch (OsException | RuntimeException e) {
      silence.close();
      throw e;
    }
  }

  private static void warnOfOthers(int first, int last) {
    List<Integer> taken = PortsInUse.between(first, last);
    if (!taken.isEmpty()) {
      LOG.warn(
          "Other programs use ports of {}-{} and are cut off there: {}; give another range with"
              + " --ports",
          first,
          last,
          taken.stream().limit(20).map(String::valueOf).collect(Collectors.joining(", ")));
    }
  }

  /** Open files of the sockets that hold the ports. */
  int[] files() {
    return ports == null ? new int[0] : ports.files();
  }

  /** Name of the nftables table, were there one. */
  String table() {
    return table;
  }

  /** Whether it is this node that puts the host's settings back, and not another one. */
  void ours(boolean yes) {
    settings.ours(yes);
  }

  /** NFT or SOCKETS. */
  ExitConfig.Silence how() {
    return ports == null ? ExitConfig.Silence.NFT : ExitConfig.Silence.SOCKETS;
  }

  /**
   * Makes the table fit the node's addresses and the host's interfaces; sockets always do. Cheap
   * while nothing changes.
   *
   * @param names something that is another when interfaces of the host are others
   * @return true when the table had gone
   */
  boolean apply(List<Address> addresses, Object names) throws OsException {
    if (ports != null) {
      return false;
    }
    boolean repaired = nft.repair();
    List<Object> seen = List.of(addresses, names);
    if (seen.equals(applied)) {
      return repaired;
    }
    for (int tries = 1; ; tries++) {
      try {
        nft.hold(ExitRuleset.silence(table, config.raw(), addresses, interfaces()));
        applied = seen;
        return repaired;
      } catch (OsException e) {
        // An interface may have gone between the listing and the table.
        if (tries == TRIES) {
          throw e;
        }
      }
    }
  }

  /**
   * Names of the Ethernet interfaces on which packets for us are taken: not ports of a bridge or
   * bond, nor interfaces under a VLAN, whose packets come in a second time and must live till then.
   */
  private List<String> interfaces() throws OsException {
    List<String> lines = runner.check("ip", "-o", "link", "show").lines().toList();
    // NUMBER: NAME: …, or NUMBER: NAME@UNDER: …
    List<String[]> names =
        lines.stream().map(line -> line.split(": ", 3)[1].split("@", 2)).toList();
    // The two ends of a veth pair name each other: neither is under the other.
    Set<String> above = names.stream().map(name -> String.join("@", name)).collect(toSet());
    Set<String> under =
        names.stream()
            .filter(name -> name.length > 1 && !above.contains(name[1] + "@" + name[0]))
            .map(name -> name[1])
            .collect(toSet());
    List<String> found = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      String name = names.get(i)[0];
      if (line.contains("link/ether ") && !line.contains(" master ") && !under.contains(name)) {
        found.add(name);
      }
    }
    return found;
  }

  @Override
  public void close() throws OsException {
    if (ports != null) {
      ports.close();
    }
    nft.close();
    settings.restore();
  }
}
