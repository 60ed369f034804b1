// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.nio.ByteBuffer;

/**
 * Walks the records of a fake pool's journal, however damaged it is: behind bytes that are no
 * record it goes on with the next that is one.
 */
final class FakeScan {
  private static final int NONE = -1;

  private final ByteBuffer journal;
  private final FakeRecord record;
  private int at;
  private int badFrom = NONE;
  private int badRegions;
  private int tornBytes;

  /**
   * A walk that has not begun.
   *
   * @param journal all records, from index 0 to its limit
   * @param record what {@link #next} fills
   */
  FakeScan(ByteBuffer journal, FakeRecord record) {
    this.journal = journal;
    this.record = record;
  }

  /** Fills the record with the next good one; false at the end. */
  boolean next() {
    for (; at < journal.limit(); at++) {
      int end = record.read(journal, at);
      if (end != FakeRecord.BAD) {
        badRegions += badFrom == NONE ? 0 : 1;
        badFrom = NONE;
        at = end;
        return true;
      }
      badFrom = badFrom == NONE ? at : badFrom;
    }
    int rest = badFrom == NONE ? 0 : at - badFrom;
    badFrom = NONE;
    // A crash leaves less than one record.
    if (rest >= FakeRecord.MAX_BYTES) {
      badRegions++;
    } else if (rest > 0) {
      tornBytes = rest;
    }
    return false;
  }

  /** Stretches of bytes that were no record, but for one at the end. */
  int badRegions() {
    return badRegions;
  }

  /** Bytes at the end that are too few to be a whole longest record. */
  int tornBytes() {
    return tornBytes;
  }
}
