// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import oasis.link.ClassSettings;
import oasis.link.QueueSettings;

/**
 * What the node may take of its links, and how classes of traffic share it. Immutable. In a
 * direction without any cap nothing ever waits, and classes mean nothing.
 *
 * @param outBitsPerSecond cap of everything that leaves towards destinations, 0 = none
 * @param inBitsPerSecond cap of everything that goes back to clients, 0 = none
 * @param classes a packet belongs to the first one that has a match which holds; empty for {@link
 *     #DEFAULT_CLASSES}
 */
public record QueueConfig(long outBitsPerSecond, long inBitsPerSecond, List<QueueClass> classes) {
  /** This site's own clients go above other nodes. */
  public static final List<QueueClass> DEFAULT_CLASSES =
      List.of(
          QueueClass.parse("own priority 2 for own"),
          QueueClass.parse("nodes priority 5 for node"));

  /** Nothing waits. */
  public static final QueueConfig NONE = new QueueConfig(0, 0, List.of());

  /** The class of what belongs to no other. */
  private static final QueueClass OTHER =
      QueueClass.parse("other priority " + ClassSettings.MAX_PRIORITY);

  /** Refuses too many classes, and two of one name. */
  public QueueConfig {
    classes = withOther(classes.isEmpty() ? DEFAULT_CLASSES : classes);
    Set<String> names = new HashSet<>();
    for (QueueClass each : classes) {
      if (!names.add(each.name())) {
        throw new IllegalArgumentException("two classes are named " + each.name());
      }
    }
    if (classes.size() > QueueSettings.MAX_CLASSES) {
      throw new IllegalArgumentException(
          "there may be %d classes at most, with one for any".formatted(QueueSettings.MAX_CLASSES));
    }
  }

  private static List<QueueClass> withOther(List<QueueClass> given) {
    List<QueueClass> all = new ArrayList<>(given);
    boolean complete =
        given.stream().anyMatch(each -> each.matches().contains(ClassMatch.EVERYTHING))
            || covers(given);
    if (!complete) {
      all.add(OTHER);
    }
    return List.copyOf(all);
  }

  /** Whether there are classes for all own clients and for all other nodes. */
  private static boolean covers(List<QueueClass> given) {
    return List.of(ClassMatch.Who.OWN, ClassMatch.Who.NODE).stream()
        .allMatch(
            who ->
                given.stream()
                    .anyMatch(
                        each ->
                            each.matches()
                                .contains(
                                    new ClassMatch(who, null, ClassMatch.ANY, ClassMatch.ANY))));
  }

  /** What the queues of one direction have to know. */
  QueueSettings settings(boolean outbound) {
    return new QueueSettings(
        outbound ? outBitsPerSecond : inBitsPerSecond,
        classes.stream().map(each -> each.settings(outbound)).toList());
  }

  /** Bytes of memory that packets may wait in, of both directions. */
  public int memoryBytes() {
    return memoryBytes(true) + memoryBytes(false);
  }

  int memoryBytes(boolean outbound) {
    QueueSettings settings = settings(outbound);
    return settings.capped() ? settings.memoryBytes() : 0;
  }
}
