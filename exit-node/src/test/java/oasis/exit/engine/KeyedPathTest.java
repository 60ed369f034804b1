// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.Coalescer;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Prefix;
import oasis.packet.SealedRun;
import oasis.packet.Sealer;
import oasis.packet.SharedKey;
import oasis.packet.Trailer;
import oasis.packet.TrailerMac;
import oasis.testkit.Gen;
import oasis.testkit.NoAllocation;
import oasis.testkit.Packets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A run of sealed datagrams on its whole way through a node allocates nothing, relayed or not. */
class KeyedPathTest {
  private static final int DATAGRAMS = 6;
  private static final Address CLIENT = Address.parse("198.51.100.7");

  private final SharedKey key = new SharedKey(7, new Gen(1).bytes(32), "");
  private final Sealer client = new Sealer(key, SharedKey.Role.CLIENT, 1_000, new TrailerMac());
  private final ByteBuffer memory = ByteBuffer.allocateDirect(16_000);
  private final Coalescer coalescer = new Coalescer(false);
  private final Burst burst = new Burst();

  @ParameterizedTest
  @EnumSource(World.class)
  void nothingIsAllocated(World world) {
    ExitEngine engine =
        world.engine(ExitLimits.DEFAULT, List.of(), 7, new SteadyFlowTest.CountingEffects());
    engine.keyring().set(List.of(key), Set.of(), 1);
    Prefix far = Prefix.parse(world.server(2) + (world.v4 ? "/32" : "/128"));
    engine.setPeers(List.of(new Peer("far", 0, CLIENT.lo() + 1, 4700, 0, false, List.of(far))), 0);
    SealedRun run = new SealedRun(engine.keyring());
    byte[] here = packet(world, 9);
    byte[] there = packet(world, 2);
    pass(engine, run, here);
    NoAllocation.check(
        1_000,
        () -> {
          pass(engine, run, here);
          pass(engine, run, there);
        });
    assertThat(engine.view().info().drops()).isEmpty();
    assertThat(engine.view().peers().get(0).inPkts()).isPositive();
  }

  private static byte[] packet(World world, int host) {
    FlowKey flow = Packets.key(Ip.UDP, world.inner(7), 5000, world.server(host), 9);
    return EngineRig.bytes(Packets.udp(flow, new byte[1_000]));
  }

  private void pass(ExitEngine engine, SealedRun run, byte[] packet) {
    int each = packet.length + Trailer.BYTES;
    for (int i = 0; i < DATAGRAMS; i++) {
      int at = i * each;
      memory.put(at, packet);
      client.seal(memory, at, 40, memory, at + 40, packet.length - 40, memory, at + packet.length);
    }
    run.begin(memory, 0, DATAGRAMS * each, each);
    while (run.next()) {
      if (run.isRefused() || run.datagrams() != DATAGRAMS) {
        throw new AssertionError("not one run");
      }
      coalescer.begin(memory, 0, run.start(), run.bytes(), run.datagramBytes(), run.trailerBytes());
      while (coalescer.next(burst) == Coalescer.BURST) {
        engine.onClient(burst, run.keyId(), CLIENT.hi(), CLIENT.lo(), 4000, 1_000);
      }
    }
  }
}
