// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import oasis.packet.Replies.Unreachable;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

class RepliesTest {
  private final ByteBuffer out = ByteBuffer.allocateDirect(Replies.MAX_BYTES + 7);

  private static Burst burst(byte[] p) {
    Burst b = new Burst();
    assertThat(b.check(RandomPackets.direct(p), 0, 0, p.length)).isNull();
    return b;
  }

  /** The answer, which must be a valid packet from end to end. */
  private byte[] answer(int length) {
    byte[] p = Slow.bytes(out, 7, length);
    assertThat(burst(p).length()).isEqualTo(length);
    assertThat(Slow.transportIsRight(p)).isTrue();
    return p;
  }

  private static byte[] tcp(Gen gen, int flags) {
    RandomPackets random = new RandomPackets(gen);
    random.protocol = Ip.TCP;
    random.flags = flags;
    return random.build();
  }

  @Test
  void aResetTakesTheAcknowledgedNumberOrAcknowledgesTheSegment() {
    Gen.cases(
        500,
        gen -> {
          int flags =
              gen.pick(Tcp.ACK, Tcp.SYN, Tcp.SYN | Tcp.ACK, Tcp.FIN | Tcp.ACK, Tcp.FIN, Tcp.PSH);
          byte[] p = tcp(gen, flags);
          Burst about = burst(p);
          byte[] r = answer(Replies.tcpReset(about, out, 7));
          Burst reset = burst(r);
          assertThat(reset.payloadBytes()).isZero();
          FlowKey expected = new FlowKey().of(about).reverse();
          assertThat(new FlowKey().of(reset)).usingRecursiveComparison().isEqualTo(expected);
          int from = Slow.transport(p);
          int at = reset.transport();
          ByteBuffer b = reset.buffer();
          if ((flags & Tcp.ACK) != 0) {
            assertThat(Tcp.flags(b, at)).isEqualTo(Tcp.RST);
            assertThat(Tcp.seq(b, at)).isEqualTo(Slow.u32(p, from + 8));
            assertThat(Tcp.ack(b, at)).isZero();
          } else {
            int length = about.payloadBytes() + ((flags & (Tcp.SYN | Tcp.FIN)) != 0 ? 1 : 0);
            assertThat(Tcp.flags(b, at)).isEqualTo(Tcp.RST | Tcp.ACK);
            assertThat(Tcp.seq(b, at)).isZero();
            assertThat(Tcp.ack(b, at)).isEqualTo(Slow.u32(p, from + 4) + length);
          }
          assertThat(Replies.tcpReset(reset, out, 7)).as("a reset about a reset").isZero();
        });
  }

  @Test
  void aResetOfAFlowNeedsNoPacket() {
    Gen.cases(
        200,
        gen -> {
          FlowKey flow = new FlowKey().of(burst(tcp(gen, Tcp.ACK)));
          Burst reset = burst(answer(Replies.tcpReset(flow, 7777, gen.pick(0, 5), out, 7)));
          assertThat(new FlowKey().of(reset)).usingRecursiveComparison().isEqualTo(flow);
          assertThat(Tcp.seq(reset.buffer(), reset.transport())).isEqualTo(7777);
        });
  }

  @Test
  void anErrorQuotesThePacketItIsAbout() {
    Gen.cases(
        500,
        gen -> {
          byte[] p = RandomPackets.any(gen);
          boolean v4 = Slow.version(p) == 4;
          Burst about = burst(p);
          long lo = v4 ? Addresses.v4(0x0a00_0001) : 1;
          long hi = v4 ? 0 : 0xfd00L << 48;
          byte[] r = answer(Replies.unreachable(about, Unreachable.PORT, hi, lo, out, 7));
          int icmp = v4 ? 20 : 40;
          assertThat(Slow.u16(r, icmp)).isEqualTo(v4 ? 0x0303 : 0x0104);
          int quoted = Math.min(p.length, v4 ? 548 : 1232);
          assertThat(Arrays.copyOfRange(r, icmp + 8, r.length)).isEqualTo(Arrays.copyOf(p, quoted));
          FlowKey key = new FlowKey();
          Burst error = burst(r);
          assertThat(IcmpInner.read(error, key)).isTrue();
          assertThat(key).usingRecursiveComparison().isEqualTo(new FlowKey().of(about));
          assertThat(Ip.dstLo(error.buffer(), 0)).isEqualTo(Ip.srcLo(about.buffer(), 0));
          assertThat(Replies.unreachable(error, Unreachable.HOST, hi, lo, out, 7)).isZero();
        });
  }

  @Test
  void tooBigCarriesTheMtu() {
    Gen.cases(
        200,
        gen -> {
          byte[] p = RandomPackets.any(gen);
          boolean v4 = Slow.version(p) == 4;
          long hi = v4 ? 0 : 1L << 60;
          byte[] r = answer(Replies.tooBig(burst(p), 1400, hi, Addresses.v4(9) + hi, out, 7));
          int icmp = v4 ? 20 : 40;
          assertThat(Slow.u16(r, icmp)).isEqualTo(v4 ? 0x0304 : 0x0200);
          assertThat(Slow.u32(r, icmp + 4)).isEqualTo(1400);
        });
  }

  @Test
  void timeExceededSaysThatItEndedInTransit() {
    Gen.cases(
        200,
        gen -> {
          byte[] p = RandomPackets.any(gen);
          boolean v4 = Slow.version(p) == 4;
          long hi = v4 ? 0 : 1L << 60;
          byte[] r = answer(Replies.timeExceeded(burst(p), hi, Addresses.v4(9) + hi, out, 7));
          int icmp = v4 ? 20 : 40;
          assertThat(Slow.u16(r, icmp)).isEqualTo(v4 ? 0x0b00 : 0x0300);
          assertThat(Slow.u32(r, icmp + 4)).isZero();
        });
  }

  @Test
  void ofABurstTheFirstSegmentIsQuoted() {
    Gen.cases(
        200,
        gen -> {
          byte[] p = Bursts.superPacket(gen, gen.pick(Ip.TCP, Ip.UDP), 1000, Tcp.ACK);
          Burst b = Bursts.offloaded(p, 90);
          long hi = b.version() == 4 ? 0 : 1;
          byte[] r = answer(Replies.tooBig(b, 1400, hi, Addresses.v4(9), out, 7));
          byte[] quote = Arrays.copyOfRange(r, (b.version() == 4 ? 20 : 40) + 8, r.length);
          byte[] first = Bursts.cut(p, 90).get(0);
          // The transport checksum and flags were never made; all else is the packet that went out.
          Slow.put16(first, Slow.checksumAt(first), Slow.u16(p, Slow.checksumAt(p)));
          assertThat(quote).isEqualTo(first);
        });
  }

  @Test
  void nobodyIsToldAboutGroupsAndLaterFragments() {
    RandomPackets random = new RandomPackets(new Gen(1));
    random.version = 4;
    random.protocol = Ip.UDP;
    random.payload = new byte[64];
    byte[] fragment = random.build();
    Slow.put16(fragment, 6, 9);
    Slow.fixIp(fragment);
    assertThat(Replies.tooBig(burst(fragment), 500, 0, Addresses.v4(1), out, 7)).isZero();
    for (int group : new int[] {0xe000_00fb, -1}) {
      byte[] p = random.build();
      Slow.put32(p, 16, group);
      Slow.fixIp(p);
      assertThat(Replies.tooBig(burst(p), 500, 0, Addresses.v4(1), out, 7)).isZero();
      assertThat(Replies.unreachable(burst(p), Unreachable.PORT, 0, Addresses.v4(1), out, 7))
          .isZero();
    }
    assertThat(Replies.tcpReset(burst(random.build()), out, 7)).as("not TCP").isZero();
  }
}
