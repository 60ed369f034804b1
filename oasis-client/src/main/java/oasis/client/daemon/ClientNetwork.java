// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import oasis.os.CommandRunner;
import oasis.os.CommandRunner.Result;
import oasis.os.NftOwner;
import oasis.os.OsException;
import oasis.os.ReservedPorts;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The client's state in the operating system, as desired state: nftables rules that mark packets,
 * policy routing that leads marked packets and fake addresses into the TUN device, and kernel
 * settings. Confined to one thread.
 *
 * <p>What happens when the client dies by any means: the table goes with the process that holds it,
 * and the routes go with the TUN device. What stays is harmless: an ip rule that leads to an empty
 * table (the search then goes on in the main table), reserved ports, and the unreachable route,
 * which makes programs that still hold a fake address fail at once.
 */
public final class ClientNetwork implements AutoCloseable {
  /** Bit of packet marks and connection marks that says: into the TUN device. */
  public static final int CAPTURE_MARK = 0x1000_0000;

  /** Bit of the marks of our own sockets (SO_MARK): never into the TUN device. */
  public static final int EXEMPT_MARK = 0x2000_0000;

  /** Number of the routing table, and priority of the ip rule that leads to it. */
  public static final int TABLE = 4710;

  private static final Logger LOG = LoggerFactory.getLogger(ClientNetwork.class);
  private static final String NUMBER = Integer.toString(TABLE);

  private final CommandRunner runner;
  private final Holder holder;
  private @Nullable NftOwner owner;
  private @Nullable ClientNetworkConfig applied;

  /** Text that the owner holds. */
  private String ruleset = "";

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
   */
  public ClientNetwork(CommandRunner runner, Holder holder) {
    this.runner = runner;
    this.holder = holder;
  }

  /**
   * Makes the state so; may be repeated at any time, also to repair what another program removed.
   * Packets are diverted only when all else stands. Device, fake range and ports must be the same
   * in each call; rules may change, which moves no live connection.
   *
   * @throws OsException in one line, when the fake range collides with a route of the host or the
   *     system refuses a step; the rules that were in force stay, and {@link #close} undoes the
   *     rest
   */
  public void apply(ClientNetworkConfig config) throws OsException {
    if (applied == null) {
      refuseCollision(config);
    } else if (!applied.withRules(config.rules()).equals(config)) {
      throw new IllegalArgumentException("only the rules may change while the client runs");
    }
    applied = config;
    prepareDevice(config);
    reservePorts(config);
    addRoutes(config);
    load(ClientRuleset.text(config));
  }

  private void refuseCollision(ClientNetworkConfig config) throws OsException {
    Optional<String> other = HostRoutes.collision(runner, config);
    if (other.isPresent()) {
      throw new OsException(
          "the fake range "
              + config.fakeRange()
              + " collides with a route of this host ("
              + other.get()
              + "): choose another one with --fake-range");
    }
  }

  private void prepareDevice(ClientNetworkConfig config) throws OsException {
    String tun = config.tun();
    // Answers come in by the TUN device from addresses that the main table routes elsewhere.
    runner.check("sysctl", "-q", "-w", "net/ipv4/conf/" + tun + "/rp_filter=2");
    if (!config.ipv6()) {
      // Else the kernel sends router solicitations into the device. A kernel without IPv6 lacks
      // the setting and sends none.
      runner.run(List.of("sysctl", "-q", "-w", "net/ipv6/conf/" + tun + "/disable_ipv6=1"), "");
    }
    runner.check("ip", "-4", "addr", "replace", config.tunAddress() + "/32", "dev", tun);
    runner.check("ip", "link", "set", "dev", tun, "mtu", Integer.toString(config.mtu()), "up");
  }

  private void reservePorts(ClientNetworkConfig config) throws OsException {
    BitSet now = ReservedPorts.read(runner);
    if (portsBefore == null) {
      portsBefore = (BitSet) now.clone();
    }
    int cardinality = now.cardinality();
    now.or(ReservedPorts.range(config.reservedFirst(), config.reservedLast()));
    if (now.cardinality() != cardinality) {
      ReservedPorts.write(runner, now);
    }
  }

  private void addRoutes(ClientNetworkConfig config) throws OsException {
    route("unreachable", config.fakeRange(), "metric", HostRoutes.WORST_METRIC);
    String address = config.tunAddress();
    route(config.fakeRange(), "dev", config.tun(), "src", address, "metric", "1");
    route("default", "dev", config.tun(), "table", NUMBER);
    if (NetworkLeftovers.rules(runner).isEmpty()) {
      runner.check(
          "ip",
          "-4",
          "rule",
          "add",
          "priority",
          NUMBER,
          "fwmark",
          NetworkLeftovers.mask(),
          "lookup",
          NUMBER);
    }
  }

  private void route(String... words) throws OsException {
    String[] command = new String[words.length + 4];
    System.arraycopy(new String[] {"ip", "-4", "route", "replace"}, 0, command, 0, 4);
    System.arraycopy(words, 0, command, 4, words.length);
    runner.check(command);
  }

  private void load(String text) throws OsException {
    NftOwner living = owner;
    if (living == null || !living.alive()) {
      ruleset = "";
      living = holder.open();
      owner = living;
    }
    if (!ruleset.equals(text)) {
      living.apply(text);
      ruleset = text;
    }
  }

  /** False when the process that holds the nftables table has died, and the table with it. */
  boolean held() {
    NftOwner living = owner;
    return living != null && living.alive();
  }

  /**
   * Undoes everything but the unreachable route of the fake range, which keeps programs that hold
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
    undo("ip", "-4", "rule", "del", "priority", NUMBER, "fwmark", NetworkLeftovers.mask());
    if (hasDevice(config.tun())) {
      // Takes the routes along.
      undo("ip", "link", "set", "dev", config.tun(), "down");
      undo("ip", "-4", "addr", "flush", "dev", config.tun());
    }
    restorePorts(config);
  }

  private boolean hasDevice(String name) {
    try {
      return runner.run(List.of("ip", "link", "show", "dev", name), "").ok();
    } catch (OsException e) {
      return true;
    }
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

  private void undo(String... command) {
    try {
      Result result = runner.run(List.of(command), "");
      if (!result.ok()) {
        LOG.warn("{}: {}", String.join(" ", command), result.err().strip());
      }
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
    return new NetworkLeftovers(runner, config).remove();
  }
}
