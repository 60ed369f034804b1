// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static oasis.testkit.Packets.burst;
import static oasis.testkit.Packets.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.NoAllocation;
import oasis.testkit.Packets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Fragments: nothing is reassembled, and what is remembered is bounded. */
class NatFragmentTest extends NatRig {
  private static List<ByteBuffer> cut(int client, int id) {
    return Packets.fragments(Packets.udp(udp(5000 + client, REMOTE, 9), new byte[100]), id, 48);
  }

  private @Nullable DropReason out(ByteBuffer packet, int client) {
    return nat.outbound(burst(packet), client, now);
  }

  private int released() {
    int count = 0;
    while (nat.released(now) != null) {
      count++;
    }
    return count;
  }

  @Test
  void laterFragmentsFollowTheFirst() {
    List<ByteBuffer> parts = cut(1, 77);
    FlowKey first = key(sent(parts.get(0), 1));
    for (ByteBuffer part : parts.subList(1, parts.size())) {
      Burst b = sent(part, 1);
      assertThat(Ip.srcLo(b.buffer(), b.start())).isEqualTo(first.srcLo);
      Packets.assertChecksums(bytes(b));
    }
    NatRecord session = new NatRecord();
    nat.read(nat.nextSession(0), session);
    assertThat(session.outPkts).as("all are counted").isEqualTo(parts.size());
  }

  @Test
  void laterFragmentsThatComeFirstWait() {
    List<ByteBuffer> parts = cut(1, 77);
    assertThat(out(parts.get(2), 1)).isEqualTo(DropReason.HELD);
    assertThat(out(parts.get(1), 1)).isEqualTo(DropReason.HELD);
    assertThat(out(cut(2, 77).get(1), 2)).as("another client's").isEqualTo(DropReason.HELD);
    Burst first = sent(parts.get(0), 1);
    int id = first.fragmentId();
    List<Integer> offsets = new ArrayList<>();
    for (Burst b = nat.released(now); b != null; b = nat.released(now)) {
      assertThat(b.fragmentId()).isEqualTo(id);
      assertThat(nat.hairpin()).isEqualTo(-1);
      offsets.add(b.fragmentOffset());
    }
    assertThat(offsets).as("in the order in which they came").containsExactly(96, 48);
    assertThat(lost).isEmpty();
  }

  @Test
  void whatWaitsTooLongIsLostAndCounted() {
    out(cut(1, 77).get(1), 1);
    nat.inbound(
        burst(Packets.fragments(packet(answer(Ip.UDP, REMOTE, 9, 61000), 0), 5, 8).get(1)), now);
    assertThat(nat.lastDrop()).isEqualTo(DropReason.HELD);
    assertThat(nat.nextDeadlineNs()).isEqualTo(now + NatFragments.WAIT_NS);
    now += NatFragments.WAIT_NS;
    expireAll();
    assertThat(lost).containsExactlyInAnyOrder(1, -1);
    sent(cut(1, 77).get(0), 1);
    assertThat(released()).isZero();
  }

  @Test
  void withoutMemoryNothingWaits() {
    nat = new NatEngine(LIMITS, NatBehaviour.GATEWAY, 1, NatObserver.NONE);
    nat.setExternal(true, addresses(true, EXTERNAL));
    assertThat(out(cut(1, 77).get(1), 1)).isEqualTo(DropReason.FRAGMENT);
    sent(cut(1, 77).get(0), 1);
    sent(cut(1, 77).get(1), 1);
  }

  @Test
  void fragmentsThatWaitAreBoundedAndTheOldestGives() {
    for (int id = 0; id < 100; id++) {
      assertThat(out(cut(1, id).get(1), 1)).isEqualTo(DropReason.HELD);
    }
    assertThat(lost).hasSize(100 - NatFragments.WAITING / 2).containsOnly(1);
    sent(cut(1, 0).get(0), 1);
    assertThat(released()).isZero();
    sent(cut(1, 99).get(0), 1);
    assertThat(released()).isEqualTo(1);
  }

  @Test
  void aFloodFromOutsideDoesNotPushOutWhatClientsSent() {
    out(cut(1, 77).get(1), 1);
    for (int id = 0; id < 1000; id++) {
      FlowKey key = answer(Ip.UDP, REMOTE, 9, 61000);
      nat.inbound(burst(Packets.fragments(Packets.udp(key, new byte[64]), id, 32).get(1)), now);
    }
    sent(cut(1, 77).get(0), 1);
    assertThat(released()).isEqualTo(1);
  }

  @Test
  void aFloodOfFragmentsTouchesNeitherThoseInOrderNorWholePackets() {
    int port = port(udp(5001, REMOTE, 9), 1, 0);
    for (int id = 0; id < 20_000; id++) {
      FlowKey key = answer(Ip.UDP, "198.51.100.66", 9, port);
      List<ByteBuffer> forged = Packets.fragments(Packets.udp(key, new byte[64]), id, 32);
      assertThat(nat.inbound(burst(forged.get(1)), now)).isEqualTo(-1);
      assertThat(nat.inbound(burst(forged.get(0)), now)).isEqualTo(-1);
      if (id % 1000 == 0) {
        List<ByteBuffer> parts = cut(1, id);
        for (ByteBuffer part : parts) {
          sent(part, 1);
        }
        assertThat(in(answer(Ip.UDP, REMOTE, 9, port), 0)).isEqualTo(1);
      }
    }
    assertThat(nat.sessions()).isEqualTo(1);
  }

  @Test
  void aDatagramIsFollowedForTenSecondsAndWhileItsSessionLives() {
    sent(cut(1, 77).get(0), 1);
    now += NatFragments.FOLLOW_NS - 1;
    sent(cut(1, 77).get(1), 1);
    now++;
    assertThat(out(cut(1, 77).get(2), 1)).isEqualTo(DropReason.HELD);
    sent(cut(1, 78).get(0), 1);
    nat.endAll();
    assertThat(out(cut(1, 78).get(1), 1)).isEqualTo(DropReason.FRAGMENT);
  }

  @Test
  void manyDatagramsAreFollowedAndNotMore() {
    for (int id = 0; id < NatFragments.DATAGRAMS + 1; id++) {
      sent(cut(1, id).get(0), 1);
    }
    assertThat(out(cut(1, 0).get(1), 1)).isEqualTo(DropReason.HELD);
    sent(cut(1, 1).get(1), 1);
    sent(cut(1, NatFragments.DATAGRAMS).get(1), 1);
  }

  @Test
  void aFragmentThatWouldWriteOverTcpFlagsIsDropped() {
    ByteBuffer segment = Packets.tcp(tcp(5000, REMOTE, 80), Tcp.SYN, 1, 2, new byte[64]);
    sent(Packets.fragments(segment, 5, 24).get(0), 1);
    for (int offset : new int[] {1, 2}) {
      ByteBuffer forged = Packets.fragments(segment, 5, 24).get(1);
      forged.putShort(6, (short) (0x2000 | offset));
      Packets.fixHeader(forged);
      assertThat(out(forged, 1)).isEqualTo(DropReason.FRAGMENT);
    }
    sent(Packets.fragments(segment, 5, 24).get(1), 1);
  }

  @Test
  void clientsWithTheSameIdentificationDoNotCollide() {
    Set<Integer> ids = new HashSet<>();
    for (int client = 0; client < 500; client++) {
      List<ByteBuffer> parts = Packets.fragments(Packets.udp(udp(5000, REMOTE, 9), DATA), 7, 8);
      int id = sent(parts.get(0), client).fragmentId();
      assertThat(ids.add(id)).isTrue();
      assertThat(sent(parts.get(1), client).fragmentId()).isEqualTo(id);
    }
  }

  @Test
  void aPacketThatMayNotBeCutKeepsItsIdentificationAndOneThatMayGetsANewOne() {
    assertThat(Ip.id4(sent(packet(udp(5000, REMOTE, 9), 0), 1).buffer(), 0)).isEqualTo(7);
    Set<Integer> ids = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      ByteBuffer packet = packet(udp(5000, REMOTE, 9), 0).putShort(6, (short) 0);
      Burst b = sent(Packets.fixHeader(packet), 1);
      ids.add(Ip.id4(b.buffer(), 0));
      assertThat(Checksum.fold(Checksum.sum(b.buffer(), 0, 20, 0))).isEqualTo(0xffff);
    }
    assertThat(ids).hasSize(100);
  }

  @Test
  void fragmentsTurnBackToo() {
    int port = port(udp(5000, REMOTE, 80), 1, 0);
    FlowKey key = Packets.key(Ip.UDP, HOST, 5001, EXTERNAL, port);
    List<ByteBuffer> parts = Packets.fragments(Packets.udp(key, new byte[100]), 3, 48);
    assertThat(out(parts.get(1), 1)).isEqualTo(DropReason.HELD);
    List<byte[]> got = new ArrayList<>();
    got.add(bytes(sent(parts.get(0), 1)));
    assertThat(nat.hairpin()).isEqualTo(1);
    for (Burst b = nat.released(now); b != null; b = nat.released(now)) {
      assertThat(nat.hairpin()).isEqualTo(1);
      got.add(bytes(b));
    }
    got.add(bytes(sent(parts.get(2), 1)));
    assertThat(nat.hairpin()).isEqualTo(1);
    ByteBuffer whole = Packets.whole(got);
    Packets.assertChecksums(array(whole));
    assertThat(key(burst(whole)).dport()).isEqualTo(5000);
  }

  @Test
  void fragmentsDoNotAllocate() {
    List<ByteBuffer> parts = cut(1, 9);
    ByteBuffer[] memory = new ByteBuffer[3];
    for (int i = 0; i < 3; i++) {
      memory[i] = ByteBuffer.allocateDirect(parts.get(i).capacity());
    }
    Burst b = new Burst();
    NoAllocation.check(
        5_000,
        () -> {
          now += 1000;
          for (int i = 2; i >= 0; i--) {
            memory[i].put(0, parts.get(i), 0, memory[i].capacity());
            // A new datagram each time.
            memory[i].putShort(4, (short) (now / 1000)).putShort(10, (short) 0);
            memory[i].putShort(10, (short) Checksum.finish(Checksum.sum(memory[i], 0, 20, 0)));
            if (b.check(memory[i], 0, 0, memory[i].capacity()) != null) {
              throw new AssertionError("not checked");
            }
            nat.outbound(b, 1, now);
          }
          if (released() != 2) {
            throw new AssertionError("not released");
          }
        });
  }
}
