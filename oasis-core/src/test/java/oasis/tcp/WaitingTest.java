// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import oasis.packet.FlowKey;
import oasis.tcp.Connection.Stage;
import oasis.testkit.Gen;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Who makes room, beside a list that is searched from its beginning. */
class WaitingTest {
  private static final List<Stage> LESS_AND_LESS_WILLING =
      List.of(Stage.ANSWERING, Stage.HEAD, Stage.DIALING, Stage.RELAY);

  @Test
  void sizesDouble() {
    assertThat(Waiting.size(0)).isZero();
    assertThat(Waiting.size(2048)).isZero();
    assertThat(Waiting.size(2049)).isEqualTo(1);
    assertThat(Waiting.size(4096)).isEqualTo(1);
    assertThat(Waiting.size(4097)).isEqualTo(2);
    assertThat(Waiting.size(1 << 17)).isEqualTo(6);
    assertThat(Waiting.size(Integer.MAX_VALUE)).isEqualTo(Waiting.SIZES - 1);
  }

  @Test
  void theSameAsBySearchingAll() {
    Gen.cases(200, WaitingTest::compare);
  }

  private static void compare(Gen gen) {
    Waiting waiting = new Waiting();
    List<Connection> all = new ArrayList<>();
    List<Connection> inOrder = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      all.add(new Connection(i, i, 20_000 + i, new FlowKey()));
    }
    for (int step = 0; step < 300; step++) {
      Connection c = gen.pick(all);
      if (gen.chance(0.1)) {
        waiting.remove(c);
        inOrder.remove(c);
      } else {
        Place before = new Place(c);
        change(gen, c);
        waiting.file(c);
        if (!inOrder.contains(c) || !new Place(c).equals(before)) {
          inOrder.remove(c);
          inOrder.add(c);
        }
      }
      int bytes = gen.below(1 << 18);
      assertThat(waiting.holdsMoreThan(bytes)).isSameAs(largest(inOrder, bytes));
      assertThat(waiting.waitsLongest()).isSameAs(longest(inOrder));
    }
  }

  private static void change(Gen gen, Connection c) {
    if (gen.flip()) {
      c.stage = gen.pick(List.of(Stage.values()));
    }
    c.head = new byte[gen.flip() ? gen.below(3_000) : gen.below(1 << 17)];
    c.toServer.release();
    c.toServer.append(new byte[1], 0, gen.below(2));
  }

  private record Place(Stage stage, int size, boolean owes) {
    Place(Connection c) {
      this(
          c.stage == Stage.RESOLVING ? Stage.DIALING : c.stage,
          Waiting.size(c.heldBytes()),
          c.stage == Stage.RELAY && c.toServer.heldBytes() > 0);
    }

    boolean stands() {
      return stage != Stage.OPENING && stage != Stage.OVER && (stage != Stage.RELAY || owes);
    }

    int rank() {
      return LESS_AND_LESS_WILLING.indexOf(stage);
    }
  }

  private static @Nullable Connection largest(List<Connection> inOrder, int bytes) {
    return inOrder.stream()
        .filter(c -> new Place(c).stands() && c.stage != Stage.ANSWERING)
        .filter(c -> new Place(c).size() > Waiting.size(bytes))
        .min(
            Comparator.comparingInt((Connection c) -> new Place(c).rank())
                .thenComparingInt(c -> -new Place(c).size()))
        .orElse(null);
  }

  private static @Nullable Connection longest(List<Connection> inOrder) {
    return inOrder.stream()
        .filter(c -> new Place(c).stands() && c.stage != Stage.RELAY)
        .min(Comparator.comparingInt(c -> new Place(c).rank()))
        .orElse(null);
  }
}
