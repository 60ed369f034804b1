// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.function.Consumer;
import oasis.testkit.Gen;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BurstTest {
  private final RandomPackets random = new RandomPackets(new Gen(1));

  private byte[] plain(int version, int protocol) {
    random.version = version;
    random.protocol = protocol;
    random.ipOptions = new byte[0];
    random.extensions = new byte[0];
    random.tcpOptions = new byte[4];
    random.payload = new byte[64];
    random.fragmentWord = 0;
    return random.build();
  }

  private static @Nullable DropReason check(byte[] p) {
    return new Burst().check(RandomPackets.direct(p), 0, 0, p.length);
  }

  /** Changes a packet, puts its IPv4 checksum right and says why it is refused. */
  private static @Nullable DropReason after(byte[] p, Consumer<byte[]> change) {
    change.accept(p);
    Slow.fixIp(p);
    return check(p);
  }

  private static byte[] cut(byte[] p, int length) {
    return Arrays.copyOf(p, length);
  }

  @Test
  void aPacketShorterThanItsHeadersSayIsRefused() {
    for (int version : new int[] {4, 6}) {
      byte[] p = plain(version, Ip.TCP);
      for (int length = 0; length < p.length; length++) {
        assertThat(check(cut(p, length))).as("length %d", length).isEqualTo(DropReason.TRUNCATED);
      }
      assertThat(check(p)).isNull();
    }
  }

  @Test
  void otherVersionsAreNotIp() {
    byte[] p = plain(4, Ip.TCP);
    p[0] = 0x55;
    assertThat(check(p)).isEqualTo(DropReason.NOT_IP);
  }

  @Test
  void badIpv4HeadersAreRefused() {
    assertThat(after(plain(4, Ip.TCP), p -> p[0] = 0x44)).isEqualTo(DropReason.BAD_HEADER);
    assertThat(after(plain(4, Ip.TCP), p -> Slow.put16(p, 2, 19))).isEqualTo(DropReason.BAD_HEADER);
    byte[] wrong = plain(4, Ip.TCP);
    wrong[10]++;
    assertThat(check(wrong)).isEqualTo(DropReason.BAD_HEADER_CHECKSUM);
  }

  @Test
  void nobodyMayBeAGroupOrNobody() {
    for (int source : new int[] {0, -1, 0xe000_0001, 0xefff_ffff}) {
      assertThat(after(plain(4, Ip.UDP), p -> Slow.put32(p, 12, source)))
          .isEqualTo(DropReason.BAD_HEADER);
    }
    assertThat(after(plain(4, Ip.UDP), p -> Slow.put32(p, 16, 0))).isEqualTo(DropReason.BAD_HEADER);
    assertThat(after(plain(4, Ip.UDP), p -> Slow.put32(p, 16, 0xe000_0001))).isNull();
    assertThat(after(plain(6, Ip.UDP), p -> p[8] = (byte) 0xff)).isEqualTo(DropReason.BAD_HEADER);
    assertThat(after(plain(6, Ip.UDP), p -> Arrays.fill(p, 8, 24, (byte) 0)))
        .isEqualTo(DropReason.BAD_HEADER);
  }

  @Test
  void anIpv4MappedAddressOnTheWireIsRefused() {
    for (int at : new int[] {8, 24}) {
      assertThat(
              after(
                  plain(6, Ip.UDP),
                  p -> {
                    Arrays.fill(p, at, at + 10, (byte) 0);
                    Slow.put16(p, at + 10, 0xffff);
                  }))
          .isEqualTo(DropReason.BAD_HEADER);
    }
  }

  @Test
  void badTransportHeadersAreRefused() {
    assertThat(after(plain(4, Ip.TCP), p -> p[32] = 0x40)).isEqualTo(DropReason.BAD_HEADER);
    byte[] short4 = plain(4, Ip.TCP);
    byte[] tcp = cut(short4, 20 + 20);
    Slow.put16(tcp, 2, tcp.length);
    Slow.fixIp(tcp);
    assertThat(check(tcp)).isEqualTo(DropReason.TRUNCATED);
    for (int length : new int[] {0, 7, 71, 73}) {
      assertThat(after(plain(4, Ip.UDP), p -> Slow.put16(p, 24, length)))
          .isEqualTo(DropReason.BAD_HEADER);
    }
    assertThat(after(plain(4, Ip.UDP), p -> Slow.put16(p, 24, 72))).isNull();
    assertThat(after(plain(4, Ip.ICMP), p -> p[9] = Ip.ICMP6)).isEqualTo(DropReason.BAD_HEADER);
    assertThat(after(plain(6, Ip.ICMP6), p -> p[6] = Ip.ICMP)).isEqualTo(DropReason.BAD_HEADER);
  }

  @Test
  void anUnknownProtocolHasOnlyAnIpHeaderAndNoPorts() {
    byte[] p = plain(4, Ip.UDP);
    p[9] = 47;
    Slow.fixIp(p);
    Burst b = new Burst();
    assertThat(b.check(RandomPackets.direct(p), 0, 0, p.length)).isNull();
    assertThat(b.headerBytes()).isEqualTo(20);
    assertThat(b.payloadBytes()).isEqualTo(72);
    assertThat(new FlowKey().of(b).ports).isEqualTo(47L << 32);
  }

  @Test
  void fragmentsAreFlaggedAndMeasured() {
    Burst b = new Burst();
    byte[] first = plain(4, Ip.UDP);
    Slow.put16(first, 6, 0x2000);
    Slow.put16(first, 24, 500);
    Slow.fixIp(first);
    assertThat(b.check(RandomPackets.direct(first), 0, 0, first.length)).isNull();
    assertThat(b.fragment()).isTrue();
    assertThat(b.laterFragment()).isFalse();
    assertThat(b.headerBytes()).isEqualTo(28);

    byte[] later = plain(4, Ip.UDP);
    Slow.put16(later, 6, 10);
    Slow.fixIp(later);
    assertThat(b.check(RandomPackets.direct(later), 0, 0, later.length)).isNull();
    assertThat(b.laterFragment()).isTrue();
    assertThat(b.headerBytes()).isEqualTo(20);
    assertThat(b.payloadBytes()).isEqualTo(72);

    // Beyond 65,535, not a multiple of eight, and a whole datagram that claims to be the first
    // part.
    assertThat(after(plain(4, Ip.UDP), p -> Slow.put16(p, 6, 0x1fff)))
        .isEqualTo(DropReason.BAD_HEADER);
    random.payload = new byte[63];
    byte[] odd = random.build();
    assertThat(after(odd, p -> Slow.put16(p, 6, 0x2001))).isEqualTo(DropReason.BAD_HEADER);
    assertThat(after(plain(4, Ip.UDP), p -> Slow.put16(p, 6, 0x2000)))
        .isEqualTo(DropReason.BAD_HEADER);
  }

  @Test
  void badChainsOfExtensionHeadersAreRefused() {
    byte[] eight = new byte[8];
    assertThat(checkChain(60, chain(eight, 17))).isNull();
    // Hop-by-hop not first, two fragment headers, segments left, too many, too long.
    assertThat(checkChain(60, chain(eight, 0, 17))).isEqualTo(DropReason.BAD_HEADER);
    assertThat(checkChain(44, chain(eight, 44, 17))).isEqualTo(DropReason.BAD_HEADER);
    byte[] routing = chain(eight, 17);
    routing[3] = 1;
    assertThat(checkChain(43, routing)).isEqualTo(DropReason.BAD_HEADER);
    assertThat(checkChain(60, chain(eight, 60, 60, 60, 60, 60, 60, 60, 17))).isNull();
    assertThat(checkChain(60, chain(eight, 60, 60, 60, 60, 60, 60, 60, 60, 17)))
        .isEqualTo(DropReason.BAD_HEADER);
    byte[] tooLong = new byte[264];
    tooLong[0] = 17;
    tooLong[1] = 32;
    assertThat(checkChain(60, tooLong)).isEqualTo(DropReason.BAD_HEADER);
    byte[] overrun = chain(eight, 17);
    overrun[1] = 30;
    assertThat(checkChain(60, overrun)).isEqualTo(DropReason.TRUNCATED);
  }

  @Test
  void anIpv6FragmentIsKnownByItsHeader() {
    byte[] fragment = chain(new byte[8], 17);
    Slow.put16(fragment, 2, 8 << 3);
    random.version = 6;
    byte[] p = withChain(44, fragment);
    Burst b = new Burst();
    assertThat(b.check(RandomPackets.direct(p), 0, 0, p.length)).isNull();
    assertThat(b.laterFragment()).isTrue();
    assertThat(b.headerBytes()).isEqualTo(48);
    assertThat(b.protocol()).isEqualTo(17);

    Slow.put16(fragment, 2, 0);
    byte[] atomic = withChain(44, fragment);
    assertThat(b.check(RandomPackets.direct(atomic), 0, 0, atomic.length)).isNull();
    assertThat(b.fragment()).isFalse();
  }

  private @Nullable DropReason checkChain(int first, byte[] chain) {
    return check(withChain(first, chain));
  }

  private byte[] withChain(int first, byte[] chain) {
    byte[] plain = plain(6, Ip.UDP);
    byte[] p = new byte[plain.length + chain.length];
    System.arraycopy(plain, 0, p, 0, 40);
    System.arraycopy(chain, 0, p, 40, chain.length);
    System.arraycopy(plain, 40, p, 40 + chain.length, plain.length - 40);
    p[6] = (byte) first;
    Slow.put16(p, 4, p.length - 40);
    return p;
  }

  private static byte[] chain(byte[] header, int... next) {
    byte[] all = new byte[header.length * next.length];
    for (int i = 0; i < next.length; i++) {
      System.arraycopy(header, 0, all, i * header.length, header.length);
      all[i * header.length] = (byte) next[i];
    }
    return all;
  }
}
