// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import oasis.flow.FakePool;
import oasis.flow.Journal;
import oasis.flow.NatEngine;
import oasis.flow.NatLimits;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.Ip;
import oasis.packet.Prefix;
import oasis.testkit.Packets;

/**
 * A real engine with few flows and few fakes, so that both run out, and journals that outlive it.
 * Whatever it sends is looked at: no fake leaves the host, and checksums are right.
 */
final class ModelEngine {
  static final int MAX_FLOWS = 16;

  /** Of eight addresses three are never given out. */
  static final int FAKES = 5;

  static final Prefix RANGE4 = Prefix.parse("198.18.0.0/29");
  static final Prefix RANGE6 = Prefix.parse("fdc6:1200:4710::/125");

  /** A packet that went out, and where to, as {@link Recorder} says it. */
  static final class Sent {
    private final String to;
    private final byte[] packet;

    private Sent(String to, byte[] packet) {
      this.to = to;
      this.packet = packet;
    }

    String to() {
      return to;
    }

    byte[] packet() {
      return packet;
    }
  }

  private final Recorder recorder = new Recorder();
  private final ByteArrayOutputStream journal4;
  private final ByteArrayOutputStream journal6;
  final ClientEngine engine;
  long nowNs;
  long wallSeconds;

  /** The first one, or one that begins with what another left in its journals. */
  ModelEngine(ModelEngine before, boolean underlayIpv6, long nowNs, long wallSeconds) {
    this(before.journal4, before.journal6, underlayIpv6, nowNs, wallSeconds);
  }

  ModelEngine(boolean underlayIpv6) {
    this(
        new ByteArrayOutputStream(),
        new ByteArrayOutputStream(),
        underlayIpv6,
        1_000 * EngineRig.SECOND_NS,
        1_000_000);
  }

  private ModelEngine(
      ByteArrayOutputStream journal4,
      ByteArrayOutputStream journal6,
      boolean underlayIpv6,
      long nowNs,
      long wallSeconds) {
    this.journal4 = journal4;
    this.journal6 = journal6;
    this.nowNs = nowNs;
    this.wallSeconds = wallSeconds - nowNs / EngineRig.SECOND_NS;
    NatEngine nat = new NatEngine(new NatLimits(61_000, 64_999, 4_096, 4_096, 1), 1);
    nat.setExternal4(Address.parse(Family.V4.host).lo());
    Address host6 = Address.parse(Family.V6.host);
    nat.setExternal6(underlayIpv6 ? host6.hi() : 0, underlayIpv6 ? host6.lo() : 0);
    long s = EngineRig.SECOND_NS;
    engine =
        new ClientEngine(
            new EngineConfig(MAX_FLOWS, 1_400, s, s / 6, 6 * s / 5, 1_000_000, 1),
            pool(RANGE4, journal4),
            pool(RANGE6, journal6),
            nat,
            new Scratch(ByteBuffer.allocateDirect(Scratch.BYTES), 0),
            recorder);
  }

  private FakePool pool(Prefix range, ByteArrayOutputStream journal) {
    FakePool pool = new FakePool(range, 1, append(journal), this::wall);
    byte[] records = journal.toByteArray();
    FakePool.Restored restored = pool.restore(ByteBuffer.wrap(records), nowNs);
    assertThat(restored.badRegions() + restored.outOfRange() + restored.tornBytes()).isZero();
    return pool;
  }

  private static Journal append(ByteArrayOutputStream journal) {
    return record -> {
      byte[] bytes = new byte[record.remaining()];
      record.duplicate().get(bytes);
      journal.writeBytes(bytes);
      return true;
    };
  }

  /** Seconds of the wall clock. */
  long wall() {
    return wallSeconds + nowNs / EngineRig.SECOND_NS;
  }

  void fromProgram(ByteBuffer packet) {
    engine.onTun(Packets.burst(packet), nowNs);
  }

  void fromNetwork(int carrier, ByteBuffer packet) {
    Burst burst = Packets.burst(packet);
    if (carrier == ModelClient.UNDERLAY) {
      engine.onUnderlay(burst, nowNs);
    } else {
      engine.onCarrier(carrier, burst, nowNs);
    }
  }

  /** The carriers that were asked whether they live since the last call. */
  List<Integer> probes() {
    List<Integer> probes = List.copyOf(recorder.probes);
    recorder.probes.clear();
    return probes;
  }

  /** What was sent since the last call. */
  List<Sent> sent() {
    List<Sent> sent = new ArrayList<>();
    recorder.take(
        (to, packet) -> {
          Packets.assertChecksums(packet);
          if (!to.equals("tun")) {
            assertNoFake(to, packet);
          }
          sent.add(new Sent(to, packet));
        });
    return sent;
  }

  private static void assertNoFake(String to, byte[] packet) {
    ByteBuffer b = ByteBuffer.wrap(packet);
    for (boolean source : new boolean[] {true, false}) {
      long hi = source ? Ip.srcHi(b, 0) : Ip.dstHi(b, 0);
      long lo = source ? Ip.srcLo(b, 0) : Ip.dstLo(b, 0);
      boolean fake = RANGE4.contains(hi, lo) || RANGE6.contains(hi, lo);
      String text = Addresses.text(hi, lo);
      boolean device = source && (text.equals(Family.V4.tun) || text.equals(Family.V6.tun));
      assertThat(fake && !(device && to.startsWith("carrier")))
          .as("fake %s to %s", text, to)
          .isFalse();
    }
  }
}
