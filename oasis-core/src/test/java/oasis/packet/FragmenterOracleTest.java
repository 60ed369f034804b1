// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import oasis.testkit.Gen;
import oasis.testkit.NoAllocation;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

class FragmenterOracleTest {
  private static byte[] packet(Gen gen) {
    RandomPackets random = new RandomPackets(gen);
    random.version = 4;
    random.protocol = gen.pick(Ip.TCP, Ip.UDP, Ip.ICMP);
    random.payload = gen.bytes(gen.range(1, 9_000));
    random.fragmentWord = 0;
    random.ipOptions = gen.flip() ? options(gen) : new byte[0];
    return random.build();
  }

  /** Well-formed options: record route (not copied), a copied one, padding. */
  private static byte[] options(Gen gen) {
    byte[] options = new byte[4 * gen.range(2, 10)];
    options[0] = 7;
    options[1] = 3;
    options[2] = 4;
    options[3] = (byte) 0x94;
    options[4] = 4;
    return options;
  }

  private static List<byte[]> cut(byte[] packet, int mtu) {
    Burst b = Packets.burst(Packets.direct(packet));
    assertThat(Fragmenter.mayCut(b)).isTrue();
    Fragmenter fragmenter = new Fragmenter();
    assertThat(fragmenter.begin(b, mtu)).isTrue();
    List<byte[]> fragments = new ArrayList<>();
    Burst fragment = new Burst();
    while (fragmenter.next(fragment)) {
      byte[] bytes = Packets.bytes(fragment);
      Burst again = Packets.burst(Packets.direct(bytes));
      assertThat(again.fragment()).isTrue();
      assertThat(again.laterFragment()).isEqualTo(fragment.laterFragment());
      assertThat(again.headerBytes()).isEqualTo(fragment.headerBytes());
      assertThat(again.fragmentId()).isEqualTo(Slow.u16(packet, 4));
      fragments.add(bytes);
    }
    return fragments;
  }

  /** Puts fragments together as RFC 791 says, in the order in which they come. */
  private static byte[] join(List<byte[]> fragments) {
    byte[] first = fragments.get(0);
    int header = (first[0] & 15) * 4;
    byte[] whole = Arrays.copyOf(first, 66_000);
    int end = 0;
    for (int i = 0; i < fragments.size(); i++) {
      byte[] f = fragments.get(i);
      int offset = (Slow.u16(f, 6) & 0x1fff) * 8;
      assertThat(offset).isEqualTo(end);
      assertThat((Slow.u16(f, 6) & 0x2000) == 0).isEqualTo(i == fragments.size() - 1);
      System.arraycopy(f, header, whole, header + offset, f.length - header);
      end = offset + f.length - header;
    }
    whole = Arrays.copyOf(whole, header + end);
    Slow.put16(whole, 2, whole.length);
    Slow.put16(whole, 6, 0);
    Slow.fixIp(whole);
    return whole;
  }

  @Test
  void fragmentsJoinedAreThePacket() {
    Gen.cases(
        2_000,
        gen -> {
          byte[] packet = packet(gen);
          int mtu = gen.range(124, Math.max(124, packet.length - 1));
          if (packet.length <= mtu) {
            return;
          }
          List<byte[]> fragments = cut(packet, mtu);
          assertThat(fragments).allMatch(f -> f.length <= mtu).hasSizeGreaterThan(1);
          assertThat(join(fragments)).isEqualTo(packet);
        });
  }

  @Test
  void aFragmentIsCutFurther() {
    Gen.cases(
        500,
        gen -> {
          byte[] packet = packet(gen);
          if (packet.length <= 1_400) {
            return;
          }
          List<byte[]> twice = new ArrayList<>();
          for (byte[] fragment : cut(packet, 1_400)) {
            if (fragment.length > 600) {
              twice.addAll(cut(fragment, 600));
            } else {
              twice.add(fragment);
            }
          }
          assertThat(join(twice)).isEqualTo(packet);
        });
  }

  @Test
  void onlyTheFirstFragmentHasOptionsThatAreNotCopied() {
    Gen gen = new Gen(1);
    RandomPackets random = new RandomPackets(gen);
    random.version = 4;
    random.protocol = Ip.UDP;
    random.payload = gen.bytes(900);
    random.fragmentWord = 0;
    random.ipOptions = new byte[] {7, 3, 4, (byte) 0x94, 4, 0, 0, 0};
    List<byte[]> fragments = cut(random.build(), 500);
    assertThat(Arrays.copyOfRange(fragments.get(0), 20, 28))
        .isEqualTo(new byte[] {7, 3, 4, (byte) 0x94, 4, 0, 0, 0});
    assertThat(Arrays.copyOfRange(fragments.get(1), 20, 28))
        .isEqualTo(new byte[] {1, 1, 1, (byte) 0x94, 4, 0, 0, 0});
  }

  @Test
  void anUnfinishedChecksumIsFinished() {
    Gen.cases(
        200,
        gen -> {
          byte[] packet = packet(gen);
          if (Slow.protocol(packet) == Ip.ICMP || packet.length < 600) {
            return;
          }
          byte[] partial = packet.clone();
          Slow.makePartial(partial);
          Burst b = unfinished(partial);
          Fragmenter fragmenter = new Fragmenter();
          assertThat(fragmenter.begin(b, 500)).isTrue();
          List<byte[]> fragments = new ArrayList<>();
          Burst fragment = new Burst();
          while (fragmenter.next(fragment)) {
            fragments.add(Packets.bytes(fragment));
          }
          assertThat(join(fragments)).isEqualTo(packet);
        });
  }

  /** One packet whose checksum is left to us, as a TUN device gives it. */
  private static Burst unfinished(byte[] packet) {
    byte[] all = new byte[10 + packet.length];
    all[0] = 1;
    Bursts.little(all, 6, Slow.transport(packet));
    Bursts.little(all, 8, Slow.checksumAt(packet) - Slow.transport(packet));
    System.arraycopy(packet, 0, all, 10, packet.length);
    Burst b = new Burst();
    assertThat(b.checkOffloaded(Packets.direct(all), 0, 0, all.length, 0)).isNull();
    return b;
  }

  @Test
  void whatMayNotBeCutIsNot() {
    Gen.cases(
        200,
        gen -> {
          RandomPackets random = new RandomPackets(gen);
          random.fragmentWord = 0x4000;
          Burst b = Packets.burst(Packets.direct(random.build()));
          assertThat(Fragmenter.mayCut(b)).isFalse();
        });
    byte[] packet = packet(new Gen(2));
    Burst b = Packets.burst(Packets.direct(packet));
    assertThat(new Fragmenter().begin(b, 80)).isFalse();
  }

  @Test
  void randomOptionsNeverThrow() {
    Gen.cases(
        1_000,
        gen -> {
          RandomPackets random = new RandomPackets(gen);
          random.version = 4;
          random.protocol = Ip.UDP;
          random.payload = gen.bytes(1_000);
          random.fragmentWord = 0;
          random.ipOptions = gen.bytes(4 * gen.range(0, 10));
          assertThat(cut(random.build(), 400)).hasSizeGreaterThan(2);
        });
  }

  @Test
  void cuttingDoesNotAllocate() {
    ByteBuffer packet = Packets.direct(packet(new Gen(3)));
    byte[] fresh = new byte[packet.capacity()];
    packet.get(0, fresh);
    Burst b = new Burst();
    Burst fragment = new Burst();
    Fragmenter fragmenter = new Fragmenter();
    NoAllocation.check(
        5_000,
        () -> {
          packet.put(0, fresh);
          b.check(packet, 0, 0, fresh.length);
          fragmenter.begin(b, 300);
          while (fragmenter.next(fragment)) {
            b.fragmentId();
          }
        });
  }
}
