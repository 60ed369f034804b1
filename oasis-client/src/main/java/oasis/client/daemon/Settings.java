// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import oasis.os.OsException;
import oasis.os.linux.Sysctl;
import oasis.rules.RuleSet;
import org.jspecify.annotations.Nullable;

/**
 * What one run of the client is told on its command line.
 *
 * @param state directory of {@code client.xml} and the journals of fake addresses
 * @param control path of the control socket; lock files stand beside it
 * @param mtu MTU of the TUN device in bytes, 576 to 9000; below 1280 without IPv6
 * @param busyPollNs how long the data loop spins before it sleeps, 0 to 50,000
 * @param options what overrides {@code client.xml} in this run
 * @param overlays {@code NAME=URL}, for this run only
 * @param keys {@code NAME=FILE}, the keys of these overlays
 * @param rules rule texts, for this run only; they come after the saved ones
 */
record Settings(
    Path state,
    Path control,
    int mtu,
    long busyPollNs,
    ClientOptions options,
    List<String> overlays,
    List<String> keys,
    List<String> rules) {
  /** Name of the TUN device. */
  static final String TUN = "oas0";

  static final String DEFAULT_STATE = "/var/lib/oasis/client";
  static final String DEFAULT_CONTROL = "/run/oasis/client.sock";
  static final String DEFAULT_MTU = "1400";

  private static final long MAX_BUSY_POLL_NS = 50_000;

  Settings {
    require(mtu >= 576 && mtu <= 9000, "--mtu must be 576 to 9000");
    require(busyPollNs >= 0 && busyPollNs <= MAX_BUSY_POLL_NS, "--busy-poll must be 0 to 50 (µs)");
    overlays = List.copyOf(overlays);
    keys = List.copyOf(keys);
    rules = List.copyOf(rules);
  }

  /** What a run without options does. */
  static Settings defaults() {
    return new Settings(
        Path.of(DEFAULT_STATE),
        Path.of(DEFAULT_CONTROL),
        Integer.parseInt(DEFAULT_MTU),
        0,
        ClientOptions.DEFAULTS,
        List.of(),
        List.of(),
        List.of());
  }

  /** What the client wants of the operating system, without rules. */
  ClientNetworkConfig networkConfig(ClientOptions file) {
    ClientOptions all = file.with(options);
    return new ClientNetworkConfig(
        TUN,
        mtu,
        Objects.requireNonNullElse(all.fakeRange(), ClientNetworkConfig.DEFAULT_FAKE_RANGE),
        fakeRange6(all),
        ClientNetworkConfig.FIRST_PORT,
        ClientNetworkConfig.LAST_PORT,
        all.mediate(),
        RuleSet.EMPTY);
  }

  private @Nullable String fakeRange6(ClientOptions all) {
    String range =
        Objects.requireNonNullElse(all.fakeRange6(), ClientNetworkConfig.DEFAULT_FAKE_RANGE6);
    boolean off = range.equals(ClientOptions.NO_IPV6) || mtu < ClientNetworkConfig.MIN_MTU6;
    return off || !hostHasIpv6() ? null : range;
  }

  /** Whether the kernel has IPv6 and nobody has switched it off. */
  private static boolean hostHasIpv6() {
    try {
      return Sysctl.read("net/ipv6/conf/all/disable_ipv6").equals("0");
    } catch (OsException e) {
      return false; // a kernel without it lacks the setting
    }
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }
}
