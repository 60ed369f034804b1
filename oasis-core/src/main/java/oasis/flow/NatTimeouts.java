// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.util.Arrays;
import java.util.Locale;

/**
 * How long a flow in each state may be idle (RFC 5382 REQ-5a, RFC 4787 REQ-5b, RFC 5508 REQ-2a, RFC
 * 7857 section 2.1: the opening and the closing of connections each on their own). Immutable.
 */
public final class NatTimeouts {
  /** {@link NatState#idleNs()} of each state. */
  public static final NatTimeouts DEFAULT =
      new NatTimeouts(Arrays.stream(NatState.values()).mapToLong(NatState::idleNs).toArray());

  private static final int MOST_SECONDS = 30 * 24 * 3600;

  /** By the state's ordinal. */
  private final long[] idleNs;

  private NatTimeouts(long[] idleNs) {
    this.idleNs = idleNs;
  }

  /** Longest time without a packet, in nanoseconds. */
  @SuppressWarnings("EnumOrdinal") // An EnumMap would box every time.
  public long idleNs(NatState state) {
    return idleNs[state.ordinal()];
  }

  /**
   * The same but for one state.
   *
   * @throws IllegalArgumentException with one line, when the RFCs allow no such time
   */
  @SuppressWarnings("EnumOrdinal") // As above.
  public NatTimeouts with(NatState state, int seconds) {
    if (seconds < state.leastSeconds() || seconds > MOST_SECONDS) {
      throw new IllegalArgumentException(
          "%s must be %d to %d seconds, but is %d"
              .formatted(name(state), state.leastSeconds(), MOST_SECONDS, seconds));
    }
    long[] other = idleNs.clone();
    other[state.ordinal()] = seconds * 1_000_000_000L;
    return new NatTimeouts(other);
  }

  /**
   * The same but for the state that a text like {@code syn-sent=30} names.
   *
   * @throws IllegalArgumentException with one line that says what is wrong
   */
  public NatTimeouts with(String text) {
    int equals = text.indexOf('=');
    String seconds = text.substring(equals + 1);
    for (NatState state : NatState.values()) {
      if (equals > 0 && name(state).equals(text.substring(0, equals))) {
        if (!seconds.matches("[0-9]{1,9}")) {
          throw new IllegalArgumentException(text + ": not a number of seconds");
        }
        return with(state, Integer.parseInt(seconds));
      }
    }
    throw new IllegalArgumentException(
        "%s is not STATE=SECONDS with a state of %s"
            .formatted(
                text,
                String.join(
                    ", ", Arrays.stream(NatState.values()).map(NatTimeouts::name).toList())));
  }

  private static String name(NatState state) {
    return state.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
