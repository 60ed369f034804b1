// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import java.util.zip.CRC32C;
import oasis.packet.Address;
import oasis.packet.Prefix;
import oasis.testkit.NoAllocation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FakePoolTest {
  private static final long HOUR = FakePool.REUSE_AFTER_NS;
  private static final long REAL = Address.parse("192.0.2.1").lo();

  private final MemoryJournal journal = new MemoryJournal();

  /** Virtual time: the wall clock goes with it. */
  private long now = 5_000_000_000_000L;

  private FakePool pool(String range) {
    return new FakePool(Prefix.parse(range), 7, journal, this::wall);
  }

  private long wall() {
    return 1_700_000_000L + now / 1_000_000_000L;
  }

  private long assign(FakePool pool, String name) {
    return pool.assign(name, 0, REAL, 1, now);
  }

  private FakePool restored(String range) {
    FakePool pool = pool(range);
    pool.restore(ByteBuffer.wrap(journal.bytes()), now);
    return pool;
  }

  @Test
  void aNameAndRealAddressHaveOneFakeAndOthersAnother() {
    FakePool pool = pool("198.18.0.0/16");
    long fake = assign(pool, "a.example");
    assertThat(assign(pool, "a.example")).isEqualTo(fake);
    assertThat(assign(pool, "b.example")).isNotEqualTo(fake);
    assertThat(pool.assign("a.example", 0, REAL + 1, 1, now)).isNotEqualTo(fake);
    int entry = pool.find(0, fake);
    assertThat(pool.name(entry)).isEqualTo("a.example");
    assertThat(pool.realLo(entry)).isEqualTo(REAL);
    assertThat(pool.rule(entry)).isEqualTo(1);
    assertThat(pool.size()).isEqualTo(3);
  }

  @Test
  void allButNetworkOwnAndBroadcastAddressAreGivenOut() {
    FakePool pool = pool("198.18.0.0/24");
    Set<Long> fakes = new HashSet<>();
    for (int i = 0; i < 253; i++) {
      fakes.add(assign(pool, "n" + i));
    }
    assertThat(fakes).hasSize(253);
    long network = Address.parse("198.18.0.0").lo();
    assertThat(fakes).doesNotContain(0L, network, network + 1, network + 255);
    assertThat(assign(pool, "one more")).isZero();
    assertThat(pool.exhausted()).isEqualTo(1);
    assertThat(pool.inRange(0, network)).isTrue();
    assertThat(pool.inRange(0, network + 255)).isTrue();
    assertThat(pool.inRange(0, network + 256)).isFalse();
    assertThat(pool.inRange(0, network - 1)).isFalse();
    assertThat(pool.find(0, network)).isEqualTo(-1);
    assertThat(pool.find(0, network + 255)).isEqualTo(-1);
    assertThat(pool.find(1, fakes.iterator().next())).isEqualTo(-1);
  }

  @Test
  void ipv6RangesOfAnyLengthGiveAddressesInside() {
    for (String text : new String[] {"fdc6:1200:4710::/111", "fd00::/8", "fd00:1::/64"}) {
      FakePool pool = pool(text);
      Prefix range = Prefix.parse(text);
      assertThat(pool.capacity()).isEqualTo(FakePool.MAX_FAKES6 - 3);
      for (int i = 0; i < 1_000; i++) {
        long fake = assign(pool, "n" + i);
        assertThat(range.contains(pool.fakeHi(), fake)).isTrue();
        assertThat(fake - range.lo()).isBetween(2L, (long) FakePool.MAX_FAKES6 - 2);
        assertThat(pool.name(pool.find(pool.fakeHi(), fake))).isEqualTo("n" + i);
        assertThat(pool.find(pool.fakeHi() + 1, fake)).isEqualTo(-1);
        assertThat(pool.find(0, fake)).isEqualTo(-1);
      }
      assertThat(pool.inRange(range.lastHi(), range.lastLo())).isTrue();
      assertThat(pool.find(range.lastHi(), range.lastLo())).isEqualTo(-1);
      assertThat(pool.inRange(0, REAL)).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"198.18.0.0/15", "fdc6:1200:4710::/64"})
  void aHundredThousandNamesKeepTheirFakesOverARestart(String range) {
    FakePool pool = pool(range);
    long[] fakes = new long[100_000];
    for (int i = 0; i < fakes.length; i++) {
      fakes[i] = assign(pool, "n" + i + ".example");
    }
    assertThat(pool.exhausted()).isZero();
    FakePool again = restored(range);
    assertThat(again.size()).isEqualTo(fakes.length);
    for (int i = 0; i < fakes.length; i++) {
      assertThat(again.name(again.find(again.fakeHi(), fakes[i])).equals("n" + i + ".example"))
          .isTrue();
    }
  }

  @Test
  void flowsThatHoldFakesAreCounted() {
    FakePool pool = pool("198.18.0.0/24");
    int a = pool.find(0, assign(pool, "a"));
    int b = pool.find(0, assign(pool, "b"));
    pool.hold(a, now);
    pool.hold(a, now);
    pool.hold(b, now);
    assertThat(pool.held()).isEqualTo(2);
    pool.release(a, now);
    pool.release(b, now);
    assertThat(pool.held()).isEqualTo(1);
    pool.release(a, now);
    assertThat(pool.held()).isZero();
  }

  @Test
  void aSmallIpv6RangeIsUsedUp() {
    FakePool pool = pool("fdc6::ffff:fff8/125");
    Set<Long> fakes = new HashSet<>();
    for (int i = 0; i < 5; i++) {
      fakes.add(assign(pool, "n" + i));
    }
    long network = Address.parse("fdc6::ffff:fff8").lo();
    assertThat(fakes).hasSize(5).doesNotContain(0L, network, network + 1, network + 7);
    assertThat(assign(pool, "one more")).isZero();
    assertThat(pool.find(pool.fakeHi(), network + 1)).isEqualTo(-1);
  }

  @Test
  void rangesOutsideTheBoundsAreRefused() {
    for (String range : new String[] {"198.0.0.0/7", "198.18.0.0/30", "fc00::/7", "fdc6::/126"}) {
      assertThatThrownBy(() -> pool(range))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(range);
    }
  }

  @Test
  void aJournalOfOneFamilyMeansNothingToTheOther() {
    assign(pool("198.18.0.0/29"), "a");
    assign(pool("fdc6::/112"), "b");
    for (String range : new String[] {"198.18.0.0/29", "fdc6::/112"}) {
      assertThat(pool(range).restore(ByteBuffer.wrap(journal.bytes()), now))
          .isEqualTo(new FakePool.Restored(1, 0, 1, 0));
    }
  }

  /** What the release before this one wrote, byte for byte. */
  @Test
  void aJournalFromBeforeIpv6IsRead() {
    String assignment =
        "fa4e 0027 01 00 c6120007 000000006553f100 0000000000000000 0000ffffc0000201"
            + "612e6578616d706c65";
    byte[] record = HexFormat.of().parseHex(assignment.replace(" ", ""));
    CRC32C crc = new CRC32C();
    crc.update(record, 2, record.length - 2);
    ByteBuffer old = ByteBuffer.allocate(record.length + 4).put(record);
    old.putInt((int) crc.getValue()).flip();
    FakePool pool = pool("198.18.0.0/16");
    assertThat(pool.restore(old, now)).isEqualTo(new FakePool.Restored(1, 0, 0, 0));
    int entry = pool.find(0, Address.parse("198.18.0.7").lo());
    assertThat(pool.name(entry)).isEqualTo("a.example");
    assertThat(pool.realLo(entry)).isEqualTo(REAL);
  }

  @Test
  void aFakeIsReusedAfterAnHourLeastRecentlyUsedFirst() {
    FakePool pool = pool("198.18.0.0/29");
    for (int i = 0; i < 5; i++) {
      assign(pool, "n" + i);
      now++;
    }
    long used = assign(pool, "n0");
    long oldest = assign(pool, "n1");
    assign(pool, "n2");
    long expected = pool.fakeLo(3);
    now += HOUR - 3;
    assertThat(assign(pool, "x")).isZero();
    now++;
    assertThat(assign(pool, "x")).isEqualTo(expected);
    assertThat(pool.find(0, used)).isGreaterThanOrEqualTo(0);
    assertThat(pool.name(pool.find(0, expected))).isEqualTo("x");
    assertThat(assign(pool, "n1")).isEqualTo(oldest);
    assertThat(pool.size()).isEqualTo(5);
  }

  @Test
  void aHeldFakeIsNeverReusedAndRestsAnHourAfterItsLastFlow() {
    FakePool pool = pool("198.18.0.0/29");
    for (int i = 0; i < 5; i++) {
      assign(pool, "n" + i);
    }
    for (int entry = 0; entry < 5; entry++) {
      pool.hold(entry, now);
      pool.hold(entry, now);
    }
    now += 10 * HOUR;
    assertThat(assign(pool, "x")).isZero();
    pool.release(2, now);
    now += HOUR;
    assertThat(assign(pool, "x")).isZero();
    pool.release(2, now);
    now += HOUR - 1;
    assertThat(assign(pool, "x")).isZero();
    now++;
    assertThat(assign(pool, "x")).isEqualTo(pool.fakeLo(2));
    assertThat(pool.holds(1)).isEqualTo(2);
    assertThatThrownBy(() -> pool.release(2, now)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aFakeThatTheJournalCannotRememberIsNotGivenOut() {
    FakePool pool = pool("198.18.0.0/29");
    long known = assign(pool, "a");
    journal.works = false;
    assertThat(assign(pool, "b")).isZero();
    assertThat(assign(pool, "a")).isEqualTo(known);
    assertThat(pool.journalFailures()).isEqualTo(1);
    assertThat(pool.size()).isEqualTo(1);
    journal.works = true;
    assertThat(assign(pool, "b")).isNotZero();
  }

  @Test
  void aNameTooLongForTheJournalIsRefused() {
    FakePool pool = pool("198.18.0.0/29");
    assertThat(assign(pool, "ü".repeat(512))).isZero();
    assertThat(assign(pool, "ü".repeat(511))).isNotZero();
    assertThat(restored("198.18.0.0/29").name(0)).isEqualTo("ü".repeat(511));
  }

  @ParameterizedTest
  @ValueSource(strings = {"198.18.0.0/16", "fdc6:1200:4710::/112"})
  void afterARestoreEveryNameHasItsFake(String range) {
    FakePool pool = pool(range);
    for (int i = 0; i < 2000; i++) {
      pool.assign("n" + i % 700, i % 3, REAL + i % 11, i, now);
    }
    FakePool again = restored(range);
    assertThat(again.size()).isEqualTo(pool.size());
    for (int entry = 0; entry < pool.size(); entry++) {
      int same = again.find(pool.fakeHi(), pool.fakeLo(entry));
      assertThat(again.name(same)).isEqualTo(pool.name(entry));
      assertThat(again.realHi(same)).isEqualTo(pool.realHi(entry));
      assertThat(again.realLo(same)).isEqualTo(pool.realLo(entry));
      assertThat(again.rule(same)).isEqualTo(-1);
      assertThat(again.assign(pool.name(entry), pool.realHi(entry), pool.realLo(entry), 1, now))
          .isEqualTo(pool.fakeLo(entry));
    }
  }

  @Test
  void theHourOutlivesARestart() {
    FakePool pool = pool("198.18.0.0/29");
    for (int i = 0; i < 5; i++) {
      assign(pool, "n" + i);
    }
    now += HOUR - 1_000_000_000L;
    assertThat(assign(restored("198.18.0.0/29"), "x")).isZero();
    now += FakePool.JOURNAL_EVERY_NS + 1_000_000_000L;
    assertThat(assign(restored("198.18.0.0/29"), "x")).isNotZero();
  }

  @Test
  void aFakeThatWasHeldAtTheCrashRestsAnHourFromTheRestart() {
    FakePool pool = pool("198.18.0.0/29");
    for (int i = 0; i < 5; i++) {
      assign(pool, "n" + i);
      pool.hold(i, now);
    }
    now += 24 * HOUR;
    FakePool again = restored("198.18.0.0/29");
    assertThat(assign(again, "x")).isZero();
    now += HOUR;
    assertThat(assign(again, "x")).isNotZero();
  }

  @Test
  void aClockThatWasSetBackMakesNoFakeReusableEarly() {
    FakePool pool = pool("198.18.0.0/29");
    for (int i = 0; i < 5; i++) {
      assign(pool, "n" + i);
    }
    now -= 1_000_000_000_000L;
    FakePool again = restored("198.18.0.0/29");
    now += HOUR - 1;
    assertThat(assign(again, "x")).isZero();
    now++;
    assertThat(assign(again, "x")).isNotZero();
  }

  @Test
  void aClockThatWasFarBehindWhenFakesWereGivenOutMakesNoneReusableEarly() {
    FakePool pool = pool("198.18.0.0/29");
    for (int i = 0; i < 5; i++) {
      assign(pool, "n" + i);
    }
    now += 50 * 365 * 24 * HOUR;
    FakePool again = restored("198.18.0.0/29");
    assertThat(assign(again, "x")).isZero();
    now += HOUR;
    assertThat(assign(again, "x")).isNotZero();
  }

  @Test
  void shortFlowsDoNotWriteARecordEach() {
    FakePool pool = pool("198.18.0.0/29");
    assign(pool, "a");
    journal.records = 0;
    for (int second = 0; second < 3600; second++) {
      now += 1_000_000_000L;
      assign(pool, "a");
      pool.hold(0, now);
      pool.release(0, now);
    }
    assertThat(journal.records).isBetween(12, 30);
  }

  @Test
  void aDamagedRecordIsSkippedAndCounted() {
    FakePool pool = pool("198.18.0.0/29");
    long[] fakes = new long[5];
    for (int i = 0; i < 5; i++) {
      fakes[i] = assign(pool, "name" + i);
    }
    byte[] damaged = journal.bytes();
    damaged[damaged.length / 2] ^= 1;
    FakePool again = pool("198.18.0.0/29");
    FakePool.Restored result = again.restore(ByteBuffer.wrap(damaged), now);
    assertThat(result).isEqualTo(new FakePool.Restored(4, 1, 0, 0));
    for (int i = 0; i < 5; i++) {
      int entry = again.find(0, fakes[i]);
      assertThat(entry < 0 || again.name(entry).equals("name" + i)).isTrue();
    }
  }

  @Test
  void recordsOfAnotherRangeAreCountedAndLeftOut() {
    assign(pool("198.18.0.0/29"), "a");
    FakePool other = pool("198.19.0.0/29");
    assertThat(other.restore(ByteBuffer.wrap(journal.bytes()), now))
        .isEqualTo(new FakePool.Restored(0, 0, 1, 0));
  }

  @Test
  void aSnapshotRestoresLikeTheJournal() {
    FakePool pool = pool("198.18.0.0/28");
    for (int i = 0; i < 13; i++) {
      assign(pool, "n" + i);
      now += HOUR / 13;
    }
    pool.hold(4, now);
    now += HOUR;
    assign(pool, "x");
    MemoryJournal brief = new MemoryJournal();
    assertThat(pool.writeTo(brief, now)).isTrue();
    FakePool again = pool("198.18.0.0/28");
    assertThat(again.restore(ByteBuffer.wrap(brief.bytes()), now).entries()).isEqualTo(13);
    for (int entry = 0; entry < 13; entry++) {
      assertThat(again.name(again.find(0, pool.fakeLo(entry)))).isEqualTo(pool.name(entry));
    }
    assertThat(pool.writeTo(record -> false, now)).isFalse();
  }

  @Test
  void aPoolThatHasEntriesRefusesToRestore() {
    FakePool pool = pool("198.18.0.0/29");
    assign(pool, "a");
    assertThatThrownBy(() -> pool.restore(ByteBuffer.allocate(0), now))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void findingHoldingAndReleasingDoNotAllocate() {
    FakePool pool = new FakePool(Prefix.parse("198.18.0.0/16"), 7, record -> true, this::wall);
    long fake = assign(pool, "a");
    NoAllocation.check(
        10_000,
        () -> {
          int entry = pool.find(0, fake);
          pool.hold(entry, now);
          pool.release(entry, now);
        });
  }
}
