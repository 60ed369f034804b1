// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.nio.file.Path;
import java.util.List;
import oasis.packet.Prefix;
import oasis.rules.RuleSet;

/**
 * What one run of the client is told on its command line.
 *
 * @param state directory of {@code client.xml} and the journal of fake addresses
 * @param control path of the control socket; lock files stand beside it
 * @param mtu MTU of the TUN device in bytes, 576 to 9000
 * @param fakeRange IPv4 prefix of the fake addresses, such as {@code 198.18.0.0/16}
 * @param busyPollNs how long the data loop spins before it sleeps, 0 to 50,000
 * @param overlays {@code NAME=URL}, for this run only
 * @param rules rule texts, for this run only; they come after the saved ones
 */
record Settings(
    Path state,
    Path control,
    int mtu,
    String fakeRange,
    long busyPollNs,
    List<String> overlays,
    List<String> rules) {
  /** Name of the TUN device. */
  static final String TUN = "oas0";

  static final String DEFAULT_STATE = "/var/lib/oasis/client";
  static final String DEFAULT_CONTROL = "/run/oasis/client.sock";
  static final String DEFAULT_MTU = "1400";
  static final String DEFAULT_FAKE_RANGE = "198.18.0.0/16";

  private static final long MAX_BUSY_POLL_NS = 50_000;

  Settings {
    require(mtu >= 576 && mtu <= 9000, "--mtu must be 576 to 9000");
    require(busyPollNs >= 0 && busyPollNs <= MAX_BUSY_POLL_NS, "--busy-poll must be 0 to 50 (µs)");
    checkRange(fakeRange);
    overlays = List.copyOf(overlays);
    rules = List.copyOf(rules);
  }

  /** What a run without options does. */
  static Settings defaults() {
    return new Settings(
        Path.of(DEFAULT_STATE),
        Path.of(DEFAULT_CONTROL),
        Integer.parseInt(DEFAULT_MTU),
        DEFAULT_FAKE_RANGE,
        0,
        List.of(),
        List.of());
  }

  /** What the client wants of the operating system, with the given rules. */
  ClientNetworkConfig networkConfig(RuleSet rules) {
    ClientNetworkConfig defaults = ClientNetworkConfig.defaults(mtu, rules);
    return new ClientNetworkConfig(
        TUN,
        mtu,
        fakeRange,
        defaults.reservedFirst(),
        defaults.reservedLast(),
        defaults.ipv6(),
        rules);
  }

  private static void checkRange(String text) {
    try {
      Prefix range = Prefix.parse(text);
      require(
          range.isV4() && range.bits() >= 8 && range.bits() <= 29, "it must be IPv4, /8 to /29");
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("--fake-range " + text + ": " + e.getMessage(), e);
    }
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }
}
