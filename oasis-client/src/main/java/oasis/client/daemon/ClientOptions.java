// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.ArrayList;
import java.util.List;
import oasis.rules.NeverFaked;
import oasis.rules.RuleException;
import oasis.rules.RuleLimitException;
import org.jspecify.annotations.Nullable;

/**
 * What {@code client.xml} says beside overlays and rules; the command line may say otherwise for
 * one run.
 *
 * @param mediate whether every connection of this host goes through the client
 * @param fakeRange IPv4 prefix of the fake addresses; null for the default
 * @param fakeRange6 IPv6 prefix of the fake addresses, or {@link #NO_IPV6}; null for the default
 * @param neverFaked patterns of names that no rule with a wildcard takes, beside the built-in ones
 * @param builtInNeverFaked whether the built-in ones count
 */
record ClientOptions(
    boolean mediate,
    @Nullable String fakeRange,
    @Nullable String fakeRange6,
    List<String> neverFaked,
    boolean builtInNeverFaked) {
  /** In place of an IPv6 prefix: the client leaves IPv6 alone. */
  static final String NO_IPV6 = "none";

  /** A file that says nothing. */
  static final ClientOptions DEFAULTS = new ClientOptions(false, null, null);

  /** Refuses ranges and patterns that are none; the message names the option. */
  ClientOptions {
    check("fake-range", fakeRange, false);
    check("fake-range6", fakeRange6, true);
    neverFaked = List.copyOf(neverFaked);
    compile(builtInNeverFaked, neverFaked);
  }

  /** Those of a command line, which says nothing of names. */
  ClientOptions(boolean mediate, @Nullable String fakeRange, @Nullable String fakeRange6) {
    this(mediate, fakeRange, fakeRange6, List.of(), true);
  }

  /** With one more pattern of names. */
  ClientOptions withNeverFaked(String pattern) {
    List<String> more = new ArrayList<>(neverFaked);
    more.add(pattern);
    return new ClientOptions(mediate, fakeRange, fakeRange6, more, builtInNeverFaked);
  }

  /** Names that no rule with a wildcard takes. */
  NeverFaked names() {
    return compile(builtInNeverFaked, neverFaked);
  }

  private static NeverFaked compile(boolean builtIn, List<String> patterns) {
    try {
      return NeverFaked.of(builtIn, patterns);
    } catch (RuleException | RuleLimitException e) {
      throw new IllegalArgumentException("never-fake: " + e.getMessage(), e);
    }
  }

  /** These, but for what the command line says. */
  ClientOptions with(ClientOptions commandLine) {
    return new ClientOptions(
        mediate || commandLine.mediate,
        commandLine.fakeRange == null ? fakeRange : commandLine.fakeRange,
        commandLine.fakeRange6 == null ? fakeRange6 : commandLine.fakeRange6,
        neverFaked,
        builtInNeverFaked);
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
