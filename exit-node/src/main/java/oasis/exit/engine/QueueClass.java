// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.List;
import java.util.stream.Collectors;
import oasis.link.ClassSettings;

/**
 * A class of traffic and what it may take. Immutable. Its text, which {@link #toString} gives and
 * {@link #parse} reads, is
 *
 * <pre>
 * NAME [priority 0-7] [weight 1-1000] [cap-out RATE] [cap-in RATE]
 *      [client-cap-out RATE] [client-cap-in RATE] [for MATCH[, MATCH]…]
 * MATCH: any, or some of: own or node, from PREFIX, key ID, dscp 0-63 or a name
 * </pre>
 *
 * @param name letters, digits, {@code -} and {@code _}, 32 at most
 * @param priority 0 goes first
 * @param weight share beside the classes of the same priority
 * @param outBitsPerSecond cap of what leaves towards destinations, 0 = none
 * @param inBitsPerSecond cap of what goes back to clients, 0 = none
 * @param clientOutBitsPerSecond the same for each client
 * @param clientInBitsPerSecond the same for each client
 * @param matches a packet belongs here when one of them holds
 */
public record QueueClass(
    String name,
    int priority,
    int weight,
    long outBitsPerSecond,
    long inBitsPerSecond,
    long clientOutBitsPerSecond,
    long clientInBitsPerSecond,
    List<ClassMatch> matches) {
  /** Priority of a class that names none. */
  public static final int DEFAULT_PRIORITY = 4;

  /** Most matches of a class: each packet is compared with them. */
  public static final int MAX_MATCHES = 64;

  private static final String NAME = "[A-Za-z0-9_-]{1,32}";

  /** Checks the ranges. */
  public QueueClass {
    matches = List.copyOf(matches);
    if (!name.matches(NAME)) {
      throw new IllegalArgumentException(
          "a class's name is 1 to 32 letters, digits, - or _, not '" + name + "'");
    }
    if (matches.isEmpty() || matches.size() > MAX_MATCHES) {
      throw new IllegalArgumentException(
          "class " + name + " must have 1 to " + MAX_MATCHES + " matches");
    }
  }

  /**
   * Reads a class.
   *
   * @throws IllegalArgumentException with one line that says what is wrong and at which column
   */
  public static QueueClass parse(String text) {
    return new QueueClassParser(text).parse();
  }

  /** What the queues of one direction have to know. */
  ClassSettings settings(boolean outbound) {
    return outbound
        ? new ClassSettings(priority, weight, outBitsPerSecond, clientOutBitsPerSecond)
        : new ClassSettings(priority, weight, inBitsPerSecond, clientInBitsPerSecond);
  }

  /** The text; what has its default is left out. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(name);
    if (priority != DEFAULT_PRIORITY) {
      text.append(" priority ").append(priority);
    }
    if (weight != 1) {
      text.append(" weight ").append(weight);
    }
    rate(text, "cap-out", outBitsPerSecond);
    rate(text, "cap-in", inBitsPerSecond);
    rate(text, "client-cap-out", clientOutBitsPerSecond);
    rate(text, "client-cap-in", clientInBitsPerSecond);
    if (!matches.equals(List.of(ClassMatch.EVERYTHING))) {
      text.append(" for ");
      text.append(matches.stream().map(Object::toString).collect(Collectors.joining(", ")));
    }
    return text.toString();
  }

  private static void rate(StringBuilder text, String word, long bitsPerSecond) {
    if (bitsPerSecond > 0) {
      text.append(' ').append(word).append(' ').append(Rates.text(bitsPerSecond));
    }
  }
}
