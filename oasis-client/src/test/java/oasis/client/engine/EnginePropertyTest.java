// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.DropReason;
import oasis.packet.Ip;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

/**
 * Random mixtures of everything that can happen to a client, in both families. Whatever happens: no
 * fake address reaches a carrier, a program that uses a fake never sees the real address, all
 * checksums are right, and no carrier gets what it cannot carry.
 */
class EnginePropertyTest {
  @Test
  void fakesAndRealAddressesNeverMeetAndChecksumsAreRight() {
    Gen.cases(
        300,
        gen -> {
          EngineWorld world = new EngineWorld(gen);
          for (int i = 0; i < 300; i++) {
            world.step();
          }
        });
  }

  @Test
  void theMixtureReachesAllOfTheEngine() {
    Set<String> drops = new HashSet<>();
    long[] pkts = new long[4];
    int[] wholes = new int[1];
    Gen.cases(
        100,
        gen -> {
          EngineWorld one = new EngineWorld(gen);
          for (int i = 0; i < 300; i++) {
            one.step();
          }
          wholes[0] += one.wholes;
          EngineInfo info = one.rig.engine.info(one.rig.nowNs);
          drops.addAll(info.drops().keySet());
          for (int c = 0; c < 4; c++) {
            pkts[c] += Math.min(info.carriers().get(c).outPkts(), info.carriers().get(c).inPkts());
          }
        });
    assertThat(Arrays.stream(pkts).min().orElseThrow()).as("least used carrier").isGreaterThan(100);
    assertThat(wholes[0]).as("datagrams in fragments").isGreaterThan(100);
    assertThat(drops)
        .contains(
            DropReason.TOO_BIG.name(),
            DropReason.FRAGMENT.name(),
            DropReason.UNKNOWN_FAKE.name(),
            DropReason.NO_FLOW.name(),
            DropReason.NO_CARRIER.name(),
            DropReason.NO_IPV6.name(),
            DropReason.NOT_GRANTED.name());
  }

  @Test
  void damagedPacketsNeverThrowNorLeakAFake() {
    Gen.cases(
        200,
        gen -> {
          EngineWorld world = new EngineWorld(gen);
          world.damaged = true;
          for (int i = 0; i < 60; i++) {
            world.step();
            damaged(world, gen);
          }
        });
  }

  /** Sends something that was seen before with some bytes changed. */
  private static void damaged(EngineWorld world, Gen gen) {
    boolean outbound = gen.flip();
    List<byte[]> from = gen.flip() ? world.sent : world.got;
    if (from.isEmpty()) {
      return;
    }
    byte[] packet = gen.pick(from).clone();
    for (int i = gen.range(1, 4); i > 0; i--) {
      packet[gen.below(Math.min(packet.length, 80))] = (byte) gen.below(256);
    }
    if (packet[0] >>> 4 == 4) {
      ByteBuffer b = ByteBuffer.wrap(packet).putShort(10, (short) 0);
      int header = Math.min(packet.length, (packet[0] & 15) * 4);
      b.putShort(10, (short) Checksum.finish(Checksum.sum(b, 0, header, 0)));
    }
    Burst burst = new Burst();
    if (burst.check(Packets.direct(packet), 0, 0, packet.length) != null) {
      return;
    }
    if (outbound) {
      world.rig.engine.onTun(burst, world.rig.nowNs);
    } else if (gen.flip()) {
      world.rig.engine.onUnderlay(burst, world.rig.nowNs);
    } else {
      world.rig.engine.onCarrier(world.rig.ron, burst, world.rig.nowNs);
    }
    world.rig.out.take(
        (to, bytes) -> {
          ByteBuffer b = ByteBuffer.wrap(bytes);
          String destination = EngineRig.text(Ip.dstHi(b, 0), Ip.dstLo(b, 0));
          assertThat(!to.equals("tun") && EngineWorld.inFakeRange(destination)).isFalse();
        });
  }
}
