// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import oasis.link.ClassStatistics;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.testkit.NoAllocation;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What the engine's packets go through on their way to the ports. */
@ParameterizedClass
@EnumSource(World.class)
class QueueStageTest extends EngineRig {
  private static final long MS = SECOND / 1000;

  QueueStageTest(World world) {
    super(world);
  }

  private void configure(String out, String in, String... classes) {
    QueueConfig config =
        new QueueConfig(
            out.isEmpty() ? 0 : Rates.parse(out),
            in.isEmpty() ? 0 : Rates.parse(in),
            Stream.of(classes).map(QueueClass::parse).toList());
    engine.queues(config, ByteBuffer.allocateDirect(config.memoryBytes()), 0, now);
  }

  /** A datagram of 1000 bytes that begins with a number. */
  private ByteBuffer numbered(FlowKey key, int number) {
    byte[] data = new byte[1000 - world.ipBytes() - 8];
    data[0] = (byte) number;
    return Packets.udp(key, data);
  }

  private int number(byte[] packet) {
    return packet[world.ipBytes() + 8];
  }

  private List<Integer> sent() {
    List<Integer> numbers = new ArrayList<>();
    out.toUnderlay.forEach(packet -> numbers.add(number(packet)));
    out.toUnderlay.clear();
    return numbers;
  }

  private List<Integer> delivered() {
    List<Integer> numbers = new ArrayList<>();
    out.toClient.forEach(each -> numbers.add(number(each.packet())));
    out.toClient.clear();
    return numbers;
  }

  private ClassStatistics outOf(int c) {
    return requireNonNull(engine.view().classes().get(c).out());
  }

  private void after(long ns) {
    now += ns;
    engine.onDue(now);
    engine.flushed();
  }

  @Test
  void withoutCapsAPacketIsNeverCopied() {
    configure("", "", "all");
    ByteBuffer packet = numbered(udp(5, 9), 1);
    send(ALICE, packet);
    assertThat(out.lastMemory).isSameAs(packet);
    assertThat(sent()).containsExactly(1);
    assertThat(engine.view().classes().get(0).out()).isNull();
  }

  @Test
  void withACapWhatMayGoNowIsNotCopiedEither() {
    configure("8Mbit/s", "");
    ByteBuffer packet = numbered(udp(5, 9), 1);
    send(ALICE, packet);
    assertThat(out.lastMemory).isSameAs(packet);
  }

  @Test
  void whatHasToWaitGoesLaterInOrderAndUnchanged() {
    FlowKey key = udp(5, 9);
    send(ALICE, numbered(key, 0));
    byte[] first = out.onlySent();
    configure("8Mbit/s", "8Mbit/s"); // a packet takes 1 ms
    for (int i = 0; i < 4; i++) {
      send(ALICE, numbered(key, i));
    }
    assertThat(sent()).containsExactly(0);
    assertThat(engine.nextDeadlineNs() - now).isBetween(MS, 2 * MS);
    after(engine.nextDeadlineNs() - now);
    byte[] second = out.onlySent();
    second[world.ipBytes() + 8] = 0;
    FlowKey sentKey = key(first);
    assertThat(key(second)).usingRecursiveComparison().isEqualTo(sentKey);
    Packets.assertChecksums(restored(second, 1));
    after(MS);
    after(MS);
    assertThat(sent()).containsExactly(2, 3);
    assertThat(outOf(0).sentPkts()).isEqualTo(4);
    assertThat(outOf(0).sentBytes()).isEqualTo(4000);
    configure("8Mbit/s", "8Mbit/s"); // no credit from the pause
    FlowKey back = sentKey.reverse();
    for (int i = 10; i < 13; i++) {
      receive(numbered(back, i));
    }
    assertThat(delivered()).containsExactly(10);
    after(3 * MS);
    assertThat(delivered()).containsExactly(11, 12);
    ClassInfo own = engine.view().classes().get(0);
    assertThat(own.name()).isEqualTo("own");
    assertThat(requireNonNull(own.in()).sentPkts()).isEqualTo(3);
    assertThat(engine.view().info().drops()).isEmpty();
  }

  private byte[] restored(byte[] packet, int number) {
    packet[world.ipBytes() + 8] = (byte) number;
    return packet;
  }

  @Test
  void aHigherClassGoesFirstByAddressAndByCodePoint() {
    configure("8Mbit/s", "", "bob priority 1 for from 2600:1::b", "ef priority 0 for dscp ef");
    FlowKey alices = udp(5, 9);
    FlowKey bobs = udp(6, 9);
    send(ALICE, numbered(alices, 0));
    send(ALICE, numbered(alices, 1));
    send(BOB, numbered(bobs, 2));
    ByteBuffer urgent = numbered(alices, 3);
    if (world.v4) {
      Packets.fixHeader(urgent.put(1, (byte) (46 << 2)));
    } else {
      urgent.putShort(0, (short) (0x6000 | 46 << 6));
    }
    send(ALICE, urgent);
    after(2 * MS);
    after(2 * MS);
    assertThat(sent()).containsExactly(0, 3, 2, 1);
  }

  @Test
  void whatThePathCannotTakeIsRefusedBeforeItWaits() {
    configure("8Mbit/s", "");
    send(ALICE, numbered(udp(5, 9), 0));
    out.onlySent();
    out.pathMtu = 600;
    send(ALICE, numbered(udp(5, 9), 1));
    assertThat(out.replies).hasSize(1);
    assertThat(engine.view().info().drops()).containsOnlyKeys("TOO_BIG");
  }

  @Test
  void whatFindsNoRoomIsCountedForItsClient() {
    configure("8kbit/s", "");
    for (int i = 0; i < 400; i++) {
      send(ALICE, numbered(udp(5, 9), i));
    }
    long full = engine.view().info().drops().getOrDefault("QUEUE_FULL", 0L);
    assertThat(full).isPositive();
    assertThat(engine.view().clients(1).get(0).drops()).containsEntry("QUEUE_FULL", full);
    assertThat(outOf(0).fullPkts()).isEqualTo(full);
    assertThat(outOf(0).waitingPkts()).isEqualTo(399 - full);
  }

  @Test
  void whatWaitsForOneThatIsNoClientAnyMoreIsDropped() {
    engine.setPeers(List.of(Peer.parse("far=198.51.100.9:4700")), now);
    send(new Client("198.51.100.9", 4700), numbered(udp(5, 9), 0));
    FlowKey back = key(out.onlySent()).reverse();
    configure("", "8Mbit/s");
    receive(numbered(back, 1));
    receive(numbered(back, 2));
    assertThat(delivered()).containsExactly(1);
    engine.setPeers(List.of(), now);
    after(SECOND / 10);
    assertThat(delivered()).isEmpty();
    assertThat(engine.view().info().drops()).containsEntry("NOT_ALLOWED", 1L);
  }

  @Test
  void anotherConfigurationTakesOverWhatWaits() {
    configure("8Mbit/s", "");
    FlowKey key = udp(5, 9);
    for (int i = 0; i < 6; i++) {
      send(ALICE, numbered(key, i));
    }
    assertThat(sent()).containsExactly(0);
    configure("16Mbit/s", "1Mbit/s", "a", "b for dscp ef"); // a packet takes half a millisecond
    assertThat(outOf(0).waitingPkts()).isEqualTo(5);
    after(MS / 5);
    assertThat(sent()).containsExactly(1);
    after(MS);
    assertThat(sent()).containsExactly(2, 3);
    configure("", "1Mbit/s");
    assertThat(sent()).as("nothing has to wait any longer").containsExactly(4, 5);
    assertThat(engine.nextDeadlineNs() - now).isGreaterThan(SECOND);
  }

  @Test
  void aConfigurationThatIsTooLargeChangesNothing() {
    configure("8Mbit/s", "", "a");
    String[] many = new String[16];
    for (int i = 0; i < many.length; i++) {
      many[i] = "c" + i + (i < 15 ? " for own" : "");
    }
    engine = world.engine(new ExitLimits(1 << 16, 8, 65_536, 16_384, 1000), List.of(), 7, out);
    configure("8Mbit/s", "", "a");
    assertThatThrownBy(() -> configure("8Mbit/s", "", many))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(engine.view().classes()).hasSize(1);
  }

  @Test
  void nothingIsAllocated() {
    configure("8Mbit/s", "8Mbit/s", "ef priority 0 for dscp ef", "all client-cap-out 4Mbit/s");
    ByteBuffer packet = numbered(Packets.key(Ip.UDP, world.inner(7), 5, world.server(9), 9), 1);
    byte[] bytes = bytes(packet);
    send(ALICE, packet);
    out.toUnderlay.clear();
    Burst burst = new Burst();
    Address alice = Address.parse(ALICE.address());
    out.record = false;
    NoAllocation.check(
        5000,
        () -> {
          now += MS;
          for (int i = 0; i < 3; i++) {
            packet.put(0, bytes);
            if (burst.check(packet, 0, 0, bytes.length) != null) {
              throw new AssertionError("not a packet");
            }
            engine.onClient(burst, alice.hi(), alice.lo(), ALICE.port(), now);
          }
          if (engine.nextDeadlineNs() - now <= 0) {
            engine.onDue(now);
          }
          engine.flushed();
        });
  }
}
