// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.nio.file.Path;
import oasis.flow.FakePool;
import oasis.io.DataLoop;
import oasis.os.OsException;
import oasis.packet.Prefix;

/**
 * The fake addresses of one family and their journal. Opened by the thread that starts the client,
 * then confined to the data loop.
 */
final class FakeStore implements AutoCloseable, DataLoop.Timer {
  private static final long CHECK_NS = 60_000_000_000L;

  private final FakeJournal journal;
  private final FakePool pool;
  private final FakePool.Restored restored;
  private long nextCheckNs;

  private FakeStore(FakeJournal journal, FakePool pool, FakePool.Restored restored, long nowNs) {
    this.journal = journal;
    this.pool = pool;
    this.restored = restored;
    this.nextCheckNs = nowNs + CHECK_NS;
  }

  /**
   * Reads what an earlier run gave out, and writes it down in brief.
   *
   * @param path the journal
   */
  static FakeStore open(Path path, Prefix range, long seed, long nowNs) throws OsException {
    try {
      FakeJournal journal = FakeJournal.open(path);
      FakePool pool = new FakePool(range, seed, journal, () -> System.currentTimeMillis() / 1000);
      FakePool.Restored restored = pool.restore(journal.read(), nowNs);
      if (journal.bytes() > 0 && !journal.replace(brief -> pool.writeTo(brief, nowNs))) {
        throw new OsException(path + ": cannot be written; is the disk full?");
      }
      return new FakeStore(journal, pool, restored, nowNs);
    } catch (IOException e) {
      throw new OsException(path + ": cannot be used: " + e.getMessage(), e);
    }
  }

  FakePool pool() {
    return pool;
  }

  /** What was found at the start. */
  FakePool.Restored restored() {
    return restored;
  }

  @Override
  public long nextDeadlineNs() {
    return nextCheckNs;
  }

  @Override
  public void onDue(long nowNs) {
    if (nowNs < nextCheckNs) {
      return;
    }
    nextCheckNs = nowNs + CHECK_NS;
    if (journal.bytes() > FakeJournal.BRIEF_ABOVE_BYTES) {
      journal.replace(brief -> pool.writeTo(brief, nowNs));
    }
  }

  @Override
  public void close() {
    journal.close();
  }
}
