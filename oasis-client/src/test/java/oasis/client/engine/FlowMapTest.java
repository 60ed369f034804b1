// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

/** How long flows are remembered. */
class FlowMapTest {
  private static final String HOST = "192.0.2.10";
  private static final String SERVER = "203.0.113.80";

  private final FlowMap map = new FlowMap(1_000, 1);
  private final FlowKey scratch = new FlowKey();
  private long nowNs = 1_000 * FlowMap.SECOND_NS;
  private int port = 40_000;

  private FlowKey next(int protocol, int to) {
    return Packets.key(protocol, HOST, port++, SERVER, to);
  }

  private int begin(FlowKey key) {
    int f = map.add(key, new FlowKey().set(key).reverse(), 1, FlowMap.NONE, nowNs);
    assertThat(f).isNotNegative();
    if (key.protocol() == Ip.TCP) {
      out(f, key, Tcp.SYN);
      in(f, key, Tcp.SYN | Tcp.ACK);
    }
    return f;
  }

  private void out(int f, FlowKey key, int flags) {
    map.outbound(f, Packets.burst(segment(key, flags)), nowNs);
  }

  private void in(int f, FlowKey key, int flags) {
    map.inbound(f, Packets.burst(segment(new FlowKey().set(key).reverse(), flags)), nowNs);
  }

  private static ByteBuffer segment(FlowKey key, int flags) {
    return Packets.tcp(key, flags, 1, 1, new byte[0]);
  }

  /** Lets seconds pass; whether the flow is still there one nanosecond before, and then gone. */
  private boolean livesFor(int f, long seconds) {
    nowNs += seconds * FlowMap.SECOND_NS - 1;
    expire();
    boolean there = map.exists(f);
    nowNs++;
    expire();
    return there && !map.exists(f);
  }

  private void expire() {
    while (map.nextDeadlineNs() <= nowNs) {
      int f = map.expired(nowNs, scratch);
      if (f >= 0) {
        map.remove(f);
      }
    }
  }

  @Test
  void silenceEndsAFlowAfterTheTimeOfItsKind() {
    assertThat(livesFor(begin(next(Ip.UDP, 443)), 300)).as("UDP").isTrue();
    assertThat(livesFor(begin(next(Ip.UDP, 53)), 20)).as("DNS").isTrue();
    assertThat(livesFor(begin(next(Ip.TCP, 443)), 7_440)).as("open TCP").isTrue();
    FlowKey unanswered = next(Ip.TCP, 443);
    int f = map.add(unanswered, new FlowKey().set(unanswered).reverse(), 1, FlowMap.NONE, nowNs);
    out(f, unanswered, Tcp.SYN);
    assertThat(livesFor(f, 240)).as("TCP without answer").isTrue();
  }

  @Test
  void aPacketMakesAFlowLiveAsLongAgain() {
    FlowKey key = next(Ip.TCP, 443);
    int f = begin(key);
    for (int i = 0; i < 3; i++) {
      nowNs += 7_000 * FlowMap.SECOND_NS;
      expire();
      in(f, key, Tcp.ACK);
    }
    assertThat(livesFor(f, 7_440)).isTrue();
  }

  @Test
  void aCloseEndsAFlowSoonHoweverLongItHasLived() {
    for (int last : new int[] {Tcp.FIN | Tcp.ACK, Tcp.RST}) {
      FlowKey key = next(Ip.TCP, 443);
      int f = begin(key);
      nowNs += 5_000 * FlowMap.SECOND_NS;
      expire();
      out(f, key, Tcp.FIN | Tcp.ACK);
      nowNs += 239 * FlowMap.SECOND_NS;
      expire();
      assertThat(map.exists(f)).as("closed by one side").isTrue();
      in(f, key, last);
      assertThat(livesFor(f, 10)).isTrue();
    }
  }

  @Test
  void whoeverEndsAFlowNeedNotWaitForIt() {
    int f = begin(next(Ip.TCP, 443));
    nowNs += 5_000 * FlowMap.SECOND_NS;
    expire();
    map.end(f);
    expire();
    assertThat(map.exists(f)).isFalse();
  }

  @Test
  void idleConnectionsAreNotLookedAtBeforeTheirTime() {
    begin(next(Ip.TCP, 443));
    nowNs += 60 * FlowMap.SECOND_NS;
    int looks = 0;
    while (map.nextDeadlineNs() <= nowNs && looks < 100) {
      assertThat(map.expired(nowNs, scratch)).isEqualTo(FlowMap.NONE);
      looks++;
    }
    assertThat(looks).as("the wheel's own turns").isLessThan(5);
    assertThat(map.size()).isEqualTo(1);
  }
}
