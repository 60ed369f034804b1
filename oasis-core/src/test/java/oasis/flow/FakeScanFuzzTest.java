// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import oasis.packet.Prefix;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

class FakeScanFuzzTest {
  private static final Prefix[] RANGES = {
    Prefix.parse("198.18.0.0/24"), Prefix.parse("fdc6:1200:4710::/120")
  };

  private static byte[] journal(Gen gen, Prefix range) {
    MemoryJournal journal = new MemoryJournal();
    FakePool pool = new FakePool(range, gen.anyLong(), journal, () -> 1000);
    for (int i = gen.below(30); i > 0; i--) {
      pool.assign("n" + gen.below(20), 0, gen.below(3), 0, 0);
      if (gen.flip()) {
        pool.hold(gen.below(pool.size()), 0);
      }
    }
    return journal.bytes();
  }

  @Test
  void aDamagedJournalNeverThrowsAndLosesOnlyWhatIsDamaged() {
    Gen.cases(
        500,
        gen -> {
          Prefix range = RANGES[gen.below(2)];
          byte[] bytes = journal(gen, range);
          FakeScan whole = new FakeScan(ByteBuffer.wrap(bytes), new FakeRecord());
          int all = count(whole);
          assertThat(whole.badRegions() + whole.tornBytes()).isZero();
          int hits = bytes.length == 0 ? 0 : gen.below(5);
          for (int i = 0; i < hits; i++) {
            bytes[gen.below(bytes.length)] = (byte) gen.anyInt();
          }
          int left = count(new FakeScan(ByteBuffer.wrap(bytes), new FakeRecord()));
          assertThat(left).isBetween(all - hits, all);
          FakePool pool = new FakePool(range, 1, record -> true, () -> 1000);
          assertThat(pool.restore(ByteBuffer.wrap(bytes), 0).entries()).isLessThanOrEqualTo(all);
        });
  }

  @Test
  void aJournalTornAtAnyByteKeepsEveryRecordBeforeIt() {
    Gen.cases(
        20,
        gen -> {
          Prefix range = RANGES[gen.below(2)];
          byte[] bytes = journal(gen, range);
          FakeRecord record = new FakeRecord();
          int whole = 0;
          int end = 0;
          for (int cut = 0; cut <= bytes.length; cut++) {
            if (cut > end || cut == 0) {
              int next = cut == 0 ? 0 : record.read(ByteBuffer.wrap(bytes, 0, cut), end);
              boolean good = cut > 0 && next != FakeRecord.BAD;
              whole += good ? 1 : 0;
              end = good ? next : end;
            }
            byte[] torn = Arrays.copyOf(bytes, cut);
            FakeScan scan = new FakeScan(ByteBuffer.wrap(torn), new FakeRecord());
            assertThat(count(scan)).as("torn at %d", cut).isEqualTo(whole);
            assertThat(scan.tornBytes()).isEqualTo(cut - end);
            FakePool pool = new FakePool(range, 1, none -> true, () -> 1000);
            assertThat(pool.restore(ByteBuffer.wrap(torn), 0).badRegions()).isZero();
          }
          assertThat(end).isEqualTo(bytes.length);
        });
  }

  @Test
  void randomBytesHoldNoRecord() {
    Gen.cases(
        200,
        gen -> {
          byte[] bytes = gen.bytes(gen.below(5000));
          FakeScan scan = new FakeScan(ByteBuffer.wrap(bytes), new FakeRecord());
          assertThat(scan.next()).isFalse();
          assertThat(scan.badRegions() == 1).isEqualTo(bytes.length >= FakeRecord.MAX_BYTES);
        });
  }

  private static int count(FakeScan scan) {
    int records = 0;
    while (scan.next()) {
      records++;
    }
    return records;
  }
}
