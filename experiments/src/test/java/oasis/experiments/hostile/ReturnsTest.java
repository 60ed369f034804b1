// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReturnsTest {
  private static final int CLIENT = 4;
  private static final byte[] OWN = Policy.literal("fd6f:6173:6973::7");
  private static final byte[] REMOTE = Policy.literal("2602:9::4");

  private final Returns returns = new Returns(true);

  /** A UDP datagram behind an extension header of 8 bytes, or behind none. */
  private static byte[] packet(int extension) {
    ByteBuffer b = ByteBuffer.allocate(40 + (extension < 0 ? 0 : 8) + 8);
    b.putInt(6 << 28).putShort((short) (b.capacity() - 40));
    b.put((byte) (extension < 0 ? Anatomy.UDP : extension)).put((byte) 64).put(OWN).put(REMOTE);
    if (extension >= 0) {
      b.put((byte) Anatomy.UDP).put((byte) 0).position(48);
    }
    b.putShort((short) 1234).putShort((short) 80).putShort((short) 8).putShort((short) 0);
    return b.array();
  }

  /** An ICMPv6 error from the destination about a packet. */
  private static byte[] error(byte[] about) {
    ByteBuffer b = ByteBuffer.allocate(48 + about.length);
    b.putInt(6 << 28).putShort((short) (8 + about.length)).put((byte) Anatomy.ICMP6).put((byte) 64);
    b.put(REMOTE).put(OWN).put((byte) 1).position(48);
    return b.put(about).array();
  }

  private void left(byte[] packet) {
    Anatomy p = new Anatomy();
    assertThat(p.read(packet, 0, packet.length)).isTrue();
    returns.left(p, CLIENT);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 43, 44, 60})
  void anErrorReachesWhomItQuotesWhateverStandsBeforeThePorts(int extension) {
    left(packet(extension));
    byte[] error = error(packet(extension));
    returns.coming(error, error.length);
    assertThat(returns.delivered(CLIENT)).isNull();
    assertThat(returns.delivered(CLIENT - 1)).contains("instead of client 4");
  }

  @Test
  void anErrorThatQuotesNothingThatLeftReachesNobody() {
    left(packet(60));
    byte[] other = packet(60);
    other[49] ^= 1;
    byte[] error = error(other);
    returns.coming(error, error.length);
    assertThat(returns.delivered(CLIENT)).contains("instead of nobody");
    byte[] cut = error(Arrays.copyOf(packet(60), 52));
    returns.coming(cut, cut.length);
    assertThat(returns.delivered(CLIENT)).contains("instead of nobody");
  }
}
