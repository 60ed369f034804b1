// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import oasis.packet.Burst;
import oasis.packet.Ip;
import oasis.testkit.Gen;
import oasis.testkit.NoAllocation;
import oasis.testkit.Packets;
import oasis.testkit.TestNamespace;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whole turns of the data path: TUN device, UDP, and back. */
class TurnIT {
  private TestNamespace left;
  private TestNamespace right;
  private LinuxTun leftTun;
  private LinuxTun rightTun;
  private LinuxDatagramPort leftPort;
  private LinuxDatagramPort rightPort;

  @BeforeEach
  void open() throws Exception {
    left = new TestNamespace("os");
    right = new TestNamespace("os");
    left.join("eth0", "10.8.0.1/24", right, "eth0", "10.8.0.2/24");
    leftTun = tun(left, "10.9.0.1");
    rightTun = tun(right, "10.9.0.2");
    leftPort = port(left, 1, 2);
    rightPort = port(right, 2, 1);
  }

  @AfterEach
  void close() throws Exception {
    leftTun.close();
    rightTun.close();
    leftPort.close();
    rightPort.close();
    left.close();
    right.close();
  }

  private static LinuxTun tun(TestNamespace in, String address) throws Exception {
    in.run("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
    LinuxTun tun = in.in(() -> LinuxTun.open("oas0", 1400));
    in.run("ip addr add " + address + "/24 dev oas0");
    in.run("ip link set oas0 up");
    return tun;
  }

  private static LinuxDatagramPort port(TestNamespace in, int own, int other) throws Exception {
    return in.in(
        () ->
            LinuxDatagramPort.open(
                Endpoint.ipv4(10, 8, 0, own, 4700), Endpoint.ipv4(10, 8, 0, other, 4700), 0));
  }

  @Test
  void aTcpStreamArrivesUnchanged() throws Exception {
    try (DataLoop leftLoop = new DataLoop("left");
        DataLoop rightLoop = new DataLoop("right");
        ServerSocketChannel server = right.in(ServerSocketChannel::open)) {
      new Forwarder(leftTun, leftPort).addTo(leftLoop);
      new Forwarder(rightTun, rightPort).addTo(rightLoop);
      leftLoop.start();
      rightLoop.start();
      server.bind(new InetSocketAddress("10.9.0.2", 7000));
      try (SocketChannel client = left.in(SocketChannel::open)) {
        client.connect(new InetSocketAddress("10.9.0.2", 7000));
        byte[] sent = new Gen(5).bytes(20_000_000);
        Thread writer =
            new Thread(
                () -> {
                  try (OutputStream out = client.socket().getOutputStream()) {
                    out.write(sent);
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                });
        writer.start();
        try (SocketChannel connection = server.accept();
            InputStream in = connection.socket().getInputStream()) {
          assertThat(in.readAllBytes()).isEqualTo(sent);
        }
        writer.join();
      }
      assertThat(leftLoop.failures() + rightLoop.failures()).isZero();
      PortCounters.Snapshot written = rightLoop.call(() -> rightTun.counters().snapshot()).join();
      assertThat(written.outPkts())
          .as("packets of several per write")
          .isGreaterThan(2 * written.outMessages());
      assertThat(written.drops()).isEmpty();
      assertThat(leftLoop.call(() -> leftPort.counters().snapshot()).join().drops()).isEmpty();
    }
  }

  @Test
  void aTurnInEachDirectionAllocatesNothing() throws Exception {
    Forwarder sending = new Forwarder(leftTun, leftPort);
    Forwarder receiving = new Forwarder(rightTun, rightPort);
    // TCP of no connection: the right host answers each burst with a reset, which travels back.
    byte[] payload = new byte[30_000];
    var key = Packets.key(Ip.TCP, "10.9.0.1", 999, "10.9.0.2", 9);
    Burst burst =
        Bursts.burst(Bursts.offloaded(Packets.tcp(key, 0x10, 1, 1, payload), Ip.TCP, 1360));
    ByteBuffer message = ByteBuffer.allocateDirect(5000);
    try (var socket = left.in(DatagramChannel::open)) {
      socket.connect(new InetSocketAddress("10.9.0.2", 9));
      NoAllocation.check(
          300,
          () -> {
            leftPort.add(burst);
            leftPort.flush();
            receiving.inbound();
            receiving.outbound();
            sending.inbound();
          });
      assertThat(rightTun.counters().snapshot().outPkts()).isGreaterThan(10_000);
      assertThat(leftTun.counters().snapshot().outPkts()).isGreaterThan(300);
      socket.write(message);
      assertThat(sending.outbound()).isFalse();
      assertThat(leftTun.counters().snapshot().inPkts()).isPositive();
    }
  }
}
