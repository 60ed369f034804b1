// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import oasis.os.OsException;
import oasis.packet.Burst;
import oasis.testkit.NoAllocation;
import oasis.testkit.Packets;
import oasis.testkit.TestNamespace;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A sender of IPv6, and a socket that listens on all addresses of both families. */
class LinuxDatagramPort6IT extends DatagramPortContract {
  private static final Endpoint LOCALHOST4 = Endpoint.ipv4(127, 0, 0, 1, 0);
  private static final Endpoint LOCALHOST6 = new Endpoint(0, 1, 0);

  private TestNamespace namespace;
  private LinuxDatagramPort sender;
  private LinuxDatagramPort receiver;

  @BeforeEach
  void open() throws Exception {
    namespace = new TestNamespace("iorecv");
    receiver = namespace.in(() -> LinuxDatagramPort.open(Endpoint.anyIpv6(0), null, 0));
    sender = namespace.in(() -> LinuxDatagramPort.open(LOCALHOST6, receiverAt(), 0x2000_0000));
  }

  @AfterEach
  void close() throws Exception {
    sender.close();
    receiver.close();
    namespace.close();
  }

  @Override
  DatagramPort sender() {
    return sender;
  }

  @Override
  DatagramPort receiver() {
    return receiver;
  }

  @Override
  Endpoint receiverAt() {
    return at(LOCALHOST6, receiver.localPort());
  }

  private static Endpoint at(Endpoint address, int port) {
    return new Endpoint(address.hi(), address.lo(), port);
  }

  @Override
  void carry() {}

  private static Burst burst() {
    return Bursts.burst(Packets.udp(FLOW, new byte[14_000]), 1372);
  }

  /** Datagrams of one batch, by the sizes that the kernel reports. */
  private static List<Integer> sizes(LinuxDatagramPort port) {
    List<Integer> sizes = new ArrayList<>();
    for (int n = port.receive(); n > 0; n = port.receive()) {
      for (int i = 0; i < n; i++) {
        for (int at = 0; at < port.bytes(i); at += port.datagramBytes(i)) {
          sizes.add(Math.min(port.datagramBytes(i), port.bytes(i) - at));
        }
      }
    }
    return sizes;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aSocketThatListensOnAllAddressesTalksWithBothFamilies(boolean v4) throws Exception {
    Endpoint local = v4 ? LOCALHOST4 : LOCALHOST6;
    Endpoint listener = at(local, receiver.localPort());
    try (LinuxDatagramPort peer = namespace.in(() -> LinuxDatagramPort.open(local, listener, 0))) {
      peer.add(burst());
      peer.flush();
      assertThat(receiver.receive()).as("messages: GSO and GRO").isEqualTo(1);
      assertThat(receiver.datagramBytes(0)).isEqualTo(1400);
      assertThat(receiver.sourceHi(0)).isEqualTo(local.hi());
      assertThat(receiver.sourceLo(0)).isEqualTo(local.lo());
      assertThat(receiver.sourcePort(0)).isEqualTo(peer.localPort());
      receiver.add(burst(), receiver.sourceHi(0), receiver.sourceLo(0), receiver.sourcePort(0));
      receiver.sendEmpty(receiver.sourceHi(0), receiver.sourceLo(0), receiver.sourcePort(0));
      assertThat(receiver.counters().snapshot().outMessages()).isEqualTo(2);
      assertThat(peer.receive()).as("messages").isEqualTo(2);
      assertThat(peer.bytes(0)).isEqualTo(14_000 + 28 * 11);
      assertThat(peer.datagramBytes(0)).isEqualTo(1400);
      assertThat(peer.bytes(1)).isZero();
    }
  }

  @Test
  void messagesToBothFamiliesLeaveInOneFlush() throws Exception {
    try (LinuxDatagramPort four = namespace.in(() -> LinuxDatagramPort.open(LOCALHOST4, null, 0));
        LinuxDatagramPort six = namespace.in(() -> LinuxDatagramPort.open(LOCALHOST6, null, 0))) {
      receiver.add(burst(), LOCALHOST4.hi(), LOCALHOST4.lo(), four.localPort());
      receiver.add(burst(), LOCALHOST6.hi(), LOCALHOST6.lo(), six.localPort());
      receiver.flush();
      assertThat(receiver.counters().snapshot().outMessages()).isEqualTo(2);
      assertThat(sizes(four)).hasSize(11).isEqualTo(sizes(six));
    }
  }

  @Test
  void otherSocketsOfIpv6DoNotServeIpv4() throws Exception {
    Endpoint peer = new Endpoint(0, 1, 9);
    try (LinuxDatagramPort connected =
            namespace.in(() -> LinuxDatagramPort.open(Endpoint.anyIpv6(0), peer, 0));
        LinuxDatagramPort four =
            namespace.in(
                () -> LinuxDatagramPort.open(Endpoint.anyIpv4(connected.localPort()), null, 0))) {
      assertThat(four.localPort()).isEqualTo(connected.localPort());
    }
  }

  @Test
  void aPortThatIpv4UsesIsInUse() throws Exception {
    try (LinuxDatagramPort four =
        namespace.in(() -> LinuxDatagramPort.open(Endpoint.anyIpv4(0), null, 0))) {
      assertThatThrownBy(
              () ->
                  namespace.in(
                      () -> LinuxDatagramPort.open(Endpoint.anyIpv6(four.localPort()), null, 0)))
          .isInstanceOf(OsException.class)
          .hasMessageContaining("EADDRINUSE");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void sendingAndReceivingAllocateNothing(boolean v4) throws Exception {
    Endpoint local = v4 ? LOCALHOST4 : LOCALHOST6;
    Endpoint listener = at(local, receiver.localPort());
    Burst burst = burst();
    try (LinuxDatagramPort peer = namespace.in(() -> LinuxDatagramPort.open(local, listener, 0))) {
      NoAllocation.check(
          500,
          () -> {
            peer.add(burst);
            peer.flush();
            int n = receiver.receive();
            for (int i = 0; i < n; i++) {
              receiver.sendEmpty(
                  receiver.sourceHi(i), receiver.sourceLo(i), receiver.sourcePort(i));
            }
            peer.receive();
          });
      assertThat(peer.counters().snapshot().inPkts()).isGreaterThanOrEqualTo(1000);
    }
  }
}
