// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.nio.ByteBuffer;
import java.util.List;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.NoAllocation;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Neither packets of a flow nor new flows nor refusals allocate. */
@ParameterizedClass
@EnumSource(World.class)
class SteadyFlowTest extends EngineRig {
  private final Burst burst = new Burst();
  private final Address alice = Address.parse(ALICE.address());

  SteadyFlowTest(World world) {
    super(world);
  }

  @Test
  void nothingIsAllocated() {
    engine = world.engine(ExitLimits.DEFAULT, List.of(), 7, new CountingEffects());
    FlowKey key = tcp(4);
    byte[] back = answer(key);
    ByteBuffer memory = ByteBuffer.allocateDirect(2000);
    byte[] syn = bytes(syn(key));
    byte[] there = bytes(Packets.tcp(key, Tcp.ACK, 3, 2, DATA));
    byte[] fresh = bytes(Packets.udp(udp(5, 53), DATA));
    byte[] closed = bytes(syn(Packets.key(Ip.TCP, world.inner(7), 4, world.closed(), 80)));
    fromClient(memory, syn);
    NoAllocation.check(
        3_000,
        () -> {
          now += 1000;
          fromClient(memory, there);
          fill(memory, back);
          engine.onUnderlay(burst, now);
          fromClient(memory, closed);
          now += 61 * SECOND; // the flow before is over: another one begins
          engine.onDue(now);
          fromClient(memory, fresh);
        });
  }

  private void fromClient(ByteBuffer memory, byte[] packet) {
    fill(memory, packet);
    engine.onClient(burst, alice.hi(), alice.lo(), ALICE.port(), now);
  }

  private void fill(ByteBuffer memory, byte[] packet) {
    memory.put(0, packet);
    if (burst.check(memory, 0, 0, packet.length) != null) {
      throw new AssertionError("not a packet");
    }
  }

  /** An answer to the first packet of a flow, as it will look like in an engine of this seed. */
  private byte[] answer(FlowKey key) {
    ExitEngine twin = world.engine(ExitLimits.DEFAULT, List.of(), 7, out);
    ByteBuffer packet = syn(key);
    twin.onClient(Packets.burst(packet), alice.hi(), alice.lo(), ALICE.port(), now);
    FlowKey back = key(out.onlySent()).reverse();
    return bytes(Packets.tcp(back, Tcp.SYN | Tcp.ACK, 2, 3, new byte[0]));
  }

  /** Allocates nothing. */
  @SuppressWarnings("UnusedVariable") // Written, so that no call can be optimised away.
  static final class CountingEffects implements ExitEffects {
    private long calls;

    @Override
    public int toUnderlay(Burst b, int client) {
      calls++;
      return 0;
    }

    @Override
    public int pathMtu(Burst b) {
      return 0;
    }

    @Override
    public void replyToUnderlay(Burst b) {
      calls++;
    }

    @Override
    public void toClient(Burst b, int toClient, int keyId, long hi, long lo, int port) {
      calls++;
    }

    @Override
    public void replyToClient(Burst b, int keyId, long hi, long lo, int port) {
      calls++;
    }

    @Override
    public void keepAlive(int keyId, long hi, long lo, int port) {
      calls++;
    }

    @Override
    public void flowBegan(FlowRecord flow) {
      calls++;
    }

    @Override
    public void flowEnded(FlowRecord flow, EndReason why) {
      calls++;
    }
  }
}
