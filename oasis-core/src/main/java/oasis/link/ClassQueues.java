// SPDX-License-Identifier: Apache-2.0
package oasis.link;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Who goes next where less may go than comes: classes with strict priority; those of one priority
 * share by weight; the clients of a class share alike, however many flows they have; caps for all,
 * for a class and for each of its clients. Queues that stay long are kept short by CoDel.
 *
 * <p>Packets themselves lie elsewhere: in a memory of {@link QueueSettings#memoryBytes}, each from
 * byte {@code slot * BLOCK_BYTES} on, or, in a simulator, wherever it likes. Time is an argument
 * that never goes back.
 *
 * <pre>{@code
 * if (queues.pass(c, client, pkts, bytes, now)) { … send it at once … }
 * int slot = queues.add(c, client, pkts, bytes, bytesInMemory, markable, now);   // -1: dropped
 * // when nextDeadlineNs() has come
 * for (int s = queues.next(now); s >= 0; s = queues.next(now)) { … send it …; queues.free(s); }
 * }</pre>
 *
 * <p>How long a packet of the first class waits for one of another depends on the longest packet: a
 * burst should be split into pieces of {@link #chunkBytes}.
 *
 * <p>Confined to one thread; no call for a packet allocates.
 */
public final class ClassQueues {
  /** Bytes of a block: what a packet takes of the memory is 1, 2, 4, … of them. */
  public static final int BLOCK_BYTES = 2048;

  /** The longest packet in memory. */
  public static final int MAX_BYTES = BlockArena.LARGEST * BLOCK_BYTES;

  /** Most classes times clients: what stands for their queues has to fit a small heap. */
  public static final int MAX_QUEUES = 1 << 18;

  private static final int NONE = -1;

  /** Deadlines are late by this, so that a fast link needs one wake-up for several packets. */
  private static final long GRAIN_NS = 100_000L;

  private static final long WEIGHTS = 1024;

  private final long rate;
  private final long[] classRate;
  private final int[] priority;
  private final int[] weight;
  private final int[] chunk;
  private final int[] order; // classes by priority
  private final ClassCounters[] counters;
  private final Slots slots;
  private final ClientQueues queues;

  private long nextNs;
  private final long[] classNextNs;
  private final long[] service; // of each class: bytes by weight, a virtual time
  private final boolean[] inService;
  private final long[] levelService; // of each priority
  private long lastNs;

  /**
   * Empty queues.
   *
   * @param clients clients are numbered from 0 up to, but not including, this
   * @throws IllegalArgumentException when there would be more than {@link #MAX_QUEUES}
   */
  public ClassQueues(QueueSettings settings, int clients, long nowNs) {
    List<ClassSettings> classes = settings.classes();
    int count = classes.size();
    if ((long) count * clients > MAX_QUEUES) {
      throw new IllegalArgumentException(
          "%d classes of %d clients are more than %d queues".formatted(count, clients, MAX_QUEUES));
    }
    rate = settings.bitsPerSecond();
    classRate = classes.stream().mapToLong(ClassSettings::bitsPerSecond).toArray();
    priority = classes.stream().mapToInt(ClassSettings::priority).toArray();
    weight = classes.stream().mapToInt(ClassSettings::weight).toArray();
    chunk = new int[count];
    Arrays.setAll(chunk, settings::chunkBytes);
    order = byPriority();
    counters = new ClassCounters[count];
    Arrays.setAll(counters, c -> new ClassCounters());
    slots = new Slots(settings, counters);
    queues = new ClientQueues(settings, clients, slots, nowNs);
    nextNs = nowNs;
    classNextNs = new long[count];
    Arrays.fill(classNextNs, nowNs);
    service = new long[count];
    inService = new boolean[count];
    levelService = new long[ClassSettings.MAX_PRIORITY + 1];
    lastNs = nowNs;
  }

  private int[] byPriority() {
    List<Integer> sorted = new ArrayList<>();
    for (int level = 0; level <= ClassSettings.MAX_PRIORITY; level++) {
      for (int c = 0; c < priority.length; c++) {
        if (priority[c] == level) {
          sorted.add(c);
        }
      }
    }
    return sorted.stream().mapToInt(Integer::intValue).toArray();
  }

  /** Number of slots; slots are numbered from 0 up to, but not including, this. */
  public int slots() {
    return slots.count();
  }

  /** Most bytes of a class that should go as one; a burst of more is to be split. */
  public int chunkBytes(int c) {
    return chunk[c];
  }

  /** Packets that CoDel has dropped so far. */
  public long latePkts() {
    return slots.latePkts();
  }

  /** Packets that wait. */
  public long packets() {
    return slots.waitingPkts();
  }

  /**
   * Whether a packet or burst may go at once, past the queues; it has then been counted as sent.
   *
   * @param pkts packets that it stands for
   * @param bytes their bytes together, as the caps count them
   */
  public boolean pass(int c, int client, int pkts, long bytes, long nowNs) {
    lastNs = nowNs;
    int q = queues.queue(c, client);
    if (!mayGo(c, nowNs) || !queues.open(q, nowNs) || mustFollow(c)) {
      return false;
    }
    queues.charge(q, bytes, false, nowNs);
    charge(c, bytes, nowNs);
    counters[c].sent(pkts, bytes, 0);
    return true;
  }

  private boolean mayGo(int c, long nowNs) {
    return (rate == 0 || nextNs - nowNs <= 0) && (classRate[c] == 0 || classNextNs[c] - nowNs <= 0);
  }

  /** Whether something waits that goes before what comes now, or in turn with it. */
  private boolean mustFollow(int c) {
    if (packets() == 0) {
      return false;
    }
    if (rate == 0) {
      return classRate[c] > 0 && counters[c].waitingPkts > 0;
    }
    for (int other : order) {
      if (priority[other] > priority[c]) {
        return false;
      }
      if (counters[other].waitingPkts > 0) {
        return true;
      }
    }
    return false;
  }

  private void charge(int c, long bytes, long nowNs) {
    if (rate > 0) {
      nextNs = Pace.after(nextNs, bytes, rate, packets() > 0, nowNs);
    }
    if (classRate[c] > 0) {
      boolean late = counters[c].waitingPkts > 0;
      classNextNs[c] = Pace.after(classNextNs[c], bytes, classRate[c], late, nowNs);
    }
  }

  /**
   * Lets a packet, or a burst that is not worth splitting, wait.
   *
   * @param pkts packets that it stands for
   * @param bytes their bytes together, as the caps count them
   * @param memoryBytes bytes that it takes in memory, at most {@link #MAX_BYTES}
   * @param markable whether its ends understand congestion marks (RFC 3168)
   * @return its slot, or -1 when there is no room: it has been counted as dropped
   */
  public int add(
      int c, int client, int pkts, int bytes, int memoryBytes, boolean markable, long nowNs) {
    lastNs = nowNs;
    int q = queues.queue(c, client);
    int slot = slots.take(c, queues.blocks(q), (memoryBytes + BLOCK_BYTES - 1) / BLOCK_BYTES);
    if (slot == NONE) {
      counters[c].fullPkts += pkts;
      return NONE;
    }
    if (packets() == 0) {
      nextNs = Pace.begin(nextNs, nowNs);
    }
    if (counters[c].waitingPkts == 0) {
      classNextNs[c] = Pace.begin(classNextNs[c], nowNs);
    }
    slots.enter(slot, pkts, bytes, markable, nowNs);
    queues.add(q, slot, nowNs);
    return slot;
  }

  /**
   * The slot of the packet that goes now, or -1 when none may. It keeps its memory until {@link
   * #free}.
   */
  public int next(long nowNs) {
    lastNs = nowNs;
    if (packets() == 0 || rate > 0 && nextNs - nowNs > 0) {
      return NONE;
    }
    queues.wake(nowNs);
    for (int c = choose(nowNs); c != NONE; c = choose(nowNs)) {
      int slot = queues.take(c, nowNs);
      if (slot != NONE) {
        leave(c, slot, nowNs);
        return slot;
      }
      // Its clients have all gone to sleep, or their last packets were dropped.
    }
    return NONE;
  }

  private void leave(int c, int slot, long nowNs) {
    int bytes = slots.bytes[slot];
    levelService[priority[c]] = service[c];
    service[c] += bytes * WEIGHTS / weight[c];
    charge(c, bytes, nowNs);
    slots.leave(slot);
    counters[c].sent(slots.pkts[slot], bytes, nowNs - slots.sinceNs[slot]);
  }

  /**
   * The class that goes next: of the smallest priority number that has something which may go, the
   * one that has had least by its weight. A class that comes back begins where the others are.
   */
  private int choose(long nowNs) {
    int best = NONE;
    for (int c : order) {
      if (best != NONE && priority[c] > priority[best]) {
        break;
      }
      boolean ready = queues.anyReady(c);
      if (ready && !inService[c]) {
        long others = levelService[priority[c]];
        service[c] = service[c] - others < 0 ? others : service[c];
      }
      inService[c] = ready;
      if (ready
          && (classRate[c] == 0 || classNextNs[c] - nowNs <= 0)
          && (best == NONE || service[c] - service[best] < 0)) {
        best = c;
      }
    }
    return best;
  }

  /** Whether a packet that {@link #next} gave has to be marked as having met congestion. */
  public boolean marked(int slot) {
    return slots.marked(slot);
  }

  /** Class of a packet. */
  public int classOf(int slot) {
    return slots.classOf(slot);
  }

  /** Gives the memory of a packet back that {@link #next} or {@link #drain} gave. */
  public void free(int slot) {
    slots.give(slot);
  }

  /**
   * When {@link #next} may have something; Long.MAX_VALUE for never. By the time of the last call.
   */
  public long nextDeadlineNs() {
    if (packets() == 0) {
      return Long.MAX_VALUE;
    }
    long wait = Long.MAX_VALUE;
    for (int c : order) {
      if (queues.anyReady(c)) {
        wait = Math.min(wait, classRate[c] == 0 ? 0 : Math.max(0, classNextNs[c] - lastNs));
      }
    }
    if (queues.anyAsleep()) {
      wait = Math.min(wait, Math.max(0, queues.nextWakeNs() - lastNs));
    }
    if (wait == Long.MAX_VALUE) {
      return wait;
    }
    return lastNs + (rate > 0 ? Math.max(wait, nextNs - lastNs) : wait) + GRAIN_NS;
  }

  /**
   * Takes a packet out, whatever the caps are, the highest class first: for one who puts them
   * elsewhere. It keeps its memory until {@link #free}. Not together with {@link #next}.
   *
   * @return its slot, or -1 when nothing waits
   */
  public int drain() {
    for (int c : order) {
      int slot = queues.drain(c);
      if (slot != NONE) {
        slots.leave(slot);
        return slot;
      }
    }
    return NONE;
  }

  /** A snapshot of what has happened to the packets of a class; allocates. */
  public ClassStatistics statistics(int c) {
    return counters[c].snapshot();
  }
}
