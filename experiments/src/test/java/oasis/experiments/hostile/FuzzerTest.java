// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FuzzerTest {
  private static final int MANY = 20_000;

  private static Fuzzer fuzzer(long seed) {
    return new Fuzzer(seed, Sender.all(), List.of("198.51.100.66", "2600:9::1"));
  }

  @Test
  void theSameSeedMakesTheSameDatagrams() {
    Fuzzer one = fuzzer(5);
    Fuzzer other = fuzzer(5);
    for (int i = 0; i < MANY; i++) {
      one.next();
      other.next();
      assertThat(one.sender).isEqualTo(other.sender);
      assertThat(Arrays.equals(one.bytes, 0, one.length, other.bytes, 0, other.length)).isTrue();
    }
  }

  @Test
  void eachKindHasItsShareAndForgedOnesComeFromStrangers() {
    Fuzzer fuzzer = fuzzer(6);
    Map<Kind, Integer> seen = new EnumMap<>(Kind.class);
    for (int i = 0; i < MANY; i++) {
      fuzzer.next();
      seen.merge(fuzzer.kind, 1, Integer::sum);
      assertThat(fuzzer.length).isBetween(0, Fuzzer.ROOM);
      if (fuzzer.kind == Kind.FORGED) {
        assertThat(Sender.all().get(fuzzer.sender).allowed()).isFalse();
      }
    }
    for (Kind kind : Kind.values()) {
      assertThat(seen.getOrDefault(kind, 0) * 100.0 / MANY)
          .as(kind.word())
          .isBetween(kind.percent * 0.8, kind.percent * 1.2);
    }
  }

  @Test
  void manyOfThemMayPassAndManyMayNot() {
    Fuzzer fuzzer = fuzzer(7);
    Oracle oracle = new Oracle(new Policy(List.of("198.51.100.66")), Sender.all(), false);
    int may = 0;
    for (int i = 0; i < MANY; i++) {
      fuzzer.next();
      may += oracle.expect(fuzzer.bytes, fuzzer.length, fuzzer.sender) ? 1 : 0;
    }
    assertThat(may).isBetween(MANY / 5, MANY * 4 / 5);
  }
}
