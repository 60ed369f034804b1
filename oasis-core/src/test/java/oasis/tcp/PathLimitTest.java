// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PathLimitTest {
  @ParameterizedTest
  @CsvSource({
    "true, 1400, 1360",
    "true, 552, 512",
    "true, 551, 512",
    "true, 0, 512",
    "false, 1400, 1340",
    "false, 1280, 1220",
    "false, 1279, 0",
    "false, 61, 0",
    "false, -1, 0",
  })
  void anErrorShortensSegmentsOnlyToWhatIsCredible(boolean v4, int mtu, int segmentBytes) {
    assertThat(PathLimit.segmentBytes(v4, mtu)).isEqualTo(segmentBytes);
  }
}
