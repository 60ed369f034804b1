// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import oasis.packet.Prefix;
import oasis.testkit.Gen;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The fake pool against plain maps, and its journal against crashes at every byte. */
class FakePoolOracleTest {
  private static final long SECOND = 1_000_000_000L;
  private static final int CAPACITY = 13;

  /** What a program knows: this fake meant that name when it was given out or last used. */
  private record Promise(String name, long usedNs) {}

  private final MemoryJournal written = new MemoryJournal();

  /** Journal length, fakes promised so far: the state a crash there must restore. */
  private record Mark(int bytes, long nowNs, Map<Long, Promise> promises) {}

  private long now;
  private Prefix range = Prefix.parse("198.18.0.0/28");

  private FakePool pool() {
    return new FakePool(range, 7, written, () -> now / SECOND);
  }

  @ParameterizedTest
  @ValueSource(strings = {"198.18.0.0/28", "fdc6:1200:4710::/124"})
  void randomOperationsKeepEveryPromise(String prefix) {
    range = Prefix.parse(prefix);
    Gen.cases(30, gen -> run(gen, 1000, false, new ArrayList<>()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"198.18.0.0/28", "fdc6:1200:4710::/124"})
  void noCrashAtAnyByteMakesAFakeMeanAnotherName(String prefix) {
    range = Prefix.parse(prefix);
    Gen.cases(
        2,
        gen -> {
          List<Mark> marks = new ArrayList<>();
          run(gen, 250, true, marks);
          byte[] journal = written.bytes();
          Mark last = new Mark(0, 0, Map.of());
          int next = 0;
          for (int cut = 0; cut <= journal.length; cut++) {
            while (next < marks.size() && marks.get(next).bytes <= cut) {
              last = marks.get(next++);
            }
            crash(journal, cut, last);
          }
        });
  }

  /** Restores from a cut journal and compares with what programs had been told until then. */
  private void crash(byte[] journal, int cut, Mark told) {
    now = told.nowNs;
    FakePool pool = pool();
    FakePool.Restored result = pool.restore(ByteBuffer.wrap(journal, 0, cut), now);
    assertThat(result.badRegions()).isZero();
    for (Map.Entry<Long, Promise> promise : told.promises.entrySet()) {
      // Beyond the hour nobody relies on it, and the record that follows may have been written.
      if (now - promise.getValue().usedNs < FakePool.REUSE_AFTER_NS) {
        int entry = pool.find(range.hi(), promise.getKey());
        assertThat(entry).as("cut at " + cut).isNotNegative();
        assertThat(pool.name(entry)).as("cut at " + cut).isEqualTo(promise.getValue().name);
      }
    }
  }

  private void run(Gen gen, int operations, boolean mark, List<Mark> marks) {
    written.clear();
    now = gen.range(1, 1000) * SECOND;
    FakePool pool = pool();
    Map<Long, Promise> promises = new HashMap<>();
    Map<Long, Integer> held = new HashMap<>();
    for (int op = 0; op < operations; op++) {
      now += gen.pick(0, 1, 60, 600, 1500) * SECOND;
      switch (gen.below(mark ? 8 : 9)) {
        case 0, 1, 2, 3, 4 -> assign(pool, "n" + gen.below(CAPACITY * 2), promises, held);
        case 5, 6 -> {
          int entry = pool.size() == 0 ? -1 : gen.below(pool.size());
          if (entry >= 0) {
            pool.hold(entry, now);
            held.merge(pool.fakeLo(entry), 1, Integer::sum);
            promises.put(pool.fakeLo(entry), new Promise(pool.name(entry), now));
          }
        }
        case 7 -> release(gen, pool, promises, held);
        default -> {
          // A crash: flows end, programs keep their fakes, those held until now.
          held.keySet()
              .forEach(f -> promises.computeIfPresent(f, (k, p) -> new Promise(p.name, now)));
          held.clear();
          pool = pool();
          pool.restore(ByteBuffer.wrap(written.bytes()), now);
        }
      }
      held.keySet().forEach(f -> promises.computeIfPresent(f, (k, p) -> new Promise(p.name, now)));
      if (mark) {
        marks.add(new Mark(written.size(), now, Map.copyOf(promises)));
      }
    }
  }

  private void assign(
      FakePool pool, String name, Map<Long, Promise> promises, Map<Long, Integer> held) {
    long fake = pool.assign(name, 0, 1, 0, now);
    if (fake == 0) {
      assertThat(pool.size()).isEqualTo(CAPACITY);
      return;
    }
    Promise before = promises.get(fake);
    if (before != null && !before.name.equals(name)) {
      assertThat(held).doesNotContainKey(fake);
      assertThat(now - before.usedNs).isGreaterThanOrEqualTo(FakePool.REUSE_AFTER_NS);
    }
    promises.put(fake, new Promise(name, now));
    assertThat(pool.name(pool.find(range.hi(), fake))).isEqualTo(name);
  }

  private void release(
      Gen gen, FakePool pool, Map<Long, Promise> promises, Map<Long, Integer> held) {
    if (held.isEmpty()) {
      return;
    }
    Long fake = gen.pick(List.copyOf(held.keySet()));
    int entry = pool.find(range.hi(), fake);
    pool.release(entry, now);
    promises.put(fake, new Promise(pool.name(entry), now));
    held.computeIfPresent(fake, (k, n) -> n == 1 ? null : n - 1);
    assertThat(pool.holds(entry)).isEqualTo(held.getOrDefault(fake, 0));
  }
}
