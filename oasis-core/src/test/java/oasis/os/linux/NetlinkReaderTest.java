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
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import oasis.os.HostRoutes;
import oasis.packet.Address;
import org.junit.jupiter.api.Test;

class NetlinkReaderTest {
  private final NetlinkReader reader = new NetlinkReader();
  private final HostRoutes.Route route = new HostRoutes.Route();
  private final HostRoutes.Neighbour neighbour = new HostRoutes.Neighbour();
  private final HostRoutes.Link link = new HostRoutes.Link();

  private void begin(NetlinkMessages messages) {
    byte[] bytes = messages.bytes();
    reader.begin(ByteBuffer.wrap(bytes), bytes.length);
  }

  private static NetlinkMessages message(int type, byte[]... parts) {
    return new NetlinkMessages().message(type, 9, parts);
  }

  @Test
  void theUpperLabelsOfAConnectionAreRead() {
    byte[] labels = new byte[16];
    labels[8] = 1; // label 64
    labels[15] = (byte) 0x80; // label 127
    begin(message(NetlinkReader.CT_NEW, new byte[4], attribute(22, labels)));
    assertThat(reader.next()).isTrue();
    assumeTrue(ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN);
    assertThat(reader.upperLabels()).isEqualTo(1L << 63 | 1);
    begin(message(NetlinkReader.CT_NEW, new byte[4], attribute(22, new byte[8])));
    assertThat(reader.next()).isTrue();
    assertThat(reader.upperLabels()).isZero();
    begin(message(NetlinkReader.CT_NEW, new byte[2]));
    assertThat(reader.next()).isTrue();
    assertThat(reader.upperLabels()).isZero();
  }

  @Test
  void aRouteByAGatewayIsRead() {
    begin(
        message(
            NetlinkReader.RTM_NEWROUTE,
            rtmsg(AF_INET, 1),
            attribute(15, int32(254)),
            attribute(4, int32(3)),
            attribute(5, address("192.0.2.1")),
            attribute(7, address("192.0.2.9")),
            attribute(0x8000 | 8, attribute(1, int32(5)), attribute(2, int32(1300)))));
    assertThat(reader.next()).isTrue();
    assertThat(reader.type()).isEqualTo(NetlinkReader.RTM_NEWROUTE);
    assertThat(reader.sequence()).isEqualTo(9);
    assertThat(reader.route(route)).isTrue();
    assertThat(route.unicast()).isTrue();
    assertThat(route.interfaceIndex).isEqualTo(3);
    assertThat(route.hasGateway).isTrue();
    assertThat(gateway()).isEqualTo("192.0.2.1");
    assertThat(new Address(route.sourceHi, route.sourceLo)).hasToString("192.0.2.9");
    assertThat(route.mtu).isEqualTo(1300);
    assertThat(route.encapsulates).isFalse();
    assertThat(reader.next()).isFalse();
  }

  private String gateway() {
    return new Address(route.gatewayHi, route.gatewayLo).toString();
  }

  @Test
  void anIpv6RouteIsRead() {
    begin(
        message(
            NetlinkReader.RTM_NEWROUTE,
            rtmsg(AF_INET6, 1),
            attribute(4, int32(3)),
            attribute(5, address("fe80::1"))));
    assertThat(reader.next() && reader.route(route)).isTrue();
    assertThat(gateway()).isEqualTo("fe80::1");
    assertThat(route.mtu).isZero();
  }

  @Test
  void theIpv6GatewayOfAnIpv4RouteIsRead() {
    begin(
        message(
            NetlinkReader.RTM_NEWROUTE,
            rtmsg(AF_INET, 1),
            attribute(18, int16(AF_INET6), address("fe80::1")),
            attribute(22, new byte[4])));
    assertThat(reader.next() && reader.route(route)).isTrue();
    assertThat(gateway()).isEqualTo("fe80::1");
    assertThat(route.encapsulates).isTrue();
  }

  @Test
  void aSecondAnswerForgetsTheFirst() {
    begin(
        message(NetlinkReader.RTM_NEWROUTE, rtmsg(AF_INET, 1), attribute(5, address("192.0.2.1")))
            .message(NetlinkReader.RTM_NEWROUTE, 10, rtmsg(AF_INET, 2)));
    assertThat(reader.next() && reader.route(route)).isTrue();
    assertThat(reader.next() && reader.route(route)).isTrue();
    assertThat(reader.sequence()).isEqualTo(10);
    assertThat(route.hasGateway).isFalse();
    assertThat(route.unicast()).isFalse();
  }

  @Test
  void anAddressOfTheWrongLengthIsNoAddress() {
    begin(
        message(
            NetlinkReader.RTM_NEWROUTE,
            rtmsg(AF_INET, 1),
            attribute(5, address("fe80::1")),
            attribute(7, new byte[3]),
            attribute(4, new byte[2]),
            attribute(18, new byte[1])));
    assertThat(reader.next() && reader.route(route)).isTrue();
    assertThat(route.hasGateway).isFalse();
    assertThat(route.sourceLo).isZero();
    assertThat(route.interfaceIndex).isZero();
  }

  @Test
  void aNeighbourIsRead() {
    begin(
        message(
            NetlinkReader.RTM_NEWNEIGH,
            ndmsg(AF_INET, 4, 0x02),
            attribute(1, address("192.0.2.1")),
            attribute(2, mac(0xfedc_ba98_7654L))));
    assertThat(reader.next() && reader.neighbour(neighbour)).isTrue();
    assertThat(neighbour.interfaceIndex).isEqualTo(4);
    assertThat(neighbour.mac).isEqualTo(0xfedc_ba98_7654L);
    assertThat(neighbour.usable()).isTrue();
    assertThat(neighbour.stale()).isFalse();
  }

  @Test
  void aNeighbourWithoutAnAddressIsNotUsable() {
    begin(message(NetlinkReader.RTM_NEWNEIGH, ndmsg(AF_INET, 4, 0x02), attribute(2, new byte[8])));
    assertThat(reader.next() && reader.neighbour(neighbour)).isTrue();
    assertThat(neighbour.usable()).isFalse();
  }

  @Test
  void aLinkIsReadWithItsIpv6Mtu() {
    begin(
        message(
            NetlinkReader.RTM_NEWLINK,
            ifinfomsg(1, 5, 0x11043),
            attribute(3, new byte[] {'e', 't', 'h', '0', 0}),
            attribute(
                26,
                attribute(AF_INET, attribute(2, int32(1, 2, 3))),
                attribute(AF_INET6, attribute(1, int32(0)), attribute(2, int32(0, 64, 1280, 1)))),
            attribute(4, int32(1500)),
            attribute(1, mac(0x0200_0000_0001L))));
    assertThat(reader.next() && reader.link(link)).isTrue();
    assertThat(link.index).isEqualTo(5);
    assertThat(link.mtu).isEqualTo(1500);
    assertThat(link.mtu6).isEqualTo(1280);
    assertThat(link.mac).isEqualTo(0x0200_0000_0001L);
    assertThat(link.ethernet()).isTrue();
  }

  @Test
  void aLinkWithoutIpv6HasNoIpv6Mtu() {
    begin(
        message(
            NetlinkReader.RTM_NEWLINK,
            ifinfomsg(1, 5, 0),
            attribute(26, attribute(AF_INET6, attribute(2, int32(0, 64)))),
            attribute(4, int32(-1))));
    assertThat(reader.next() && reader.link(link)).isTrue();
    assertThat(link.mtu6).isZero();
    assertThat(link.mtu).isZero();
    assertThat(link.ethernet()).isFalse();
  }

  @Test
  void errorsAreRead() {
    begin(message(NetlinkReader.NLMSG_ERROR, int32(-101), new byte[16]));
    assertThat(reader.next()).isTrue();
    assertThat(reader.error()).isEqualTo(-Errno.ENETUNREACH);
    begin(message(NetlinkReader.NLMSG_ERROR, int32(101)));
    assertThat(reader.next()).isTrue();
    assertThat(reader.error()).as("no errno").isEqualTo(-Errno.EIO);
    begin(message(NetlinkReader.NLMSG_ERROR));
    assertThat(reader.next()).isTrue();
    assertThat(reader.error()).as("too short").isEqualTo(-Errno.EIO);
  }

  @Test
  void aMessageThatReachesBeyondTheDatagramEndsTheReading() {
    byte[] bytes = message(NetlinkReader.RTM_NEWROUTE, rtmsg(AF_INET, 1)).bytes();
    for (int length = 0; length < bytes.length; length++) {
      reader.begin(ByteBuffer.wrap(bytes), length);
      assertThat(reader.next()).as("cut to %d", length).isFalse();
    }
    reader.begin(ByteBuffer.wrap(bytes), 1 << 20);
    assertThat(reader.next()).as("more than the buffer").isTrue();
  }

  @Test
  void aMessageTooShortForItsFixedPartIsRefused() {
    begin(message(NetlinkReader.RTM_NEWROUTE, new byte[11]));
    assertThat(reader.next()).isTrue();
    assertThat(reader.route(route)).isFalse();
    assertThat(reader.neighbour(neighbour)).isFalse();
    assertThat(reader.link(link)).isFalse();
  }
}
