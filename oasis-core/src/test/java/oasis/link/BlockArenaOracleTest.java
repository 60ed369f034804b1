// SPDX-License-Identifier: Apache-2.0
package oasis.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

class BlockArenaOracleTest {
  /** Compares with a set of the blocks that are taken. */
  @Test
  void runsNeverOverlapAndAFittingRunIsFoundWhereverThereIsOne() {
    Gen.cases(
        200,
        gen -> {
          BlockArena arena = new BlockArena(gen.range(1, 4));
          BitSet taken = new BitSet(arena.blocks());
          List<Integer> runs = new ArrayList<>();
          for (int i = 0; i < 500; i++) {
            if (!runs.isEmpty() && gen.chance(0.45)) {
              int at = runs.remove(gen.below(runs.size()));
              taken.clear(at, at + arena.length(at));
              arena.give(at);
            } else {
              int blocks = gen.range(1, BlockArena.LARGEST >> gen.below(7));
              int run = BlockArena.runOf(blocks);
              int at = arena.take(blocks);
              if (at < 0) {
                assertThat(fits(taken, arena.blocks(), run)).isFalse();
              } else {
                assertThat(at % run).isZero();
                assertThat(taken.get(at, at + run).isEmpty()).isTrue();
                assertThat(arena.length(at)).isEqualTo(run);
                taken.set(at, at + run);
                runs.add(at);
              }
            }
            assertThat(arena.freeBlocks()).isEqualTo(arena.blocks() - taken.cardinality());
          }
          runs.forEach(arena::give);
          for (int i = 0; i < arena.blocks() / BlockArena.LARGEST; i++) {
            assertThat(arena.take(BlockArena.LARGEST)).isNotNegative();
          }
        });
  }

  private static boolean fits(BitSet taken, int blocks, int run) {
    for (int at = 0; at < blocks; at += run) {
      if (taken.get(at, at + run).isEmpty()) {
        return true;
      }
    }
    return false;
  }

  @Test
  void whatWasNotTakenCannotBeGivenBack() {
    BlockArena arena = new BlockArena(1);
    int at = arena.take(4);
    assertThatThrownBy(() -> arena.give(at + 1)).isInstanceOf(IllegalStateException.class);
    arena.give(at);
    assertThatThrownBy(() -> arena.give(at)).isInstanceOf(IllegalStateException.class);
  }
}
