// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import oasis.packet.FlowKey;
import oasis.testkit.NoAllocation;
import org.junit.jupiter.api.Test;

class FlowTableTest {
  private final FlowKey key = new FlowKey();

  private FlowKey key(int i) {
    return key.set(0, 0xffff_0a00_0000L + i, 0, 0xffff_c000_0201L, 6, i & 0xffff, 80);
  }

  @Test
  void aKeyKeepsItsSlotWhileTheTableGrows() {
    FlowTable table = new FlowTable(100_000, 1);
    int[] slots = new int[100_000];
    for (int i = 0; i < slots.length; i++) {
      slots[i] = table.insert(key(i));
    }
    for (int i = 0; i < slots.length; i++) {
      assertThat(table.find(key(i))).isEqualTo(slots[i]);
    }
    assertThat(table.size()).isEqualTo(100_000);
  }

  @Test
  void aFullTableRefusesAKeyAndTakesItWhenASlotIsFree() {
    FlowTable table = new FlowTable(3, 1);
    for (int i = 0; i < 3; i++) {
      assertThat(table.insert(key(i))).isEqualTo(i);
    }
    assertThat(table.insert(key(3))).isEqualTo(-1);
    assertThat(table.find(key(3))).isEqualTo(-1);
    table.remove(1);
    assertThat(table.insert(key(3))).isEqualTo(1);
    assertThat(table.slots()).isEqualTo(3);
  }

  @Test
  void aSmallTableTakesLittleMemoryWhateverItsCapacity() {
    FlowTable table = new FlowTable(1 << 26, 1);
    table.insert(key(1));
    assertThat(table.capacity()).isEqualTo(1 << 26);
    assertThat(table.slots()).isEqualTo(1);
  }

  @Test
  void aRemovedSlotHasNoKey() {
    FlowTable table = new FlowTable(10, 1);
    int slot = table.insert(key(1));
    table.remove(slot);
    assertThat(table.used(slot)).isFalse();
    assertThatThrownBy(() -> table.remove(slot)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> table.key(slot, key)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void probesStayShortForNeighbouringKeysUnderEverySeed() {
    for (int seed = 0; seed < 20; seed++) {
      FlowTable table = new FlowTable(1 << 14, seed);
      for (int i = 0; i < 1 << 14; i++) {
        table.insert(key(i));
      }
      // Linear probing at half load: O(log n); about 30 for 16,384 keys with a random hash.
      assertThat(table.longestProbe()).as("seed " + seed).isLessThan(80);
    }
  }

  @Test
  void probesStayShortAfterMuchTurnover() {
    FlowTable table = new FlowTable(4096, 3);
    int[] slots = new int[4096];
    for (int i = 0; i < 4096; i++) {
      slots[i] = table.insert(key(i));
    }
    for (int i = 4096; i < 400_000; i++) {
      int victim = (int) (i * 0x9e3779b9L >>> 7 & 4095);
      table.remove(slots[victim]);
      slots[victim] = table.insert(key(i));
    }
    assertThat(table.longestProbe()).isLessThan(80);
  }

  @Test
  void keysThatCollideUnderOneSeedDoNotUnderAnother() {
    KeyedHash one = new KeyedHash(1);
    KeyedHash two = new KeyedHash(2);
    int both = 0;
    for (int i = 0; i < 1 << 16; i++) {
      boolean collides = (one.of(i, 0, 0, 0, 0) & 0xff) == 0;
      both += collides && (two.of(i, 0, 0, 0, 0) & 0xff) == 0 ? 1 : 0;
    }
    assertThat(both).isLessThan(10);
  }

  @Test
  void everyWordAndBitOfAKeyChangesHalfOfTheHash() {
    KeyedHash hash = new KeyedHash(7);
    long base = hash.of(1, 2, 3, 4, 5);
    for (int word = 0; word < 5; word++) {
      for (int bit = 0; bit < 64; bit++) {
        long[] w = {1, 2, 3, 4, 5};
        w[word] ^= 1L << bit;
        assertThat(Long.bitCount(base ^ hash.of(w[0], w[1], w[2], w[3], w[4]))).isBetween(10, 54);
      }
    }
  }

  @Test
  void aSteadyTableDoesNotAllocate() {
    FlowTable table = new FlowTable(1024, 1);
    for (int i = 0; i < 1000; i++) {
      table.insert(key(i));
    }
    FlowKey other = new FlowKey();
    NoAllocation.check(
        1000,
        () -> {
          int slot = table.find(key(500));
          table.key(slot, other);
          table.remove(slot);
          table.insert(other);
        });
  }
}
