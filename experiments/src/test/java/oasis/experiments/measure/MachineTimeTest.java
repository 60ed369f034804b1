// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import oasis.os.OsException;
import org.junit.jupiter.api.Test;

class MachineTimeTest {
  private static final long S = 1_000_000_000;

  private static List<String> stat(int idle, int disk, int stolen) {
    String times = " 5 0 7 " + idle + " " + disk + " 1 2 " + stolen + " 0 0";
    return List.of("cpu " + times, "cpu0 1", "cpu1 1", "intr 5", "ctxt 9");
  }

  @Test
  void workIsTheTimeOfAllCoresWithoutWhatTheyWereIdleOrStolen() throws OsException {
    long before = MachineTime.workNs(stat(100, 10, 5), 3 * S);
    long after = MachineTime.workNs(stat(210, 30, 25), 4 * S);
    assertThat(after - before).isEqualTo(2 * S - (110 + 20 + 20) * S / 100);
  }

  @Test
  void workThatTheKernelsTicksHaveNotSeenIsCounted() throws OsException {
    long before = MachineTime.workNs(stat(100, 0, 0), 3 * S);
    assertThat(MachineTime.workNs(stat(100, 0, 0), 4 * S) - before).isEqualTo(2 * S);
  }

  @Test
  void whatIsNoSuchFileIsRefused() {
    for (List<String> bad :
        List.of(List.<String>of(), List.of("cpu 1 2"), List.of("a b c d e f g h i"))) {
      assertThatThrownBy(() -> MachineTime.workNs(bad, S)).isInstanceOf(OsException.class);
    }
  }
}
