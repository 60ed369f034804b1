// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import oasis.exit.engine.ExitEngine;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.packet.Prefix;

/**
 * The kernel backend's state in the operating system, as desired state: addresses and routes of the
 * TUN device, forwarding, and the nftables table that translates and fences. Device, routes and
 * table vanish with the process; settings are recorded in a file first, so that {@link
 * Leftovers#cleanUp} can put them back after a crash. Confined to one thread at a time.
 */
final class ExitNetwork implements AutoCloseable {
  private static final String CONF6 = "net.ipv6.conf.";
  private static final String FORWARD6 = CONF6 + "all.forwarding";

  /** What {@code sysctl} lists that a change of {@link #FORWARD6} touches. */
  private static final String TOUCHED = "^net\\.ipv6\\.conf\\.[^ ]*\\.(forwarding|accept_ra)$";

  private final CommandRunner runner;
  private final NftTable nft;
  private final SavedSettings settings;
  private final String table;
  private boolean router4;
  private boolean router6;

  /**
   * Nothing is changed before {@link #apply}.
   *
   * @param runner runs {@code ip} and {@code sysctl}
   * @param holder starts {@code nft}
   * @param stateFile where the former settings are recorded; its directory exists
   * @param table name of the nftables table
   */
  ExitNetwork(CommandRunner runner, NftTable.Holder holder, Path stateFile, String table) {
    this.runner = runner;
    this.table = table;
    nft = new NftTable(holder);
    settings = new SavedSettings(runner, stateFile);
  }

  /** Whether this host's kernel carries IPv6. */
  static boolean hasIpv6(CommandRunner runner) throws OsException {
    CommandRunner.Result disabled =
        runner.run(List.of("sysctl", "-n", CONF6 + "all.disable_ipv6"), "");
    return disabled.ok() && disabled.out().strip().equals("0");
  }

  /**
   * Makes the state so; may be repeated.
   *
   * @param ipv6 whether IPv6 is carried, too
   * @throws OsException in one line, when a pool collides with the host's network or the system
   *     refuses a step; the state is then undone
   */
  void apply(ExitConfig config, boolean ipv6) throws OsException {
    refuseCollision("-4", config.pool(), "--pool", config.tun());
    if (ipv6) {
      refuseCollision("-6", config.pool6(), "--pool6", config.tun());
    }
    try {
      Map<String, String> list = ipv6 ? settings6() : Map.of();
      record(list, config.tun());
      String tun = config.tun();
      // The kernel shall not speak on it by itself: no groups to report, no routers to look for.
      runner.check("ip", "link", "set", "dev", tun, "multicast", "off");
      runner.check("ip", "address", "replace", own(config.pool()) + "/32", "dev", tun);
      if (ipv6) {
        conf6(tun, "addr_gen_mode", "1"); // no link-local address
        conf6(tun, "accept_ra", "0");
      } else {
        // A kernel without IPv6 refuses, and needs it not.
        runner.run(List.of("sysctl", "-qw", "net/ipv6/conf/" + tun + "/disable_ipv6=1"), "");
      }
      runner.check("ip", "link", "set", "dev", tun, "up");
      runner.check("ip", "route", "replace", config.pool().toString(), "dev", tun);
      // Strict: what leaves the device has a source out of the pool, whose route is the device.
      runner.check("sysctl", "-qw", "net/ipv4/conf/" + tun + "/rp_filter=1");
      if (ipv6) {
        runner.check(
            "ip", "-6", "address", "replace", own(config.pool6()) + "/128", "dev", tun, "nodad");
        runner.check("ip", "-6", "route", "replace", config.pool6().toString(), "dev", tun);
      }
      router4 = "1".equals(settings.former(SavedSettings.FORWARD4));
      router6 = !ipv6 || "1".equals(settings.former(FORWARD6));
      nft.hold(ExitRuleset.text(table, config, router4, router6));
      forward(list, config.tun());
    } catch (OsException e) {
      close();
      throw e;
    }
  }

  /**
   * Holds the table for other destinations, in one step, after {@link #apply}.
   *
   * @throws OsException when it is refused; the former table is in place then
   */
  void policy(ExitConfig config) throws OsException {
    nft.hold(ExitRuleset.text(table, config, router4, router6));
  }

  private static String own(Prefix pool) {
    return ExitEngine.ownAddress(pool).toString();
  }

  private void conf6(String tun, String name, String value) throws OsException {
    runner.check("sysctl", "-qw", "net/ipv6/conf/" + tun + "/" + name + "=" + value);
  }

  private Map<String, String> settings6() throws OsException {
    Map<String, String> list = new LinkedHashMap<>();
    for (String line : runner.check("sysctl", "-a", "-r", TOUCHED).lines().toList()) {
      String[] words = line.split(" = ", 2);
      if (words.length == 2) {
        list.put(words[0].strip(), words[1].strip());
      }
    }
    return list;
  }

  /**
   * Records in the order in which to restore: first {@link #FORWARD6}, which sets all interfaces,
   * then the single ones.
   */
  private void record(Map<String, String> settings6, String tun) throws OsException {
    Map<String, String> former = new LinkedHashMap<>();
    former.put(
        SavedSettings.FORWARD4, runner.check("sysctl", "-n", SavedSettings.FORWARD4).strip());
    String forward6 = settings6.get(FORWARD6);
    if (forward6 != null) {
      former.put(FORWARD6, forward6);
      if (forward6.equals("0")) {
        settings6.forEach(
            (name, value) -> {
              if (name.endsWith(".forwarding") && value.equals("1")) {
                former.put(name, value);
              }
            });
        hearing(settings6, tun).forEach(name -> former.put(name, "1"));
      }
    }
    settings.record(former);
  }

  /**
   * Interfaces that hear router advertisements as hosts do. As routers they would not any more, and
   * lose their default route, unless they are told to hear them nevertheless (value 2).
   */
  private static List<String> hearing(Map<String, String> settings6, String tun) {
    return settings6.keySet().stream()
        .filter(name -> name.endsWith(".accept_ra") && "1".equals(settings6.get(name)))
        .filter(name -> !name.startsWith(CONF6 + "all.") && !name.startsWith(CONF6 + "lo."))
        .filter(name -> !name.equals(CONF6 + tun + ".accept_ra"))
        .filter(name -> "0".equals(settings6.get(name.replace(".accept_ra", ".forwarding"))))
        .toList();
  }

  private void forward(Map<String, String> settings6, String tun) throws OsException {
    if ("0".equals(settings6.get(FORWARD6))) {
      for (String name : hearing(settings6, tun)) {
        runner.check("sysctl", "-qw", name + "=2");
      }
      runner.check("sysctl", "-qw", FORWARD6 + "=1");
    }
    runner.check("sysctl", "-qw", SavedSettings.FORWARD4 + "=1");
  }

  /**
   * Holds the table again if its holder has died.
   *
   * @return true when it had
   */
  boolean repair() throws OsException {
    return nft.repair();
  }

  /** Name of its nftables table. */
  String table() {
    return table;
  }

  /** Whether it is this node that puts the host's settings back, and not another one. */
  void ours(boolean yes) {
    settings.ours(yes);
  }

  /** Undoes everything but the device, which goes when its descriptor is closed. */
  @Override
  public void close() throws OsException {
    nft.close();
    settings.restore();
  }

  /** A host behind a carrier's NAT, or a network of its own, may itself use such addresses. */
  private void refuseCollision(String family, Prefix pool, String option, String tun)
      throws OsException {
    String routes = runner.check("ip", family, "route", "show", "table", "all");
    for (String line : routes.lines().toList()) {
      List<String> words = List.of(line.strip().split("\\s+"));
      int dev = words.indexOf("dev");
      boolean ours = dev >= 0 && dev + 1 < words.size() && words.get(dev + 1).equals(tun);
      for (String word : words.subList(0, Math.min(2, words.size()))) {
        if (!ours && word.matches("[0-9a-f.:]+(/[0-9]+)?") && word.matches(".*[.:].*")) {
          refuseIfInside(pool, Prefix.parse(word), option, line.strip());
        }
      }
    }
  }

  private static void refuseIfInside(Prefix pool, Prefix route, String option, String line)
      throws OsException {
    if (pool.contains(route) || route.bits() >= 8 && route.contains(pool)) {
      throw new OsException(
          "this host has a route inside %s (%s); give another range with %s"
              .formatted(pool, line, option));
    }
  }
}
