// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import oasis.packet.DropReason;
import oasis.testkit.Gen;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Quotas against buckets that leak, counted out flow by flow. */
class FlowQuotaOracleTest {
  private static final long SECOND = 1_000_000_000L;
  private static final int CLIENTS = 40;

  private record Flow(int client, NatState state) {}

  /** A bucket that leaks evenly, in nanoseconds of its rate. */
  private static final class Bucket {
    final long intervalNs;
    final long sizeNs;
    long levelNs;
    long atNs;

    Bucket(int perSecond, long nowNs) {
      intervalNs = SECOND / perSecond;
      sizeNs = intervalNs * perSecond;
      atNs = nowNs;
    }

    boolean has(long nowNs) {
      levelNs = Math.max(0, levelNs - (nowNs - atNs));
      atNs = nowNs;
      return levelNs + intervalNs <= sizeNs;
    }

    void take(long nowNs) {
      has(nowNs);
      levelNs += intervalNs;
    }
  }

  @Test
  void eachLimitIsRefusedByItsNameWhenItIsReachedAndNotBefore() {
    Set<DropReason> seen = EnumSet.noneOf(DropReason.class);
    Gen.cases(200, gen -> check(gen, seen));
    assertThat(seen)
        .containsExactlyInAnyOrder(
            DropReason.CLIENT_FLOW_LIMIT,
            DropReason.CLIENT_FLOW_RATE,
            DropReason.FLOW_RATE,
            DropReason.CLIENT_HANDSHAKE_LIMIT,
            DropReason.HANDSHAKE_LIMIT);
  }

  private static void check(Gen gen, Set<DropReason> seen) {
    FlowRates rates =
        new FlowRates(gen.range(5, 20), gen.range(1, 8), gen.range(3, 8), gen.range(1, 4));
    int perClient = gen.range(1, 12);
    FlowQuota quota = new FlowQuota(perClient, rates, CLIENTS);
    long now = gen.anyLong() >> 2;
    Bucket all = new Bucket(rates.newPerSecond(), now);
    List<Bucket> each = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      each.add(new Bucket(rates.newPerSecondPerClient(), now));
    }
    List<Flow> flows = new ArrayList<>();
    for (int op = 0; op < 500; op++) {
      now += gen.pick(0, 1, 1000, 20) * 1_000_000L;
      if (gen.chance(0.3) && !flows.isEmpty()) {
        change(gen, quota, flows);
        continue;
      }
      int client = gen.chance(0.8) ? gen.below(3) : gen.below(CLIENTS);
      boolean handshake = gen.flip();
      DropReason expected = null;
      if (open(flows, client) >= perClient) {
        expected = DropReason.CLIENT_FLOW_LIMIT;
      } else if (handshake && opening(flows, client) >= rates.handshakesPerClient()) {
        expected = DropReason.CLIENT_HANDSHAKE_LIMIT;
      } else if (!each.get(client).has(now)) {
        expected = DropReason.CLIENT_FLOW_RATE;
      } else if (!all.has(now)) {
        expected = DropReason.FLOW_RATE;
      } else if (handshake && opening(flows, null) >= rates.handshakes()) {
        expected = DropReason.HANDSHAKE_LIMIT;
      }
      assertThat(quota.refuses(client, handshake, now)).isEqualTo(expected);
      if (expected != null) {
        seen.add(expected);
        continue;
      }
      NatState state = handshake ? NatState.SYN_SENT : NatState.UDP;
      quota.began(client, state, now);
      flows.add(new Flow(client, state));
      all.take(now);
      each.get(client).take(now);
      assertThat(quota.open(client)).isEqualTo((int) open(flows, client));
      assertThat(quota.handshakes()).isEqualTo((int) opening(flows, null));
    }
  }

  private static void change(Gen gen, FlowQuota quota, List<Flow> flows) {
    Flow flow = flows.remove(gen.below(flows.size()));
    if (gen.flip()) {
      quota.ended(flow.client, flow.state);
    } else {
      NatState after = gen.pick(List.of(NatState.ESTABLISHED, NatState.CLOSED, NatState.SYN_SENT));
      quota.changed(flow.client, flow.state, after);
      flows.add(new Flow(flow.client, after));
    }
  }

  private static long open(List<Flow> flows, int client) {
    return flows.stream().filter(f -> f.client == client && !f.state.lingering()).count();
  }

  private static long opening(List<Flow> flows, @Nullable Integer client) {
    return flows.stream()
        .filter(f -> (client == null || client == f.client) && f.state.opening())
        .count();
  }
}
