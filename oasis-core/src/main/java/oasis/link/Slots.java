// SPDX-License-Identifier: Apache-2.0
package oasis.link;

/**
 * The packets that wait in {@link ClassQueues}: what has to be known of each, by the number of its
 * first block. Each class has a part of the blocks of its own, so that none can take another's.
 * Confined to one thread.
 */
final class Slots {
  static final int NONE = -1;

  private final BlockArena[] arenas; // of each class
  private final int[] base;
  private final ClassCounters[] counters;

  // Of each slot.
  final int[] next;
  final int[] bytes;
  final int[] blocks;
  final int[] pkts;
  final long[] sinceNs;
  private final byte[] classes;
  private final boolean[] markable;
  private final boolean[] marked;

  private long waitingPkts;
  private long latePkts;

  Slots(QueueSettings settings, ClassCounters[] counters) {
    this.counters = counters;
    int count = settings.classes().size();
    arenas = new BlockArena[count];
    base = new int[count];
    int all = 0;
    for (int c = 0; c < count; c++) {
      arenas[c] = new BlockArena(settings.runs(c));
      base[c] = all;
      all += arenas[c].blocks();
    }
    next = new int[all];
    bytes = new int[all];
    blocks = new int[all];
    pkts = new int[all];
    sinceNs = new long[all];
    classes = new byte[all];
    markable = new boolean[all];
    marked = new boolean[all];
  }

  /** All blocks of all classes. */
  int count() {
    return next.length;
  }

  /**
   * Takes room for a packet of a client of a class. What a client may hold is no more than what is
   * free (dynamic thresholds, Choudhury and Hahne, IEEE/ACM Transactions on Networking 1998): one
   * alone gets half, and whoever comes next finds room.
   *
   * @param held blocks that the client holds already
   * @return the slot, or -1
   */
  int take(int c, int held, int wanted) {
    int run = BlockArena.runOf(wanted);
    BlockArena arena = arenas[c];
    if (wanted > BlockArena.LARGEST || held + run > arena.freeBlocks() - run) {
      return NONE;
    }
    int at = arena.take(wanted);
    if (at == NONE) {
      return NONE;
    }
    int slot = base[c] + at;
    blocks[slot] = run;
    classes[slot] = (byte) c;
    marked[slot] = false;
    return slot;
  }

  /** Packets that wait, over all classes. */
  long waitingPkts() {
    return waitingPkts;
  }

  /** Packets dropped late, over all classes. */
  long latePkts() {
    return latePkts;
  }

  /** What a slot that was just taken holds begins to wait. */
  void enter(int slot, int packets, int packetBytes, boolean mayBeMarked, long nowNs) {
    pkts[slot] = packets;
    bytes[slot] = packetBytes;
    sinceNs[slot] = nowNs;
    markable[slot] = mayBeMarked;
    counters[classes[slot]].enter(packets, packetBytes);
    waitingPkts += packets;
  }

  /** What a slot holds waits no longer. */
  void leave(int slot) {
    counters[classes[slot]].leave(pkts[slot], bytes[slot]);
    waitingPkts -= pkts[slot];
  }

  boolean marked(int slot) {
    return marked[slot];
  }

  int classOf(int slot) {
    return classes[slot];
  }

  void give(int slot) {
    int c = classes[slot];
    arenas[c].give(slot - base[c]);
  }

  /** A packet has waited too long and is dropped. */
  void dropLate(int slot) {
    counters[classes[slot]].latePkts += pkts[slot];
    latePkts += pkts[slot];
    leave(slot);
    give(slot);
  }

  /** A packet has waited too long and is marked, if it may be. */
  boolean mark(int slot) {
    if (markable[slot]) {
      marked[slot] = true;
      counters[classes[slot]].markedPkts += pkts[slot];
    }
    return markable[slot];
  }
}
