// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import java.util.TreeSet;
import oasis.packet.Ip;
import oasis.testkit.Gen;
import oasis.testkit.NoAllocation;
import org.junit.jupiter.api.Test;

class PortAllocatorTest {
  @Test
  void everyPortOfTheRangeIsGivenOutOnceAndThenNone() {
    Gen.cases(
        50,
        gen -> {
          int first = gen.range(1, 65535);
          int last = gen.range(first, Math.min(65535, first + gen.pick(0, 1, 2, 200, 65535)));
          PortAllocator ports = new PortAllocator(first, last, gen.anyLong());
          TreeSet<Integer> seen = new TreeSet<>();
          for (int i = first; i <= last; i++) {
            seen.add(ports.allocate(Ip.TCP));
          }
          assertThat(seen).hasSize(last - first + 1);
          assertThat(seen.first()).isEqualTo(first);
          assertThat(seen.last()).isEqualTo(last);
          assertThat(ports.allocate(Ip.TCP)).isEqualTo(-1);
          assertThat(ports.inUse(Ip.TCP)).isEqualTo(last - first + 1);
          assertThat(ports.inUse(Ip.UDP)).isZero();
        });
  }

  @Test
  void randomOperationsAgreeWithASet() {
    Gen.cases(
        50,
        gen -> {
          int first = gen.range(1, 2000);
          int last = first + gen.below(300);
          PortAllocator ports = new PortAllocator(first, last, gen.anyLong());
          TreeSet<Integer> taken = new TreeSet<>();
          for (int op = 0; op < 3000; op++) {
            if (!taken.isEmpty() && gen.chance(0.4)) {
              Integer port = taken.ceiling(gen.range(first, taken.last()));
              ports.free(Ip.UDP, port);
              taken.remove(port);
              continue;
            }
            int like = gen.below(65536);
            boolean parity = gen.flip();
            int port = parity ? ports.allocateLike(Ip.UDP, like) : ports.allocate(Ip.UDP);
            long left = left(taken, first, last, parity ? like & 1 : -1);
            assertThat(port >= 0).isEqualTo(left > 0);
            if (port >= 0) {
              assertThat(port).isBetween(first, last);
              assertThat(taken.add(port)).isTrue();
              assertThat(!parity || (port & 1) == (like & 1)).isTrue();
            }
            assertThat(ports.inUse(Ip.UDP)).isEqualTo(taken.size());
          }
        });
  }

  private static long left(Set<Integer> taken, int first, int last, int parity) {
    long left = 0;
    for (int p = first; p <= last; p++) {
      left += !taken.contains(p) && (parity < 0 || (p & 1) == parity) ? 1 : 0;
    }
    return left;
  }

  @Test
  void portsOfDifferentSeedsDiffer() {
    PortAllocator a = new PortAllocator(1024, 65535, 1);
    PortAllocator b = new PortAllocator(1024, 65535, 2);
    int same = 0;
    for (int i = 0; i < 1000; i++) {
      same += a.allocate(Ip.TCP) == b.allocate(Ip.TCP) ? 1 : 0;
    }
    assertThat(same).isLessThan(10);
  }

  @Test
  void portsAreSpreadOverTheRange() {
    PortAllocator ports = new PortAllocator(61000, 64999, 5);
    int[] buckets = new int[10];
    for (int i = 0; i < 1000; i++) {
      buckets[(ports.allocate(Ip.TCP) - 61000) / 400]++;
    }
    for (int bucket : buckets) {
      assertThat(bucket).isBetween(50, 150);
    }
  }

  @Test
  void aFreePortCannotBeFreed() {
    PortAllocator ports = new PortAllocator(100, 200, 1);
    assertThatThrownBy(() -> ports.free(Ip.TCP, 150)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ports.free(Ip.TCP, 99)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void allocationDoesNotAllocate() {
    PortAllocator ports = new PortAllocator(61000, 64999, 1);
    NoAllocation.check(1000, () -> ports.free(Ip.UDP, ports.allocateLike(Ip.UDP, 5)));
  }
}
