// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import oasis.os.OsException;
import oasis.testkit.TestNamespace;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LinuxTunIT extends TunPortContract {
  private TestNamespace namespace;
  private LinuxTun tun;
  private DatagramSocket host;

  @BeforeEach
  void open() throws Exception {
    namespace = new TestNamespace("os");
    // The host's own chatter (IPv6 neighbour discovery) would mix with what a test expects.
    namespace.run("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
    tun = namespace.in(() -> LinuxTun.open("oas0", 1400));
    namespace.run("ip addr add 10.9.0.1/24 dev oas0");
    namespace.run("ip link set oas0 up");
    host = namespace.in(() -> new DatagramSocket(new InetSocketAddress("10.9.0.1", 6000)));
    host.setSoTimeout(2000);
  }

  @AfterEach
  void close() throws Exception {
    host.close();
    tun.close();
    namespace.close();
  }

  @Override
  TunPort tun() {
    return tun;
  }

  @Override
  void hostSends(byte[] payload) throws Exception {
    host.send(new DatagramPacket(payload, payload.length, InetAddress.getByName("10.9.0.2"), 5000));
  }

  @Override
  List<byte[]> hostReceived(int count) throws Exception {
    List<byte[]> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
      host.receive(packet);
      all.add(Arrays.copyOf(packet.getData(), packet.getLength()));
    }
    return all;
  }

  @Override
  void takeDown() throws Exception {
    namespace.run("ip link set oas0 down");
  }

  @Override
  void delete() throws Exception {
    namespace.run("ip link del oas0");
  }

  @Test
  void theKernelOffersItsOffloads() {
    assertThat(tun.offloads()).startsWith("TSO");
  }

  @Test
  void theDeviceHasTheMtuAndIsNotPersistent() throws Exception {
    assertThat(namespace.run("ip -d link show oas0")).contains("mtu 1400").contains("persist off");
    tun.close();
    assertThat(namespace.run("ip link")).doesNotContain("oas0");
  }

  @Test
  void aNameInUseIsAnErrorThatNamesIt() {
    assertThatThrownBy(() -> namespace.in(() -> LinuxTun.open("oas0", 1400)))
        .isInstanceOf(OsException.class)
        .hasMessage("TUNSETIFF oas0: EBUSY (in use by another process)");
  }

  @Test
  void anImpossibleNameOrMtuIsRefused() {
    assertThatThrownBy(() -> LinuxTun.open("a-name-of-16-chr", 1400)).hasMessageContaining("valid");
    assertThatThrownBy(() -> LinuxTun.open("oas0", 67)).hasMessageContaining("not valid");
  }
}
