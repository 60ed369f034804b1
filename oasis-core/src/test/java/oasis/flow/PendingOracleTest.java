// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

/** Pending flows against a plain list of them. */
class PendingOracleTest {
  private static final int SLOTS = 200;

  private record Flow(int client, int slot) {}

  @Test
  void theOldestFlowOfWhoHasMostIsFound() {
    Gen.cases(200, PendingOracleTest::check);
  }

  private static void check(Gen gen) {
    Pending pending = new Pending();
    List<Flow> flows = new ArrayList<>();
    int clients = gen.range(1, 40);
    for (int op = 0; op < 400; op++) {
      int slot = gen.below(SLOTS);
      boolean free = flows.stream().noneMatch(each -> each.slot == slot);
      if (free && gen.chance(0.6)) {
        Flow flow = new Flow(gen.below(gen.flip() ? clients : 2), slot);
        pending.add(flow.client, flow.slot);
        flows.add(flow);
      } else if (!flows.isEmpty()) {
        Flow flow = flows.remove(gen.below(flows.size()));
        pending.remove(flow.client, flow.slot);
      }
      compare(pending, flows, clients);
    }
    Pending again = new Pending();
    pending.forEach(slot -> again.add(client(flows, slot), slot));
    assertThat(slots(again)).as("built again").isEqualTo(slots(pending)).hasSize(flows.size());
    assertThat(again.oldestOfMost()).isEqualTo(pending.oldestOfMost());
  }

  private static void compare(Pending pending, List<Flow> flows, int clients) {
    long most = 0;
    for (int client = 0; client <= clients; client++) {
      int number = client;
      long count = flows.stream().filter(each -> each.client == number).count();
      assertThat(pending.count(client)).isEqualTo((int) count);
      most = Math.max(most, count);
    }
    assertThat(pending.most()).isEqualTo((int) most);
    int oldest = pending.oldestOfMost();
    if (flows.isEmpty()) {
      assertThat(oldest).isEqualTo(-1);
      return;
    }
    int client = client(flows, oldest);
    List<Flow> own = flows.stream().filter(each -> each.client == client).toList();
    assertThat(own).hasSize((int) most);
    assertThat(own.get(0).slot).isEqualTo(oldest);
  }

  private static int client(List<Flow> flows, int slot) {
    return flows.stream().filter(each -> each.slot == slot).findFirst().orElseThrow().client;
  }

  private static List<Integer> slots(Pending pending) {
    List<Integer> slots = new ArrayList<>();
    pending.forEach(slots::add);
    return slots;
  }
}
