// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.nio.file.Path;
import java.util.List;
import oasis.exit.engine.EngineConfig;
import oasis.exit.engine.ExitLimits;
import oasis.exit.engine.QueueConfig;
import oasis.flow.NatBehaviour;
import oasis.io.Endpoint;
import oasis.io.LinuxCapturePort;
import oasis.io.RawSender;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Prefix;
import org.jspecify.annotations.Nullable;

/**
 * What one exit node is configured to do; immutable.
 *
 * @param listen UDP address and port for clients; {@code ::} stands for all addresses of both
 *     families
 * @param allowed client prefixes; empty only with {@code open} or {@code members}
 * @param open whether every address may be a client
 * @param members clients with keys, and other nodes
 * @param opened destinations reachable although closed by default
 * @param closedPorts TCP ports of destinations that are closed to clients
 * @param pool IPv4 range of mapped addresses
 * @param pool6 IPv6 range of mapped addresses
 * @param tun name of the TUN device of the kernel backend
 * @param mtu of the tunnel in bytes
 * @param limits on clients and flows
 * @param nat how fast flows begin and how long they live; how the raw backend translates
 * @param queues what may be taken of the links, and who goes first
 * @param backend which backend is wanted
 * @param raw what concerns the raw backend only
 * @param control path of the control socket; the state file for crash repair lies beside it
 * @param flowLog where and how much is written down of flows
 * @param metrics TCP address and port at which metrics are served, or null for none
 */
public record ExitConfig(
    Endpoint listen,
    List<Prefix> allowed,
    boolean open,
    Members members,
    List<Prefix> opened,
    List<Integer> closedPorts,
    Prefix pool,
    Prefix pool6,
    String tun,
    int mtu,
    ExitLimits limits,
    NatBehaviour nat,
    QueueConfig queues,
    Backend backend,
    Raw raw,
    Path control,
    FlowLogSettings flowLog,
    @Nullable Endpoint metrics) {
  /** Which backend is wanted. */
  public enum Backend {
    /** The kernel's where TUN, nftables and settings are ours, else raw sockets. */
    AUTO,
    /** TUN device and masquerade. */
    KERNEL,
    /** Raw sockets. */
    RAW
  }

  /** How the kernel is kept from answering what arrives for the raw backend's ports. */
  public enum Silence {
    /** By nftables where they are ours, else by sockets. */
    AUTO,
    /** By an nftables table of ours. */
    NFT,
    /** By sockets that hold the ports and take nothing. */
    SOCKETS
  }

  /**
   * What concerns the raw backend only.
   *
   * @param firstPort first port that flows leave from
   * @param lastPort last port
   * @param send by which sockets packets may leave
   * @param silence how the kernel is kept silent
   * @param addresses addresses that flows leave from, {@link #MAX_ADDRESSES} at most; of a family
   *     without one, the host's own is found
   */
  public record Raw(
      int firstPort, int lastPort, RawSender.Way send, Silence silence, List<Address> addresses) {
    /** As many as the packet filter of the capturing socket takes, less one found for itself. */
    public static final int MAX_ADDRESSES = LinuxCapturePort.MAX_ADDRESSES - 1;

    /** Checks what the engine does not. */
    public Raw {
      addresses = addresses.stream().distinct().toList();
      if (addresses.size() > MAX_ADDRESSES) {
        throw new IllegalArgumentException(
            "--address takes %d addresses at most".formatted(MAX_ADDRESSES));
      }
      for (Address one : addresses) {
        if (Addresses.isUnspecified(one.hi(), one.lo())
            || Addresses.isLoopback(one.hi(), one.lo())
            || Addresses.isMulticast(one.hi(), one.lo())
            || Addresses.isLinkLocal(one.hi(), one.lo())) {
          throw new IllegalArgumentException("--address: no flow can leave from " + one);
        }
      }
    }
  }

  /** Default UDP port. */
  public static final int DEFAULT_PORT = 4700;

  /** Default range of mapped addresses: shared address space (RFC 6598). */
  public static final String DEFAULT_POOL = "100.64.0.0/10";

  /** Default range of mapped IPv6 addresses: unique local (RFC 4193). */
  public static final String DEFAULT_POOL6 = "fd6f:6173:6973::/64";

  /** Default name of the TUN device. */
  public static final String DEFAULT_TUN = "oasx0";

  /** Default path of the control socket. */
  public static final String DEFAULT_CONTROL = "/run/oasis/exit.sock";

  /** Default MTU: leaves room for IPv6, UDP and a little more in a 1500-byte path. */
  public static final int DEFAULT_MTU = 1400;

  /** Default ports of the raw backend. */
  public static final String DEFAULT_PORTS = "61000-64999";

  /** Checks what the engine does not. */
  public ExitConfig {
    allowed = List.copyOf(allowed);
    opened = List.copyOf(opened);
    closedPorts = List.copyOf(closedPorts);
    if (allowed.isEmpty() && !open && members.isEmpty()) {
      throw new IllegalArgumentException(
          "nobody may use this exit: give --keys FILE, --allow PREFIX for each client network,"
              + " or --open");
    }
    if (!allowed.isEmpty() && open) {
      throw new IllegalArgumentException("--open lets everybody in: drop it or drop --allow");
    }
    if (!tun.matches("[A-Za-z0-9_.-]{1,15}")) {
      throw new IllegalArgumentException("tun must be 1 to 15 letters or digits: " + tun);
    }
    if (listen.port() >= raw.firstPort() && listen.port() <= raw.lastPort()) {
      throw new IllegalArgumentException("--listen %d lies in --ports".formatted(listen.port()));
    }
  }

  /**
   * What the engine has to know.
   *
   * @throws IllegalArgumentException with one line, when a value is outside its range
   */
  EngineConfig engine(boolean ipv6, long seed) {
    return new EngineConfig(
        open ? List.of(Prefix.parse("0.0.0.0/0"), Prefix.parse("::/0")) : allowed,
        opened,
        closedPorts,
        pool,
        pool6,
        ipv6,
        raw.firstPort(),
        raw.lastPort(),
        nat,
        mtu,
        limits,
        seed);
  }

  /** This, with what can change while the node runs taken from another configuration. */
  ExitConfig withLive(ExitConfig next) {
    return new ExitConfig(
        listen,
        next.allowed,
        next.open,
        next.members,
        next.opened,
        next.closedPorts,
        pool,
        pool6,
        tun,
        mtu,
        limits,
        nat,
        next.queues,
        backend,
        raw,
        control,
        new FlowLogSettings(flowLog.file(), next.flowLog.maxBytes(), next.flowLog.kept()),
        metrics);
  }

  /** File that records what has to be restored after a crash. */
  Path stateFile() {
    return stateFile(control);
  }

  static Path stateFile(Path control) {
    String name = String.valueOf(control.getFileName());
    return control.resolveSibling(name.replaceFirst("\\.sock$", "") + ".state");
  }
}
