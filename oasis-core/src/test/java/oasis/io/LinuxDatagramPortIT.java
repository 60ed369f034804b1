// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import oasis.os.OsException;
import oasis.os.linux.Errno;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.testkit.Packets;
import oasis.testkit.TestNamespace;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LinuxDatagramPortIT extends DatagramPortContract {
  private TestNamespace namespace;
  private LinuxDatagramPort sender;
  private LinuxDatagramPort receiver;

  @BeforeEach
  void open() throws Exception {
    namespace = new TestNamespace("os");
    receiver = namespace.in(() -> LinuxDatagramPort.open(loopback(0), null, 0));
    sender = namespace.in(() -> LinuxDatagramPort.open(loopback(0), receiverAt(), 0x2000_0000));
  }

  @AfterEach
  void close() throws Exception {
    sender.close();
    receiver.close();
    namespace.close();
  }

  private static Endpoint loopback(int port) {
    return Endpoint.ipv4(127, 0, 0, 1, port);
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
    return loopback(receiver.localPort());
  }

  @Override
  void carry() {}

  private static Burst udp(int payloadBytes) {
    return Bursts.single(Packets.udp(FLOW, new byte[payloadBytes]));
  }

  @Test
  void theKernelOffersBothOffloads() {
    assertThat(sender.offloads()).isEqualTo("GSO, GRO");
  }

  @Test
  void theSenderIsKnownByAddressAndPort() {
    sender.add(udp(1));
    sender.flush();
    assertThat(receiver.receive()).isEqualTo(1);
    assertThat(receiver.sourceHi(0)).isZero();
    assertThat(receiver.sourceLo(0)).isEqualTo(loopback(0).lo());
    assertThat(receiver.sourcePort(0)).isEqualTo(sender.localPort());
  }

  @Test
  void equalPacketsMergeUntilAShorterOne() {
    for (int bytes : new int[] {500, 500, 500, 200, 500, 500}) {
      sender.add(udp(bytes));
    }
    sender.flush();
    assertThat(sender.counters().snapshot().outMessages()).isEqualTo(2);
    assertThat(sender.counters().snapshot().outPkts()).isEqualTo(6);
  }

  @Test
  void aLongerPacketBeginsAMessage() {
    sender.add(udp(100));
    sender.add(udp(101));
    sender.flush();
    assertThat(sender.counters().snapshot().outMessages()).isEqualTo(2);
  }

  @Test
  void moreThanOneFlushHoldsIsSentAllTheSame() {
    for (int i = 0; i < 600; i++) {
      sender.add(udp(20 + i % 2));
    }
    sender.flush();
    while (receiver.receive() > 0) {
      // counted below
    }
    assertThat(receiver.counters().snapshot().inPkts()).isEqualTo(600);
  }

  @Test
  void aClosedPortIsAnErrorNumberOnceAndSendingGoesOn() throws Exception {
    int port = receiver.localPort();
    receiver.close();
    sender.sendEmpty();
    assertThat(sender.receive()).isEqualTo(-Errno.ECONNREFUSED);
    assertThat(sender.receive()).isZero();
    receiver = namespace.in(() -> LinuxDatagramPort.open(loopback(port), null, 0));
    sender.add(udp(5));
    sender.flush();
    assertThat(receiver.receive()).isEqualTo(1);
  }

  @Test
  void anErrorThatSendingMeetsIsReportedByReceiving() {
    receiver.close();
    sender.sendEmpty();
    sender.add(udp(5));
    sender.flush();
    assertThat(sender.receive()).isEqualTo(-Errno.ECONNREFUSED);
    assertThat(sender.counters().snapshot().drops()).isEmpty();
  }

  @Test
  void whatHasNoRouteIsDroppedAndCounted() {
    long lo = Endpoint.ipv4(192, 0, 2, 1, 0).lo();
    receiver.add(udp(5), 0, lo, 9);
    receiver.add(udp(5), 0, loopback(0).lo(), sender.localPort());
    receiver.flush();
    assertThat(receiver.counters().drops(DropReason.SEND_REFUSED)).isEqualTo(1);
    assertThat(receiver.counters().snapshot().outPkts()).isEqualTo(1);
  }

  @Test
  void aPortInUseIsAnErrorThatNamesIt() {
    assertThatThrownBy(() -> namespace.in(() -> LinuxDatagramPort.open(receiverAt(), null, 0)))
        .isInstanceOf(OsException.class)
        .hasMessage("bind UDP port " + receiver.localPort() + ": EADDRINUSE (address in use)");
  }

  @Test
  void aSocketOfIpv6CarriesTheSamePackets() throws Exception {
    Endpoint local = new Endpoint(0, 1, 0); // ::1
    try (LinuxDatagramPort to = namespace.in(() -> LinuxDatagramPort.open(local, null, 0));
        LinuxDatagramPort from =
            namespace.in(
                () -> LinuxDatagramPort.open(local, new Endpoint(0, 1, to.localPort()), 0))) {
      from.add(udp(10));
      from.flush();
      assertThat(to.receive()).isEqualTo(1);
      assertThat(to.sourceLo(0)).isEqualTo(1);
      assertThat(to.bytes(0)).isEqualTo(38);
    }
  }
}
