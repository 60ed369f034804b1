// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import oasis.packet.Ip;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

class JudgeTest {
  private static final String CLIENT = "192.0.2.10";
  private static final String STRANGER = "192.0.2.203";
  private static final String ANYBODY = "192.0.2.99";

  private static Judge judge(boolean keyed) {
    Policy policy = new Policy(HostileNetwork.OWN);
    return new Judge(new Oracle(policy, Sender.all(), false), keyed);
  }

  /** The exit node sends somebody on the clients' side a datagram of the overlay. */
  private static void answer(Judge judge, String to) {
    ByteBuffer packet =
        Packets.udp(
            Packets.key(Ip.UDP, HostileNetwork.EXIT, HostileNetwork.PORT, to, 40_000),
            new byte[] {1, 2, 3});
    byte[] bytes = new byte[packet.capacity()];
    packet.get(0, bytes);
    judge.toClients(bytes, 0, bytes.length, false);
  }

  @Test
  void clientsMayBeAnswered() {
    Judge judge = judge(true);
    answer(judge, CLIENT);
    judge.everyOriginalArrived();
    assertThat(judge.toClients()).isEqualTo(1);
    assertThat(judge.forbidden()).isZero();
  }

  @Test
  void aStrangerWithACopyIsGuiltyOnlyWhenItsOriginalArrived() {
    Judge judge = judge(true);
    answer(judge, STRANGER);
    assertThat(judge.diverted()).isEqualTo(1);
    assertThat(judge.forbidden()).isZero();

    judge.everyOriginalArrived();
    assertThat(judge.forbidden()).isEqualTo(1);
    assertThat(judge.violations()).singleElement().asString().contains("nobody's client", STRANGER);
  }

  @Test
  void withoutKeysNoStrangerMayBeAnswered() {
    Judge judge = judge(false);
    answer(judge, STRANGER);
    assertThat(judge.forbidden()).isEqualTo(1);
  }

  @Test
  void whoNeverSentAnythingMayNotBeAnswered() {
    for (boolean keyed : List.of(true, false)) {
      Judge judge = judge(keyed);
      answer(judge, ANYBODY);
      assertThat(judge.forbidden()).isEqualTo(1);
    }
  }
}
