// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.util.LinkedHashMap;
import java.util.Map;
import oasis.exit.engine.ExitEngine;
import oasis.io.Arrivals;
import oasis.io.DataLoop;
import oasis.io.LinuxTun;
import oasis.io.TunSource;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.os.linux.LinuxNftOwner;
import oasis.os.linux.Sysctl;
import oasis.packet.Burst;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The kernel backend's side: a TUN device, and masquerade behind it. */
final class KernelSide implements Side {
  private static final Logger LOG = LoggerFactory.getLogger(KernelSide.class);
  private static final String CONNTRACK_COUNT = "net/netfilter/nf_conntrack_count";
  private static final String CONNTRACK_MAX = "net/netfilter/nf_conntrack_max";

  private final ExitConfig config;
  private final boolean ipv6;
  private final LinuxTun tun;
  private final ExitNetwork network;
  private final Runnable gone;

  private KernelSide(
      ExitConfig config, boolean ipv6, LinuxTun tun, ExitNetwork network, Runnable gone) {
    this.config = config;
    this.ipv6 = ipv6;
    this.tun = tun;
    this.network = network;
    this.gone = gone;
  }

  /**
   * Makes device, routes and table.
   *
   * @param former of the node to replace, whose device is taken over, or null
   * @param gone told when somebody has deleted the device: nothing can be carried any more
   */
  static KernelSide open(
      ExitConfig config, boolean ipv6, CommandRunner runner, Runnable gone, @Nullable Estate former)
      throws OsException {
    LinuxTun tun =
        former == null
            ? LinuxTun.open(config.tun(), config.mtu())
            : LinuxTun.adopt(former.take(), config.tun(), config.mtu());
    String table = former == null ? ExitRuleset.TABLES.get(0) : former.nextTable();
    try {
      ExitNetwork network = new ExitNetwork(runner, LinuxNftOwner::new, config.stateFile(), table);
      network.ours(former == null);
      network.apply(config, ipv6);
      return new KernelSide(config, ipv6, tun, network, gone);
    } catch (OsException | RuntimeException e) {
      tun.close();
      throw e;
    }
  }

  @Override
  public int[] files() {
    return new int[] {tun.fd()};
  }

  @Override
  public String table() {
    return network.table();
  }

  @Override
  public void ours(boolean yes) {
    network.ours(yes);
  }

  @Override
  public void join(DataLoop loop, Arrivals arrivals) {
    loop.add(new TunSource(tun, arrivals, gone));
  }

  @Override
  public void begin(ExitEngine engine) {}

  @Override
  public int send(Burst b) {
    tun.write(b);
    return 0;
  }

  @Override
  public int pathMtu(Burst b) {
    return 0; // the kernel tells the sender
  }

  @Override
  public void flush() {}

  @Override
  public boolean mergesUdp() {
    return tun.udpBursts();
  }

  @Override
  public void care(DataLoop loop, ExitEngine engine) throws OsException {
    if (network.repair()) {
      LOG.warn("The nftables holder had ended; its table is in place again");
    }
  }

  @Override
  public void policy(ExitConfig config) throws OsException {
    network.policy(config);
  }

  @Override
  public String description() {
    return "kernel backend, TUN %s (%s), %s"
        .formatted(config.tun(), tun.offloads(), ipv6 ? "IPv4 and IPv6" : "IPv4");
  }

  @Override
  public Map<String, Object> report() {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("backend", "kernel");
    report.put("ipv6", ipv6);
    report.put("tun", config.tun());
    report.put("pool", config.pool().toString());
    report.put("pool6", config.pool6().toString());
    report.put("tunPort", tun.counters().snapshot());
    // A full connection table of the kernel drops new flows without a word to us.
    report.put("conntrack", number(CONNTRACK_COUNT));
    report.put("conntrackMax", number(CONNTRACK_MAX));
    return report;
  }

  /** A kernel setting, or -1 while the kernel has no connection tracking. */
  private static long number(String setting) {
    try {
      return Long.parseLong(Sysctl.read(setting));
    } catch (OsException | NumberFormatException e) {
      return -1;
    }
  }

  @Override
  public void close() throws OsException {
    try {
      network.close();
    } finally {
      tun.close();
    }
  }
}
