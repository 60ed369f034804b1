// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.Consumer;
import oasis.testkit.Gen;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class VirtioTest {
  private static final int SIZE = 100;

  private static byte[] offloaded(int version, int protocol, int payload) {
    RandomPackets random = new RandomPackets(new Gen(1));
    random.version = version;
    random.protocol = protocol;
    random.ipOptions = new byte[0];
    random.extensions = new byte[0];
    random.payload = new byte[payload];
    byte[] p = random.build();
    Slow.makePartial(p);
    byte[] all = new byte[10 + p.length];
    all[0] = 1;
    all[1] = (byte) (protocol == Ip.UDP ? 5 : version == 4 ? 1 : 4);
    Bursts.little(all, 4, SIZE);
    Bursts.little(all, 6, version == 4 ? 20 : 40);
    Bursts.little(all, 8, protocol == Ip.UDP ? 6 : 16);
    System.arraycopy(p, 0, all, 10, p.length);
    return all;
  }

  private static @Nullable DropReason check(byte[] all, Burst b) {
    return b.checkOffloaded(RandomPackets.direct(all), 0, 0, all.length, 0);
  }

  private static @Nullable DropReason after(byte[] all, Consumer<byte[]> change) {
    change.accept(all);
    return check(all, new Burst());
  }

  @Test
  void theHeaderThatIsWrittenReadsBackToTheSameBurst() {
    Gen.cases(
        1000,
        gen -> {
          int protocol = gen.pick(Ip.TCP, Ip.UDP);
          int size = gen.range(1, 1460);
          byte[] p = Bursts.superPacket(gen, protocol, gen.range(1, 20 * size), Tcp.ACK);
          Burst b = Bursts.offloaded(p, size);
          int link = gen.flip() ? 0 : 14;
          ByteBuffer out = ByteBuffer.allocateDirect(10 + link + p.length);
          gen.fill(out, 0, out.capacity());
          VirtioHeader.write(out, 0, b, link);
          out.put(10 + link, p);
          if (link > 0) {
            out.putShort(22, (short) (b.version() == 4 ? 0x0800 : 0x86dd));
          }
          Burst again = new Burst();
          assertThat(again.checkOffloaded(out, 0, 0, out.capacity(), link)).isNull();
          assertThat(again.segmentBytes()).isEqualTo(b.segmentBytes());
          assertThat(again.partialChecksum()).isTrue();
          assertThat(Slow.bytes(again)).isEqualTo(p);
        });
  }

  @Test
  void aPacketWithACompleteChecksumHasAnEmptyHeader() {
    byte[] p = RandomPackets.any(new Gen(2));
    Burst b = new Burst();
    assertThat(b.check(RandomPackets.direct(p), 0, 0, p.length)).isNull();
    ByteBuffer out = ByteBuffer.allocate(12).putLong(0, -1).putInt(8, -1);
    VirtioHeader.write(out, 1, b, 0);
    assertThat(out.get(0)).isEqualTo((byte) -1);
    assertThat(Slow.bytes(out, 1, 10)).containsOnly(0);
    assertThat(out.get(11)).isEqualTo((byte) -1);
  }

  @Test
  void cwrIsSaidInTheHeader() {
    byte[] p = Bursts.superPacket(new Gen(3), Ip.TCP, 300, Tcp.ACK | Tcp.CWR);
    ByteBuffer out = ByteBuffer.allocate(10);
    VirtioHeader.write(out, 0, Bursts.offloaded(p, 100), 0);
    assertThat(out.get(1) & 0x80).isEqualTo(0x80);
    assertThat(out.getShort(6)).isEqualTo((short) (Slow.transport(p) << 8));
  }

  @Test
  void aBurstNoLongerThanOneSegmentIsASinglePacket() {
    Burst b = new Burst();
    assertThat(check(offloaded(4, Ip.TCP, SIZE), b)).isNull();
    assertThat(b.segments()).isEqualTo(1);
    assertThat(b.segmentBytes()).isZero();
    assertThat(check(offloaded(4, Ip.TCP, SIZE + 1), b)).isNull();
    assertThat(b.segments()).isEqualTo(2);
  }

  @Test
  void whatContradictsThePacketIsRefused() {
    for (int version : new int[] {4, 6}) {
      int other = version == 4 ? 4 : 1;
      assertRefused(version, p -> p[0] = 0);
      assertRefused(version, p -> p[1] = (byte) other);
      assertRefused(version, p -> p[1] = 5);
      assertRefused(version, p -> p[1] = 3);
      assertRefused(version, p -> p[1] = (byte) 0x80);
      assertRefused(version, p -> Bursts.little(p, 4, 0));
      assertRefused(version, p -> Bursts.little(p, 4, 65_535));
      assertRefused(version, p -> p[6]++);
      assertRefused(version, p -> p[8] = 6);
      assertRefused(version, p -> p[10 + (version == 4 ? 20 : 40) + 13] |= Tcp.SYN);
    }
  }

  private static void assertRefused(int version, Consumer<byte[]> change) {
    assertThat(after(offloaded(version, Ip.TCP, 500), change)).isEqualTo(DropReason.BAD_OFFLOAD);
  }

  @Test
  void whatTheNetworkCardMergedAndVouchesForIsCutIntoPacketsWithRightChecksums() {
    ByteBuffer arena = ByteBuffer.allocateDirect(Segmenter.ARENA_BYTES);
    Gen.cases(
        300,
        gen -> {
          int protocol = gen.pick(Ip.TCP, Ip.UDP);
          int size = gen.range(1, 1460);
          byte[] p = Bursts.superPacket(gen, protocol, gen.range(1, 20 * size), Tcp.ACK);
          Slow.put16(p, Slow.checksumAt(p), gen.below(65_536));
          Burst b = new Burst();
          assertThat(check(merged(p, size), b)).isNull();
          assertThat(b.partialChecksum()).isTrue();
          assertThat(Bursts.join(Bursts.segment(b, arena, 0)))
              .isEqualTo(Bursts.join(Bursts.cut(p, size)));
        });
  }

  /** As the kernel hands over what a network card with LRO has put together. */
  private static byte[] merged(byte[] p, int segmentBytes) {
    byte[] all = new byte[10 + p.length];
    all[0] = 2;
    all[1] = (byte) (Slow.protocol(p) == 17 ? 5 : Slow.version(p) == 4 ? 1 : 4);
    Bursts.little(all, 4, segmentBytes);
    System.arraycopy(p, 0, all, 10, p.length);
    return all;
  }

  @Test
  void noFragmentIsMerged() {
    byte[] all = offloaded(4, Ip.TCP, 500);
    byte[] p = Arrays.copyOfRange(all, 10, all.length);
    assertThat(check(merged(p, SIZE), new Burst())).isNull();
    Slow.put16(p, 6, 1);
    Slow.fixIp(p);
    assertThat(check(merged(p, SIZE), new Burst())).isEqualTo(DropReason.BAD_OFFLOAD);
  }

  @Test
  void hdrLenIsIgnored() {
    assertThat(after(offloaded(4, Ip.TCP, 500), p -> Bursts.little(p, 2, 65_535))).isNull();
  }

  @Test
  void aLengthFieldOfZeroIsDerived() {
    for (int version : new int[] {4, 6}) {
      byte[] all = offloaded(version, Ip.TCP, 500);
      int field = version == 4 ? 12 : 14;
      int length = Slow.u16(all, field);
      Slow.put16(all, field, 0);
      byte[] packet = Arrays.copyOfRange(all, 10, all.length);
      Slow.fixIp(packet);
      System.arraycopy(packet, 0, all, 10, packet.length);
      Burst b = new Burst();
      assertThat(check(all, b)).isNull();
      assertThat(b.payloadBytes()).isEqualTo(500);
      byte[] now = Slow.bytes(b);
      assertThat(Slow.u16(now, field - 10)).isEqualTo(length);
      assertThat(Slow.ipIsRight(now)).isTrue();
    }
  }

  @Test
  void theEtherTypeMustNameTheVersion() {
    byte[] p = RandomPackets.any(new Gen(4));
    int right = Slow.version(p) == 4 ? 0x0800 : 0x86dd;
    for (int type : new int[] {right, 0x0800 ^ 0x86dd ^ right, 0x0806, 0x8100}) {
      ByteBuffer b = ByteBuffer.allocateDirect(24 + p.length).put(24, p);
      b.putShort(22, (short) type);
      Burst burst = new Burst();
      assertThat(burst.checkOffloaded(b, 0, 0, 24 + p.length, 14))
          .isEqualTo(type == right ? null : DropReason.NOT_IP);
    }
  }
}
