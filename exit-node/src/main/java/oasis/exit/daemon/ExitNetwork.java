// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import oasis.exit.engine.ExitEngine;
import oasis.io.control.Json;
import oasis.io.control.JsonException;
import oasis.os.CommandRunner;
import oasis.os.NftOwner;
import oasis.os.OsException;
import oasis.packet.Addresses;
import oasis.packet.Prefix;
import org.jspecify.annotations.Nullable;

/**
 * The exit node's state in the operating system, as desired state: address and route of the TUN
 * device, forwarding, and the nftables table that translates and fences. Device, route and table
 * vanish with the process; forwarding is recorded in a file first, so that {@link #cleanUp} can put
 * it back after a crash. Confined to one thread at a time.
 */
public final class ExitNetwork implements AutoCloseable {
  /** Starts the process that holds the nftables table. */
  @FunctionalInterface
  public interface Holder {
    /** A new holder, in the network namespace of the commands. */
    NftOwner open() throws OsException;
  }

  private static final String FORWARD = "net.ipv4.ip_forward";

  private final CommandRunner runner;
  private final Holder holder;
  private final Path stateFile;
  private @Nullable NftOwner nft;
  private @Nullable String ruleset;

  /**
   * Nothing is changed before {@link #apply}.
   *
   * @param runner runs {@code ip} and {@code sysctl}
   * @param holder starts {@code nft}
   * @param stateFile where the former settings are recorded; its directory exists
   */
  public ExitNetwork(CommandRunner runner, Holder holder, Path stateFile) {
    this.runner = runner;
    this.holder = holder;
    this.stateFile = stateFile;
  }

  /**
   * Makes the state so; may be repeated.
   *
   * @throws OsException in one line, when the pool collides with the host's network or the system
   *     refuses a step; the state is then undone
   */
  public void apply(ExitConfig config) throws OsException {
    refuseCollision(config);
    try {
      boolean wasRouter = record();
      String own = Addresses.text(0, ExitEngine.ownAddress(config.pool()));
      String tun = config.tun();
      runner.check("ip", "address", "replace", own + "/32", "dev", tun);
      // No IPv6 inside yet: else the kernel solicits routers there. A kernel without it refuses.
      runner.run(List.of("sysctl", "-qw", "net/ipv6/conf/" + tun + "/disable_ipv6=1"), "");
      runner.check("ip", "link", "set", "dev", tun, "up");
      runner.check("ip", "route", "replace", config.pool().toString(), "dev", tun);
      // Strict: what leaves the device has a source out of the pool, whose route is the device.
      runner.check("sysctl", "-qw", "net/ipv4/conf/" + tun + "/rp_filter=1");
      ruleset = ExitRuleset.text(config, wasRouter);
      hold();
      runner.check("sysctl", "-qw", FORWARD + "=1");
    } catch (OsException e) {
      close();
      throw e;
    }
  }

  /**
   * Holds the table again if its holder has died.
   *
   * @return true when it had
   */
  public boolean repair() throws OsException {
    if (ruleset == null || nft != null && nft.alive()) {
      return false;
    }
    hold();
    return true;
  }

  private void hold() throws OsException {
    if (nft == null || !nft.alive()) {
      if (nft != null) {
        nft.close();
      }
      nft = holder.open();
    }
    if (ruleset != null) {
      nft.apply(ruleset);
    }
  }

  /** Undoes everything but the device, which goes when its descriptor is closed. */
  @Override
  public void close() throws OsException {
    ruleset = null;
    if (nft != null) {
      nft.close();
      nft = null;
    }
    restore(runner, stateFile);
  }

  /**
   * Removes what an exit node that no longer lives left behind.
   *
   * @return what was removed, one line each; empty if there was nothing
   */
  public static List<String> cleanUp(CommandRunner runner, Path stateFile, String tun)
      throws OsException {
    List<String> done = new ArrayList<>();
    if (runner.run(List.of("ip", "link", "show", "dev", tun), "").ok()) {
      runner.check("ip", "link", "delete", "dev", tun);
      done.add("removed the device " + tun);
    }
    if (runner.run(List.of("nft", "list", "table", "inet", ExitRuleset.TABLE), "").ok()) {
      runner.check("nft", "delete", "table", "inet", ExitRuleset.TABLE);
      done.add("removed the nftables table inet " + ExitRuleset.TABLE);
    }
    String restored = restore(runner, stateFile);
    if (restored != null) {
      done.add(restored);
    }
    return done;
  }

  /** Records the former settings, unless a crashed run has left its record: that one is older. */
  private boolean record() throws OsException {
    try {
      if (!Files.exists(stateFile)) {
        Map<String, Object> state = new LinkedHashMap<>();
        state.put(FORWARD, runner.check("sysctl", "-n", FORWARD).strip());
        Path draft = stateFile.resolveSibling(stateFile.getFileName() + ".new");
        Files.write(draft, Json.write(state));
        Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rw-------"));
        Files.move(draft, stateFile, StandardCopyOption.ATOMIC_MOVE);
      }
      return "1".equals(recorded(stateFile));
    } catch (IOException e) {
      throw new OsException("cannot record settings in " + stateFile + ": " + e.getMessage(), e);
    }
  }

  private static @Nullable String restore(CommandRunner runner, Path stateFile) throws OsException {
    try {
      String value = recorded(stateFile);
      if (value == null) {
        return null;
      }
      boolean changed = !value.equals(runner.check("sysctl", "-n", FORWARD).strip());
      if (changed) {
        runner.check("sysctl", "-qw", FORWARD + "=" + value);
      }
      Files.delete(stateFile);
      return changed ? "set " + FORWARD + " back to " + value : "removed " + stateFile;
    } catch (IOException e) {
      throw new OsException("cannot restore settings of " + stateFile + ": " + e.getMessage(), e);
    }
  }

  /** The recorded value, null when there is no record; an unreadable record is no record. */
  private static @Nullable String recorded(Path stateFile) throws IOException {
    if (!Files.exists(stateFile)) {
      return null;
    }
    try {
      Object value = Json.parseObject(Files.readAllBytes(stateFile)).get(FORWARD);
      return value instanceof String text && text.matches("[01]") ? text : "0";
    } catch (JsonException e) {
      return "0";
    }
  }

  /** A host behind a carrier's NAT may itself use addresses of the pool. */
  private void refuseCollision(ExitConfig config) throws OsException {
    String routes = runner.check("ip", "-4", "route", "show", "table", "all");
    for (String line : routes.lines().toList()) {
      List<String> words = List.of(line.strip().split("\\s+"));
      int dev = words.indexOf("dev");
      boolean ours = dev >= 0 && dev + 1 < words.size() && words.get(dev + 1).equals(config.tun());
      for (String word : words.subList(0, Math.min(2, words.size()))) {
        if (!ours && word.matches("[0-9.]+(/[0-9]+)?") && word.indexOf('.') > 0) {
          refuseIfInside(config.pool(), Prefix.parse(word), line.strip());
        }
      }
    }
  }

  private static void refuseIfInside(Prefix pool, Prefix route, String line) throws OsException {
    if (pool.contains(route) || route.bits() >= 8 && route.contains(pool)) {
      throw new OsException(
          "this host has a route inside %s (%s); give another range with --pool"
              .formatted(pool, line));
    }
  }
}
