// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import oasis.packet.Prefix;

/**
 * Fake addresses of one family that programs get in place of real ones: one per (name, real
 * address). A fake always means the same name until it is reused, and it is reused only when no
 * flow holds it and for {@link #REUSE_AFTER_NS} it was neither given out nor let go, least recently
 * used first. Of an IPv6 range longer than {@link #MAX_FAKES6} only the first addresses are given
 * out, so that all fakes of a pool share their upper half.
 *
 * <p>What must survive a crash goes to a {@link Journal} before a fake is given out; {@link
 * #restore} reads it back. Uses are journalled coarsely, at most about once in {@link
 * #JOURNAL_EVERY_NS} per entry, and restored on the safe side: an entry that may have been held at
 * the crash, or whose age says that the clock was wrong, counts as used at the restore, any other
 * as used up to that much later than written.
 *
 * <p>The packet path uses {@link #find}, {@link #hold} and {@link #release}; names are touched only
 * by {@link #assign}. Memory grows with the entries. Confined to one thread.
 */
public final class FakePool {
  /** How long a fake rests before it may mean something else: one hour. */
  public static final long REUSE_AFTER_NS = 3_600_000_000_000L;

  /** How far the journal may lag behind the last use of an entry that no flow holds. */
  public static final long JOURNAL_EVERY_NS = 300_000_000_000L;

  /** Addresses of an IPv6 range that are used, the reserved ones included. */
  public static final int MAX_FAKES6 = 131_072;

  private static final long SECOND_NS = 1_000_000_000L;

  /** An age above it, one day, may come from a clock that was wrong when a record was written. */
  private static final long MAX_AGE_SECONDS = 86_400L;

  private static final int NONE = FakeRange.NONE;

  private final FakeRange range;
  private final Journal journal;
  private final LongSupplier epochSeconds;
  private final FakeRecord record = new FakeRecord();
  private final Map<Key, Integer> byKey = new HashMap<>();

  /** Entries that no flow holds, least recently used first. */
  private final SlotList idle = new SlotList();

  private Key[] keys = new Key[0];
  private int[] offsets = new int[0];
  private int[] holds = new int[0];
  private int[] rules = new int[0];
  private long[] lastUseNs = new long[0];
  private long[] journalledNs = new long[0];

  /** Whether the journal's last word about an entry is that a flow holds it. */
  private boolean[] journalledHeld = new boolean[0];

  private int size;
  private int held;
  private long exhausted;
  private long journalFailures;

  private record Key(String name, long realHi, long realLo) {}

  /**
   * Result of {@link #restore}.
   *
   * @param entries fakes that mean something again
   * @param badRegions stretches of the journal that were no record
   * @param outOfRange records about fakes outside this pool's range
   * @param tornBytes bytes of an unfinished record at the end
   */
  public record Restored(int entries, int badRegions, int outOfRange, int tornBytes) {}

  /**
   * An empty pool.
   *
   * @param range IPv4 range of 8 to 29 bits, or IPv6 range of 8 to 125 bits; its first, second (the
   *     TUN's own) and last usable address are never given out
   * @param seed where in the range the first fake lies
   * @param journal where to write records
   * @param epochSeconds wall clock for records: seconds since 1970
   */
  public FakePool(Prefix range, long seed, Journal journal, LongSupplier epochSeconds) {
    this.range = new FakeRange(range, seed);
    this.journal = journal;
    this.epochSeconds = epochSeconds;
  }

  /**
   * The fake of a name and real address; makes one if there is none.
   *
   * @param name lower-case name without a final dot; one of more than 1,023 bytes in UTF-8 gets 0
   * @param rule number of the rule that matched, kept for {@link #rule}
   * @return lower half of the fake ({@link #fakeHi} is the upper one), or 0 when none is free or
   *     the journal refused
   */
  public long assign(String name, long realHi, long realLo, int rule, long nowNs) {
    Key key = new Key(name, realHi, realLo);
    Integer known = byKey.get(key);
    if (known != null) {
      renew(known, rule, nowNs);
      return fakeLo(known);
    }
    if (name.getBytes(StandardCharsets.UTF_8).length > FakeRecord.MAX_NAME_BYTES) {
      exhausted++;
      return 0;
    }
    int reused = size < range.capacity() ? NONE : reusable(nowNs);
    if (size == range.capacity() && reused == NONE) {
      exhausted++;
      return 0;
    }
    int offset = reused == NONE ? range.unused() : offsets[reused];
    if (!append(journal, true, key, offset, false, epochSeconds.getAsLong())) {
      return 0;
    }
    int entry = reused == NONE ? add(offset) : reused;
    define(entry, key);
    rules[entry] = rule;
    lastUseNs[entry] = nowNs;
    journalled(entry, false, nowNs);
    toEnd(entry);
    return fakeLo(entry);
  }

  /** The entry of a fake address, or -1 when that address means nothing. */
  public int find(long hi, long lo) {
    int offset = range.offset(hi, lo);
    return offset == NONE ? NONE : range.entry(offset);
  }

  /** Whether an address lies in the range, assigned or not. */
  public boolean inRange(long hi, long lo) {
    return range.contains(hi, lo);
  }

  /** Name of an entry. */
  public String name(int entry) {
    return keys[entry].name;
  }

  /** Upper half of the real address of an entry. */
  public long realHi(int entry) {
    return keys[entry].realHi;
  }

  /** Lower half of the real address of an entry. */
  public long realLo(int entry) {
    return keys[entry].realLo;
  }

  /** Upper half of every fake address of this pool: 0 for IPv4. */
  public long fakeHi() {
    return range.hi();
  }

  /** Lower half of the fake address of an entry. */
  public long fakeLo(int entry) {
    return range.lo(offsets[entry]);
  }

  /** The rule given with the last assignment; -1 after a restore: match the name again. */
  public int rule(int entry) {
    return rules[entry];
  }

  /** A flow begins to use an entry. */
  public void hold(int entry, long nowNs) {
    if (holds[entry]++ == 0) {
      held++;
      idle.remove(entry);
    }
    lastUseNs[entry] = nowNs;
    if (!journalledHeld[entry]) {
      journalUse(entry, true, nowNs);
    }
  }

  /** A flow that held an entry ends. */
  public void release(int entry, long nowNs) {
    if (holds[entry] == 0) {
      throw new IllegalStateException("nobody holds " + entry);
    }
    lastUseNs[entry] = nowNs;
    if (--holds[entry] > 0) {
      return;
    }
    held--;
    idle.addLast(entry);
    // Within that time the journal goes on saying "held", which errs on the safe side and saves
    // two records for each of many short flows.
    if (nowNs - journalledNs[entry] >= JOURNAL_EVERY_NS) {
      journalUse(entry, false, nowNs);
    }
  }

  /** Flows that hold an entry. */
  public int holds(int entry) {
    return holds[entry];
  }

  /** Entries that some flow holds. */
  public int held() {
    return held;
  }

  /** Entries in use; entry numbers are 0 to {@code size() - 1}. */
  public int size() {
    return size;
  }

  /** Most entries the range has room for. */
  public int capacity() {
    return range.capacity();
  }

  /** How often {@link #assign} found no free fake. */
  public long exhausted() {
    return exhausted;
  }

  /** Records that the journal refused. */
  public long journalFailures() {
    return journalFailures;
  }

  /**
   * Reads back what a pool wrote to its journal; this pool must be empty. A record that was torn by
   * a crash at the end is ignored, broken ones in between are skipped and counted.
   *
   * @param records the whole journal, from index 0 to its limit
   * @return what was found
   */
  public Restored restore(ByteBuffer records, long nowNs) {
    if (size > 0) {
      throw new IllegalStateException("restore comes before the first assignment");
    }
    int outOfRange = 0;
    FakeScan scan = new FakeScan(records, record);
    while (scan.next()) {
      outOfRange += apply(nowNs) ? 0 : 1;
    }
    // Entries of equal age stay in the order in which they were first given out.
    IntStream.range(0, size)
        .boxed()
        .sorted((a, b) -> Long.compare(lastUseNs[a], lastUseNs[b]))
        .forEach(idle::addLast);
    return new Restored(size, scan.badRegions(), outOfRange, scan.tornBytes());
  }

  /**
   * Writes the present state as records, which make a journal in brief.
   *
   * @return false as soon as the target refuses one
   */
  public boolean writeTo(Journal target, long nowNs) {
    long wall = epochSeconds.getAsLong();
    for (int entry = 0; entry < size; entry++) {
      long seconds = wall - (nowNs - lastUseNs[entry]) / SECOND_NS;
      boolean held = journalledHeld[entry] || holds[entry] > 0;
      if (!append(target, true, keys[entry], offsets[entry], held, seconds)) {
        return false;
      }
    }
    return true;
  }

  /** Takes the record just read over; false when its fake is not of this range. */
  private boolean apply(long nowNs) {
    int offset = range.offset(record.fakeHi, record.fakeLo);
    if (offset == NONE) {
      return false;
    }
    int entry = range.entry(offset);
    if (record.assignment) {
      if (entry == NONE) {
        entry = add(offset);
      }
      define(entry, new Key(record.name, record.realHi, record.realLo));
      rules[entry] = NONE;
    } else if (entry == NONE) {
      // The assignment before it was damaged and is counted as such.
      return true;
    }
    long lag = JOURNAL_EVERY_NS / SECOND_NS;
    long age = record.held ? 0 : epochSeconds.getAsLong() - record.epochSeconds - lag;
    boolean believable = age >= 0 && age <= MAX_AGE_SECONDS;
    lastUseNs[entry] = nowNs - (believable ? age : 0) * SECOND_NS;
    journalled(entry, false, lastUseNs[entry]);
    return true;
  }

  private void renew(int entry, int rule, long nowNs) {
    rules[entry] = rule;
    lastUseNs[entry] = nowNs;
    boolean held = holds[entry] > 0;
    if (!held) {
      toEnd(entry);
    }
    if (nowNs - journalledNs[entry] >= JOURNAL_EVERY_NS) {
      journalUse(entry, held, nowNs);
    }
  }

  private void toEnd(int entry) {
    if (idle.contains(entry)) {
      idle.remove(entry);
    }
    idle.addLast(entry);
  }

  private int reusable(long nowNs) {
    int oldest = idle.first();
    return oldest != NONE && nowNs - lastUseNs[oldest] >= REUSE_AFTER_NS ? oldest : NONE;
  }

  private int add(int offset) {
    int entry = size++;
    if (entry == keys.length) {
      grow();
    }
    offsets[entry] = offset;
    range.put(offset, entry);
    return entry;
  }

  /** Gives an entry its meaning; the name it had before loses it. */
  private void define(int entry, Key key) {
    Key before = keys[entry];
    if (before != null) {
      byKey.remove(before, entry);
    }
    keys[entry] = key;
    byKey.put(key, entry);
  }

  private void grow() {
    int length = Math.min(range.capacity(), Math.max(16, keys.length * 2));
    keys = Arrays.copyOf(keys, length);
    offsets = Arrays.copyOf(offsets, length);
    holds = Arrays.copyOf(holds, length);
    rules = Arrays.copyOf(rules, length);
    lastUseNs = Arrays.copyOf(lastUseNs, length);
    journalledNs = Arrays.copyOf(journalledNs, length);
    journalledHeld = Arrays.copyOf(journalledHeld, length);
  }

  private void journalUse(int entry, boolean held, long nowNs) {
    if (append(journal, false, keys[entry], offsets[entry], held, epochSeconds.getAsLong())) {
      journalled(entry, held, nowNs);
    }
  }

  private void journalled(int entry, boolean held, long nowNs) {
    journalledHeld[entry] = held;
    journalledNs[entry] = nowNs;
  }

  private boolean append(
      Journal target, boolean assignment, Key key, int offset, boolean held, long seconds) {
    record.assignment = assignment;
    record.held = held;
    record.fakeHi = range.hi();
    record.fakeLo = range.lo(offset);
    record.epochSeconds = seconds;
    record.realHi = key.realHi;
    record.realLo = key.realLo;
    record.name = key.name;
    boolean stored = target.append(record.write());
    journalFailures += stored ? 0 : 1;
    return stored;
  }
}
