// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import org.jspecify.annotations.Nullable;

/**
 * What {@code client.xml} says beside overlays and rules; the command line may say otherwise for
 * one run.
 *
 * @param mediate whether every connection of this host goes through the client
 * @param fakeRange IPv4 prefix of the fake addresses; null for the default
 * @param fakeRange6 IPv6 prefix of the fake addresses, or {@link #NO_IPV6}; null for the default
 */
record ClientOptions(boolean mediate, @Nullable String fakeRange, @Nullable String fakeRange6) {
  /** In place of an IPv6 prefix: the client leaves IPv6 alone. */
  static final String NO_IPV6 = "none";

  /** A file that says nothing. */
  static final ClientOptions DEFAULTS = new ClientOptions(false, null, null);

  /** Refuses ranges that are none; the message names the option. */
  ClientOptions {
    check("fake-range", fakeRange, false);
    check("fake-range6", fakeRange6, true);
  }

  /** These, but for what the command line says. */
  ClientOptions with(ClientOptions commandLine) {
    return new ClientOptions(
        mediate || commandLine.mediate,
        commandLine.fakeRange == null ? fakeRange : commandLine.fakeRange,
        commandLine.fakeRange6 == null ? fakeRange6 : commandLine.fakeRange6);
  }

  private static void check(String option, @Nullable String range, boolean ipv6) {
    if (range == null || (ipv6 && range.equals(NO_IPV6))) {
      return;
    }
    try {
      if (ipv6) {
        ClientNetworkConfig.range6(range);
      } else {
        ClientNetworkConfig.range4(range);
      }
    } catch (IllegalArgumentException e) {
      String why = String.valueOf(e.getMessage());
      throw new IllegalArgumentException(
          why.startsWith(option + ":") ? why : option + ": " + why, e);
    }
  }
}
