// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.nio.ByteBuffer;
import java.util.function.LongSupplier;

/**
 * Fake IPv4 addresses that programs get in place of real ones: one per (name, real address). A fake
 * always means the same name until it is reused, and it is reused only when no flow holds it and
 * for {@link #REUSE_AFTER_NS} it was neither given out nor let go, least recently used first.
 *
 * <p>What must survive a crash goes to a {@link Journal} before a fake is given out; {@link
 * #restore} reads it back. The packet path uses {@link #find}, {@link #hold} and {@link #release},
 * which do not allocate; names are touched only by {@link #assign}.
 *
 * <p>Confined to one thread.
 */
public final class FakePool {
  /** How long a fake rests before it may mean something else: one hour. */
  public static final long REUSE_AFTER_NS = 3_600_000_000_000L;

  /**
   * An empty pool.
   *
   * @param networkLo lower half of the range's first address, IPv4-mapped; the range's first,
   *     second (the TUN's own) and last address are never given out
   * @param bits prefix length as IPv4 counts, 8 to 29
   * @param seed where in the range the first fake lies
   * @param journal where to write records
   * @param epochSeconds wall clock for records: seconds since 1970
   */
  public FakePool(long networkLo, int bits, long seed, Journal journal, LongSupplier epochSeconds) {
    throw new UnsupportedOperationException("being written");
  }

  /**
   * The fake of a name and real address; makes one if there is none.
   *
   * @param name lower-case name without a final dot, at most 255 bytes in UTF-8
   * @param rule number of the rule that matched, kept for {@link #rule}
   * @return lower half of the fake, IPv4-mapped, or 0 when none is free or the journal refused
   */
  public long assign(String name, long realHi, long realLo, int rule, long nowNs) {
    throw new UnsupportedOperationException("being written");
  }

  /** The entry of a fake address, or -1 when that address means nothing. */
  public int find(long hi, long lo) {
    throw new UnsupportedOperationException("being written");
  }

  /** Whether an address lies in the range, assigned or not. */
  public boolean inRange(long hi, long lo) {
    throw new UnsupportedOperationException("being written");
  }

  /** Name of an entry. */
  public String name(int entry) {
    throw new UnsupportedOperationException("being written");
  }

  /** Upper half of the real address of an entry. */
  public long realHi(int entry) {
    throw new UnsupportedOperationException("being written");
  }

  /** Lower half of the real address of an entry. */
  public long realLo(int entry) {
    throw new UnsupportedOperationException("being written");
  }

  /** Lower half of the fake address of an entry. */
  public long fakeLo(int entry) {
    throw new UnsupportedOperationException("being written");
  }

  /** The rule given with the last assignment; -1 after a restore: match the name again. */
  public int rule(int entry) {
    throw new UnsupportedOperationException("being written");
  }

  /** Replaces the rule of an entry, as after a change of the rule set. */
  public void setRule(int entry, int rule) {
    throw new UnsupportedOperationException("being written");
  }

  /** A flow begins to use an entry. */
  public void hold(int entry, long nowNs) {
    throw new UnsupportedOperationException("being written");
  }

  /** A flow that held an entry ends. */
  public void release(int entry, long nowNs) {
    throw new UnsupportedOperationException("being written");
  }

  /** Flows that hold an entry. */
  public int holds(int entry) {
    throw new UnsupportedOperationException("being written");
  }

  /** Entries in use; entry numbers are 0 to {@code size() - 1}. */
  public int size() {
    throw new UnsupportedOperationException("being written");
  }

  /** Most entries the range has room for. */
  public int capacity() {
    throw new UnsupportedOperationException("being written");
  }

  /** How often {@link #assign} found no free fake. */
  public long exhausted() {
    throw new UnsupportedOperationException("being written");
  }

  /** How often {@link #assign} was refused by the journal. */
  public long journalFailures() {
    throw new UnsupportedOperationException("being written");
  }

  /**
   * Reads back what a pool wrote to its journal; this pool must be empty. A record that was torn by
   * a crash at the end is ignored, broken ones in between are skipped and counted.
   *
   * @param records the whole journal
   * @return what was found
   */
  public Restored restore(ByteBuffer records, long nowNs) {
    throw new UnsupportedOperationException("being written");
  }

  /**
   * Result of {@link #restore}.
   *
   * @param entries fakes that mean something again
   * @param badRegions stretches of the journal that were no record
   * @param outOfRange records about fakes outside this pool's range
   * @param tornBytes bytes of an unfinished record at the end
   */
  public record Restored(int entries, int badRegions, int outOfRange, int tornBytes) {}

  /** Writes the present state as records, the least recently used first: a journal in brief. */
  public boolean writeTo(Journal target, long nowNs) {
    throw new UnsupportedOperationException("being written");
  }
}
