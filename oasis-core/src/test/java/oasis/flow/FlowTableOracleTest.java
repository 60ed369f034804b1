// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import oasis.packet.FlowKey;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

/** The flow table against a hash map, with few keys, so that slots and keys come back often. */
class FlowTableOracleTest {
  private record Five(long a, long b, long c, long d, long e) {
    FlowKey key(FlowKey into) {
      into.srcHi = a;
      into.srcLo = b;
      into.dstHi = c;
      into.dstLo = d;
      into.ports = e;
      return into;
    }

    static Five of(FlowKey k) {
      return new Five(k.srcHi, k.srcLo, k.dstHi, k.dstLo, k.ports);
    }
  }

  @Test
  void randomOperationsAgreeWithAMap() {
    Gen.cases(60, gen -> check(gen, gen.range(1, 200), 4000));
  }

  @Test
  void randomOperationsOnALargeTableAgreeWithAMap() {
    Gen.cases(2, gen -> check(gen, 20_000, 200_000));
  }

  private static void check(Gen gen, int capacity, int operations) {
    FlowTable table = new FlowTable(capacity, gen.anyLong());
    Map<Five, Integer> oracle = new HashMap<>();
    List<Five> pool = new ArrayList<>();
    for (int i = 0; i < capacity * 3 / 2 + 2; i++) {
      // Words that differ in one place only, or are zero, as those of IPv4 are.
      pool.add(new Five(0, gen.below(4), gen.pick(0, 1), i, gen.flip() ? 0 : i));
    }
    FlowKey key = new FlowKey();
    for (int op = 0; op < operations; op++) {
      Five five = gen.pick(pool);
      Integer known = oracle.get(five);
      assertThat(table.find(five.key(key))).isEqualTo(known == null ? -1 : known);
      if (known == null) {
        int slot = table.insert(five.key(key));
        assertThat(slot >= 0).isEqualTo(oracle.size() < capacity);
        if (slot >= 0) {
          assertThat(oracle.put(five, slot)).isNull();
        }
      } else if (gen.chance(0.45)) {
        table.remove(known);
        oracle.remove(five);
      }
      assertThat(table.size()).isEqualTo(oracle.size());
    }
    compare(table, oracle);
  }

  private static void compare(FlowTable table, Map<Five, Integer> oracle) {
    FlowKey key = new FlowKey();
    Set<Integer> slots = new HashSet<>();
    for (int s = table.nextUsed(0); s >= 0; s = table.nextUsed(s + 1)) {
      table.key(s, key);
      assertThat(oracle.get(Five.of(key))).isEqualTo(s);
      slots.add(s);
    }
    assertThat(slots).hasSize(oracle.size());
  }
}
