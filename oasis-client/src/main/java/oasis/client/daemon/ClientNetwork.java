// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import oasis.os.CommandRunner;
import oasis.os.NftOwner;
import oasis.os.OsException;
import oasis.os.ReservedPorts;
import oasis.packet.Address;
import oasis.rules.RuleSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The client's state in the operating system, as desired state: nftables rules that mark packets,
 * policy routing that leads marked packets and fake addresses into the TUN device, and kernel
 * settings. Confined to one thread.
 *
 * <p>What happens when the client dies by any means: the table goes with the process that holds it,
 * and the routes go with the TUN device. What stays is harmless: ip rules that lead to an empty
 * table (the search then goes on in the main table), reserved ports, and the unreachable routes,
 * which make programs that still hold a fake address fail at once.
 */
public final class ClientNetwork implements HostSide, AutoCloseable {
  /** Bit of packet marks and connection marks that says: into the TUN device. */
  public static final int CAPTURE_MARK = 0x1000_0000;

  /** Bit of the marks of our own sockets (SO_MARK): never into the TUN device. */
  public static final int EXEMPT_MARK = 0x2000_0000;

  /** Number of the routing table, and priority of the ip rule that leads to it. */
  public static final int TABLE = 4710;

  private static final Logger LOG = LoggerFactory.getLogger(ClientNetwork.class);
  private static final String NUMBER = Integer.toString(TABLE);

  /** What keeps IPv6 silent on a device that has nobody to talk to. */
  private static final List<String> SILENCE6 =
      List.of("addr_gen_mode=1", "accept_ra=0", "router_solicitations=0", "dad_transmits=0");

  private final CommandRunner runner;
  private final Holder holder;
  private final Supplier<List<Address>> own;
  private @Nullable NftOwner owner;
  private @Nullable ClientNetworkConfig applied;

  /** Text that the owner holds. */
  private String ruleset = "";

  /** OC0's addresses that it holds. */
  private List<Address> heldAddresses = List.of();

  /** The control groups that it is about. */
  private ControlGroups groups = ControlGroups.of(RuleSet.EMPTY);

  /** What was reserved before us. */
  private @Nullable BitSet portsBefore;

  /** Starts the process that holds the nftables table. */
  @FunctionalInterface
  public interface Holder {
    /** A new holder, in the network namespace of the commands. */
    NftOwner open() throws OsException;
  }

  /**
   * Nothing is changed before {@link #apply}.
   *
   * @param runner runs {@code ip}, {@code nft} and {@code sysctl} in the client's network namespace
   * @param holder starts {@code nft -i} there
   * @param own the addresses that OC0 has at the moment
   */
  public ClientNetwork(CommandRunner runner, Holder holder, Supplier<List<Address>> own) {
    this.runner = runner;
    this.holder = holder;
    this.own = own;
  }

  /**
   * Makes the state so; may be repeated at any time, also to repair what another program removed.
   * Packets are diverted only when all else stands. Device, fake ranges and ports must be the same
   * in each call; rules may change, which moves no live connection.
   *
   * @throws OsException in one line, when a fake range collides with a route of the host or the
   *     system refuses a step; the rules that were in force stay, and {@link #close} undoes the
   *     rest
   */
  @Override
  public void apply(ClientNetworkConfig config) throws OsException {
    if (applied != null && !applied.withRules(config.rules()).equals(config)) {
      throw new IllegalArgumentException("only the rules may change while the client runs");
    }
    ControlGroups.require(config.rules());
    boolean rule4 = look(config, config.fakeRange(), "--fake-range");
    String range6 = config.fakeRange6();
    boolean rule6 = range6 != null && look(config, range6, "--fake-range6");
    boolean first = applied == null;
    applied = config;
    set(config);
    if (first && config.ipv6()) {
      holder().apply(ClientRuleset.silence(config));
    }
    route4(config, rule4);
    if (range6 != null) {
      route6(config, range6, rule6);
    }
    groups = ControlGroups.of(config.rules());
    load(ClientRuleset.text(config, groups));
  }

  @Override
  public void followAddresses() throws OsException {
    NftOwner living = owner;
    List<Address> now = own.get();
    if (living != null && living.alive() && !ruleset.isEmpty() && !now.equals(heldAddresses)) {
      living.apply(ClientRuleset.addresses(now));
      heldAddresses = now;
    }
  }

  /** Refuses a range that the host uses; whether our ip rule stands already. */
  private boolean look(ClientNetworkConfig config, String fakeRange, String option)
      throws OsException {
    HostRoutes routes = HostRoutes.read(runner, fakeRange);
    Optional<String> other = applied == null ? routes.collision(config.tun()) : Optional.empty();
    if (other.isPresent()) {
      throw new OsException(
          "the fake range "
              + fakeRange
              + " collides with a route of this host ("
              + other.get()
              + "): choose another one with "
              + option);
    }
    return routes.hasRule();
  }

  /** Kernel settings, in one process; they have to stand before the device comes up. */
  private void set(ClientNetworkConfig config) throws OsException {
    String v6 = "net/ipv6/conf/" + config.tun() + "/";
    // -e: a kernel without IPv6 lacks its settings.
    List<String> command = new ArrayList<>(List.of("sysctl", "-q", "-e", "-w"));
    // Answers come in by the TUN device from addresses that the main table routes elsewhere.
    command.add("net/ipv4/conf/" + config.tun() + "/rp_filter=2");
    if (config.ipv6()) {
      // No link-local address, no solicitations, no probes for duplicates.
      command.add(v6 + "disable_ipv6=0");
      for (String setting : SILENCE6) {
        command.add(v6 + setting);
      }
    } else {
      command.add(v6 + "disable_ipv6=1");
    }
    BitSet ports = ReservedPorts.read(runner);
    if (portsBefore == null) {
      portsBefore = (BitSet) ports.clone();
    }
    ports.or(ReservedPorts.range(config.reservedFirst(), config.reservedLast()));
    command.add(ReservedPorts.setting(ports));
    runner.check(command, "");
  }

  private void route4(ClientNetworkConfig config, boolean hasRule) throws OsException {
    String tun = config.tun();
    IpBatch batch = IpBatch.ipv4();
    batch.add("addr", "replace", config.tunAddress() + "/32", "dev", tun);
    batch.add("link", "set", "dev", tun, "mtu", "" + config.mtu(), "multicast", "off", "up");
    route(batch, config, config.fakeRange(), "default", hasRule).run(runner);
  }

  private void route6(ClientNetworkConfig config, String range, boolean hasRule)
      throws OsException {
    String tun = config.tun();
    IpBatch batch = IpBatch.ipv6();
    String address = ClientNetworkConfig.second(range) + "/128";
    batch.add("addr", "replace", address, "dev", tun, "nodad", "noprefixroute");
    // Else a program that names no interface could send its multicasts into the device.
    batch.add("route", "flush", "table", "local", "type", "multicast", "dev", tun);
    route(batch, config, range, "::/0", hasRule).run(runner);
  }

  private static IpBatch route(
      IpBatch batch, ClientNetworkConfig config, String range, String all, boolean hasRule) {
    String tun = config.tun();
    String own = ClientNetworkConfig.second(range);
    String protocol = HostRoutes.PROTOCOL;
    batch.add(
        "route",
        "replace",
        "unreachable",
        range,
        "metric",
        HostRoutes.WORST_METRIC,
        "proto",
        protocol);
    batch.add("route", "replace", range, "dev", tun, "src", own, "metric", "1", "proto", protocol);
    batch.add("route", "replace", all, "dev", tun, "table", NUMBER, "proto", protocol);
    if (!hasRule) {
      batch.add("rule", "add", "priority", NUMBER, "fwmark", HostRoutes.mask(), "lookup", NUMBER);
    }
    return batch;
  }

  private NftOwner holder() throws OsException {
    NftOwner living = owner;
    if (living == null || !living.alive()) {
      ruleset = "";
      living = holder.open();
      owner = living;
    }
    return living;
  }

  private void load(String text) throws OsException {
    NftOwner living = holder();
    if (ruleset.equals(text)) {
      followAddresses();
      return;
    }
    List<Address> now = own.get();
    living.apply(text + ClientRuleset.addresses(now));
    ruleset = text;
    heldAddresses = now;
  }

  /**
   * False when something else has ended the process that holds the nftables table, or removed
   * addresses, routes or rules. Only for a client in the network namespace of the calling thread.
   *
   * @throws OsException when the kernel cannot be asked
   */
  @Override
  public boolean intact() throws OsException {
    ClientNetworkConfig config = applied;
    return held() && config != null && groupsAreTheSame() && KernelState.isIntact(config);
  }

  /** False when a control group of the rules has come, gone, or been made anew. */
  @Override
  public boolean groupsAreTheSame() {
    ClientNetworkConfig config = applied;
    return config == null || ControlGroups.of(config.rules()).equals(groups);
  }

  /** False when the process that holds the nftables table has ended, and the table with it. */
  boolean held() {
    NftOwner living = owner;
    return living != null && living.alive();
  }

  /**
   * Undoes everything but the unreachable routes of the fake ranges, which keep programs that hold
   * fake addresses from using the default gateway, until {@link #cleanUp}. What cannot be undone is
   * logged. May be called twice.
   */
  @Override
  public void close() {
    NftOwner living = owner;
    if (living != null) {
      // First of all nothing is diverted any more.
      living.close();
      owner = null;
      ruleset = "";
    }
    ClientNetworkConfig config = applied;
    if (config == null) {
      return;
    }
    applied = null;
    undo(IpBatch.ipv4(), config.tun());
    if (config.ipv6()) {
      undo(IpBatch.ipv6(), config.tun());
    }
    restorePorts(config);
  }

  private void undo(IpBatch batch, String tun) {
    List<String> failures =
        batch
            .add("rule", "del", "priority", NUMBER, "fwmark", HostRoutes.mask())
            // Takes the routes along.
            .add("link", "set", "dev", tun, "down")
            .add("addr", "flush", "dev", tun)
            .runAll(runner);
    failures.stream().filter(line -> !isGone(line)).forEach(LOG::warn);
  }

  /** The device may have gone before us, with all that belongs to it. */
  private static boolean isGone(String failure) {
    return failure.contains("Cannot find device") || failure.contains("does not exist");
  }

  private void restorePorts(ClientNetworkConfig config) {
    BitSet before = portsBefore;
    if (before == null) {
      return;
    }
    portsBefore = null;
    try {
      BitSet ours = ReservedPorts.range(config.reservedFirst(), config.reservedLast());
      BitSet now = ReservedPorts.read(runner);
      now.andNot(ours);
      ours.and(before);
      now.or(ours);
      ReservedPorts.write(runner, now);
    } catch (OsException e) {
      LOG.warn("{}", e.getMessage());
    }
  }

  /**
   * Removes whatever an earlier client left behind, also after a crash: the table if nobody holds
   * it, our ip rules, the routes of our table, unreachable routes, reserved ports. May be repeated.
   *
   * @return what was removed, one line each; empty if there was nothing
   * @throws OsException also when a client that still lives holds the table
   */
  public static List<String> cleanUp(CommandRunner runner, ClientNetworkConfig config)
      throws OsException {
    return new NetworkLeftovers(runner, config, true).remove();
  }

  /**
   * The same before a start, but the unreachable routes stay: there is no moment at which a program
   * that kept a fake address from before reaches the default gateway.
   */
  static List<String> prepare(CommandRunner runner, ClientNetworkConfig config) throws OsException {
    return new NetworkLeftovers(runner, config, false).remove();
  }
}
