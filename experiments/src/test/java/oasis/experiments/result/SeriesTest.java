// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.result;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SeriesTest {
  private final Series series = new Series();

  private void put(String subject, String value, double... rounds) {
    for (int i = 0; i < rounds.length; i++) {
      if (!Double.isNaN(rounds[i])) {
        series.put(subject, value, i + 1, rounds[i]);
      }
    }
  }

  @Test
  void aNameGivesItsRounds() {
    put("ours", "tcp_up.default", 1, 2, 3);
    assertThat(series.of("ours.tcp_up.default")).containsExactly(1.0, 2.0, 3.0);
  }

  @Test
  void aRatioIsTakenWithinEachRound() {
    put("ours", "tcp_up.default", 10, 30, 20);
    put("peer", "tcp_up.default", 5, 10, 2);
    assertThat(series.of("ours.tcp_up.default/peer")).containsExactly(2.0, 3.0, 10.0);
  }

  @Test
  void aRoundThatLacksAPartIsLeftOut() {
    put("ours", "udp", 10, Double.NaN, 20);
    put("peer", "udp", 5, 10);
    assertThat(series.of("ours.udp/peer")).containsExactly(2.0);
    assertThat(series.of("ours.nothing/peer")).isEmpty();
  }

  @Test
  void nothingIsDividedByZero() {
    put("ours", "udp", 10);
    put("peer", "udp", 0);
    assertThat(series.of("ours.udp/peer")).isEmpty();
  }

  @Test
  void namesOfARatioAreBothItsParts() {
    assertThat(Series.names("ours.tcp_up.wire/vxlan"))
        .containsExactly("ours.tcp_up.wire", "vxlan.tcp_up.wire");
    assertThat(Series.names("ours.rss_exit")).containsExactly("ours.rss_exit");
  }
}
