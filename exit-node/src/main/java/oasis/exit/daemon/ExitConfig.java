// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.nio.file.Path;
import java.util.List;
import oasis.exit.engine.ExitLimits;
import oasis.io.Endpoint;
import oasis.packet.Prefix;
import org.jspecify.annotations.Nullable;

/**
 * What one exit node is configured to do; immutable.
 *
 * @param listen UDP address and port for clients
 * @param allowed client prefixes; empty only with {@code open}
 * @param open whether every address may be a client
 * @param opened destinations reachable although closed by default
 * @param pool IPv4 range of mapped addresses
 * @param tun name of the TUN device
 * @param mtu of the tunnel in bytes
 * @param limits on clients and flows
 * @param control path of the control socket; the state file for crash repair lies beside it
 * @param flowLog file for finished flows, or null for none
 * @param flowLogBytes size at which the flow log is rotated
 */
public record ExitConfig(
    Endpoint listen,
    List<Prefix> allowed,
    boolean open,
    List<Prefix> opened,
    Prefix pool,
    String tun,
    int mtu,
    ExitLimits limits,
    Path control,
    @Nullable Path flowLog,
    long flowLogBytes) {
  /** Default UDP port. */
  public static final int DEFAULT_PORT = 4700;

  /** Default range of mapped addresses: shared address space (RFC 6598). */
  public static final String DEFAULT_POOL = "100.64.0.0/10";

  /** Default name of the TUN device. */
  public static final String DEFAULT_TUN = "oasx0";

  /** Default path of the control socket. */
  public static final String DEFAULT_CONTROL = "/run/oasis/exit.sock";

  /** Default MTU: leaves room for IPv4, UDP and a little more in a 1500-byte path. */
  public static final int DEFAULT_MTU = 1400;

  /** Default size of a flow log file. */
  public static final long DEFAULT_FLOW_LOG_BYTES = 64L << 20;

  private static final long MIN_FLOW_LOG_BYTES = 4096;

  /** Checks what the engine does not. */
  public ExitConfig {
    allowed = List.copyOf(allowed);
    opened = List.copyOf(opened);
    if (allowed.isEmpty() && !open) {
      throw new IllegalArgumentException(
          "nobody may use this exit: give --allow PREFIX for each client network, or --open");
    }
    if (!allowed.isEmpty() && open) {
      throw new IllegalArgumentException("--open lets everybody in: drop it or drop --allow");
    }
    if (!tun.matches("[A-Za-z0-9_.-]{1,15}")) {
      throw new IllegalArgumentException("tun must be 1 to 15 letters or digits: " + tun);
    }
    for (Prefix prefix : opened) {
      if (!prefix.isV4()) {
        throw new IllegalArgumentException("allow-destination takes IPv4 only: " + prefix);
      }
    }
    if (flowLogBytes < MIN_FLOW_LOG_BYTES) {
      throw new IllegalArgumentException("flow-log-size must be at least " + MIN_FLOW_LOG_BYTES);
    }
  }

  /** Client prefixes for the engine. */
  List<Prefix> clients() {
    return open ? List.of(Prefix.parse("0.0.0.0/0"), Prefix.parse("::/0")) : allowed;
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
