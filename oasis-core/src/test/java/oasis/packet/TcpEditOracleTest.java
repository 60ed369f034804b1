// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

/** Each change beside a packet that was built with it from the start. */
class TcpEditOracleTest {
  private static FlowKey key(Gen gen) {
    return gen.flip()
        ? Packets.key(Ip.TCP, "192.0.2.1", gen.below(65_536), "203.0.113.1", 53)
        : Packets.key(Ip.TCP, "2001:db8::1", gen.below(65_536), "2001:db8::2", 53);
  }

  @Test
  void numbersAndWindowChangeAndTheChecksumFollows() {
    Gen.cases(
        500,
        gen -> {
          FlowKey key = key(gen);
          byte[] payload = gen.bytes(gen.below(40));
          int seq = gen.anyInt();
          int ack = gen.anyInt();
          int window = gen.below(65_536);
          Burst b = Packets.burst(Packets.tcp(key, Tcp.ACK, gen.anyInt(), gen.anyInt(), payload));
          TcpEdit.sequence(b, seq);
          TcpEdit.acknowledgment(b, ack, window);
          int headers = TcpFrame.headerBytes(key);
          ByteBuffer frame = ByteBuffer.allocateDirect(headers + payload.length);
          frame.put(headers, payload);
          int bytes = TcpFrame.write(key, frame, 0, seq, ack, Tcp.ACK, window, payload.length);
          assertThat(bytes).isEqualTo(frame.capacity());
          Packets.assertChecksums(Packets.bytes(Packets.burst(frame)));
          byte[] changed = Packets.bytes(b);
          byte[] built = Packets.bytes(Packets.burst(frame));
          int tcp = headers - Tcp.BYTES;
          Packets.assertChecksums(changed);
          assertThat(ByteBuffer.wrap(changed, tcp, changed.length - tcp))
              .isEqualTo(ByteBuffer.wrap(built, tcp, built.length - tcp));
        });
  }

  @Test
  void onlySegmentSizeAndWindowScaleAreLeftOfTheOptions() {
    byte[] options = {
      2, 4, 5, (byte) 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 7, 34, 2, 1, 0
    };
    byte[] plain = {
      2, 4, 5, (byte) 0xb4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 7, 1, 1, 1, 1
    };
    Gen.cases(
        20,
        gen -> {
          int flags = Tcp.SYN | Tcp.ECE | Tcp.CWR;
          Burst b =
              Packets.burst(Packets.tcp(key(gen), flags, 7, 0, options, gen.bytes(gen.below(9))));
          assertThat(TcpEdit.scale(b)).isEqualTo(7);
          assertThat(TcpEdit.maxSegment(b)).isEqualTo(1_460);
          TcpEdit.plain(b);
          byte[] bytes = Packets.bytes(b);
          Packets.assertChecksums(bytes);
          assertThat(Slow.bytes(b.buffer(), b.transport() + Tcp.BYTES, plain.length))
              .isEqualTo(plain);
          assertThat(Tcp.flags(b)).isEqualTo(Tcp.SYN);
        });
  }

  @Test
  void noOptionsThrowOrAreReadOutsideTheHeader() {
    Gen.cases(
        5_000,
        gen -> {
          byte[] options = gen.bytes(4 * gen.below(11));
          for (int i = 0; i < options.length; i++) {
            options[i] = gen.flip() ? (byte) gen.below(10) : options[i];
          }
          byte[] payload = gen.bytes(20);
          Burst b = Packets.burst(Packets.tcp(key(gen), Tcp.SYN, 7, 0, options, payload));
          int scale = TcpEdit.scale(b);
          int mss = TcpEdit.maxSegment(b);
          TcpEdit.plain(b);
          Packets.assertChecksums(Packets.bytes(b));
          assertThat(TcpEdit.scale(b)).isEqualTo(scale).isBetween(-1, 14);
          assertThat(TcpEdit.maxSegment(b)).isEqualTo(mss);
          assertThat(Slow.bytes(b.buffer(), b.pieceStart(0), 20)).isEqualTo(payload);
        });
  }
}
