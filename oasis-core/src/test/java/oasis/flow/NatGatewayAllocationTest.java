// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.testkit.NoAllocation;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

/** A translator for many clients allocates nothing for a packet. */
class NatGatewayAllocationTest extends NatRig {
  private static final int CLIENTS = 200;
  private final Burst b = new Burst();

  private static ByteBuffer room(ByteBuffer packet) {
    return ByteBuffer.allocateDirect(packet.capacity());
  }

  private Burst fresh(ByteBuffer memory, ByteBuffer packet) {
    memory.put(0, packet, 0, memory.capacity());
    if (b.check(memory, 0, 0, memory.capacity()) != null) {
      throw new AssertionError("not checked");
    }
    return b;
  }

  @Test
  void newFlowsOfManyClientsDoNotAllocate() {
    nat =
        engine(
            LIMITS,
            NatBehaviour.GATEWAY.with(FlowRates.UNLIMITED),
            "203.0.113.1",
            "203.0.113.2",
            "203.0.113.3");
    ByteBuffer packet = packet(udp(5000, REMOTE, 53), 0);
    ByteBuffer memory = room(packet);
    int[] client = {0};
    NoAllocation.check(
        4 * CLIENTS,
        () -> {
          now += SECOND;
          client[0] = (client[0] + 1) % CLIENTS;
          if (nat.outbound(fresh(memory, packet), client[0], now) != null) {
            throw new AssertionError("dropped");
          }
          nat.expire(now);
        });
  }

  @Test
  void refusalsDoNotAllocate() {
    nat = engine(LIMITS, NatBehaviour.GATEWAY.with(new FlowRates(1, 1, 1, 1)));
    ByteBuffer first = packet(udp(5000, REMOTE, 53), 0);
    ByteBuffer second = packet(udp(5001, REMOTE, 53), 0);
    ByteBuffer memory = room(first);
    assertThat(nat.outbound(fresh(memory, first), 1, now)).isNull();
    NoAllocation.check(
        5_000,
        () -> {
          if (nat.outbound(fresh(memory, second), 1, now) != DropReason.CLIENT_FLOW_RATE) {
            throw new AssertionError("not refused");
          }
        });
  }

  @Test
  void hairpinsDoNotAllocate() {
    int port = port(udp(5000, REMOTE, 80), 1, 0);
    FlowKey key = Packets.key(Ip.UDP, HOST, 5001, EXTERNAL, port);
    ByteBuffer packet = packet(key, 0);
    ByteBuffer memory = room(packet);
    NoAllocation.check(
        5_000,
        () -> {
          now += 1000;
          if (nat.outbound(fresh(memory, packet), 1, now) != null || nat.hairpin() != 1) {
            throw new AssertionError("not turned back");
          }
        });
  }
}
