// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static oasis.os.linux.LinuxConstants.AF_INET;
import static oasis.os.linux.LinuxConstants.AF_INET6;
import static oasis.os.linux.NetlinkMessages.address;
import static oasis.os.linux.NetlinkMessages.attribute;
import static oasis.os.linux.NetlinkMessages.ifinfomsg;
import static oasis.os.linux.NetlinkMessages.int16;
import static oasis.os.linux.NetlinkMessages.int32;
import static oasis.os.linux.NetlinkMessages.mac;
import static oasis.os.linux.NetlinkMessages.ndmsg;
import static oasis.os.linux.NetlinkMessages.rtmsg;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import oasis.os.HostRoutes;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

/** Whatever a datagram holds, reading it throws nothing, ends, and stays inside of it. */
class NetlinkReaderFuzzTest {
  private final NetlinkReader reader = new NetlinkReader();
  private final HostRoutes.Route route = new HostRoutes.Route();
  private final HostRoutes.Neighbour neighbour = new HostRoutes.Neighbour();
  private final HostRoutes.Link link = new HostRoutes.Link();

  private static byte[] plausible(Gen gen) {
    NetlinkMessages messages = new NetlinkMessages();
    for (int i = gen.range(1, 3); i > 0; i--) {
      switch (gen.below(4)) {
        case 0 ->
            messages.message(
                NetlinkReader.RTM_NEWROUTE,
                gen.anyInt(),
                rtmsg(gen.pick(AF_INET, AF_INET6, 0), gen.below(9)),
                attribute(4, int32(gen.anyInt())),
                attribute(5, gen.flip() ? address("192.0.2.1") : address("fe80::1")),
                attribute(18, int16(gen.pick(AF_INET, AF_INET6)), gen.bytes(gen.below(20))),
                attribute(8, attribute(gen.below(4), gen.bytes(gen.below(8)))));
        case 1 ->
            messages.message(
                NetlinkReader.RTM_NEWNEIGH,
                gen.anyInt(),
                ndmsg(AF_INET6, gen.anyInt(), gen.below(256)),
                attribute(2, gen.flip() ? mac(gen.anyLong()) : gen.bytes(gen.below(9))));
        case 2 ->
            messages.message(
                NetlinkReader.RTM_NEWLINK,
                gen.anyInt(),
                ifinfomsg(1, gen.anyInt(), gen.anyInt()),
                attribute(26, attribute(AF_INET6, attribute(2, gen.bytes(4 * gen.below(5))))),
                attribute(1, gen.bytes(gen.below(9))));
        default -> messages.message(NetlinkReader.NLMSG_ERROR, 1, gen.bytes(gen.below(12)));
      }
    }
    return messages.bytes();
  }

  private static byte[] datagram(Gen gen) {
    if (gen.chance(0.1)) {
      return gen.bytes(gen.below(200));
    }
    byte[] bytes = plausible(gen);
    for (int i = gen.below(6); i > 0; i--) {
      bytes[gen.below(bytes.length)] = (byte) gen.pick(0, 1, 3, 4, 5, 255, gen.anyInt());
    }
    return bytes;
  }

  @Test
  void hostileDatagramsAreReadToTheirEnd() {
    Gen.cases(
        50_000,
        gen -> {
          byte[] bytes = datagram(gen);
          int length = gen.below(bytes.length + 1);
          // What lies behind the datagram must not matter.
          byte[] other = bytes.clone();
          for (int i = length; i < other.length; i++) {
            other[i] = (byte) gen.anyInt();
          }
          assertThat(read(bytes, length)).isEqualTo(read(other, length));
        });
  }

  /** Reads all messages in every way; a digest of what was found. */
  private long read(byte[] bytes, int length) {
    reader.begin(ByteBuffer.wrap(bytes), length);
    long digest = 1;
    int messages = 0;
    while (reader.next()) {
      assertThat(++messages).isLessThanOrEqualTo(length / NetlinkReader.HEADER_BYTES);
      digest = 31 * digest + reader.type() + 31L * reader.sequence() + 7L * reader.error();
      digest = 31 * digest + (reader.route(route) ? route(1) : 0);
      digest = 31 * digest + (reader.neighbour(neighbour) ? neighbour.mac + neighbour.state : 0);
      digest = 31 * digest + (reader.link(link) ? link.mac + link.mtu * 7L + link.mtu6 : 0);
    }
    return digest;
  }

  private long route(long seed) {
    assertThat(route.mtu).isNotNegative();
    return seed + route.gatewayHi * 3 + route.gatewayLo * 5 + route.mtu * 7L + route.interfaceIndex;
  }
}
