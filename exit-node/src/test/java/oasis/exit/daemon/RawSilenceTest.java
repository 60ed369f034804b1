// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import oasis.exit.daemon.ExitConfig.Backend;
import oasis.exit.daemon.ExitConfig.Silence;
import oasis.os.OsException;
import oasis.packet.Address;
import oasis.testkit.FakeCommandRunner;
import oasis.testkit.FakeNftOwner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RawSilenceTest {
  private static final List<Address> BOTH =
      List.of(Address.parse("203.0.113.1"), Address.parse("2001:db8::1"));
  private static final String LINKS =
      """
      1: lo: <LOOPBACK,UP> mtu 65536 qdisc noqueue \\    link/loopback 00:00:00:00:00:00 brd 0
      2: eth0@if7: <UP> mtu 1500 qdisc noqueue state UP \\    link/ether aa:00:00:00:00:01 brd 0
      3: eth1: <UP> mtu 1500 master br0 state UP \\    link/ether aa:00:00:00:00:02 brd 0
      4: br0: <UP> mtu 1500 qdisc noqueue state UP \\    link/ether aa:00:00:00:00:02 brd 0
      5: eth2: <UP> mtu 1500 state UP \\    link/ether aa:00:00:00:00:03 brd 0
      6: eth2.100@eth2: <UP> mtu 1500 state UP \\    link/ether aa:00:00:00:00:03 brd 0
      7: wg0: <UP> mtu 1420 state UNKNOWN \\    link/none
      """;

  @TempDir Path directory;
  private final FakeCommandRunner runner = new FakeCommandRunner();
  private final FakeNftOwner nft = new FakeNftOwner();

  private RawSilence silence() {
    return new RawSilence(
        Configs.of(directory, Backend.RAW, Silence.NFT), runner, () -> nft, "oasis_exit");
  }

  @Test
  void packetsAreDroppedWhereTheyAreTakenAndNowhereBefore() throws Exception {
    runner.answer("ip -o link show", LINKS);
    silence().apply(BOTH, "names");
    assertThat(nft.applied().get(0))
        .contains(
            "devices = { \"eth0\", \"br0\", \"eth2.100\" }",
            "ip daddr 203.0.113.1 meta l4proto { tcp, udp } th dport 61000-64999 drop",
            "ip6 daddr 2001:db8::1 meta l4proto { tcp, udp } th dport 61000-64999 drop",
            "meta mark & 536870912 == 536870912 notrack",
            "flags owner");
  }

  @Test
  void bothEndsOfAVethPairInOneNamespaceAreCovered() throws Exception {
    runner.answer(
        "ip -o link show",
        """
        2: a@b: <BROADCAST> mtu 1500 state DOWN \\    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff
        3: b@a: <BROADCAST> mtu 1500 state DOWN \\    link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff
        """);
    silence().apply(BOTH, "names");
    assertThat(nft.applied().get(0)).contains("devices = { \"a\", \"b\" }");
  }

  @Test
  void theTableFollowsAddressesAndInterfacesAndIsElseLeftAlone() throws Exception {
    runner.answer("ip -o link show", LINKS);
    RawSilence silence = silence();
    silence.apply(BOTH, "names");
    runner.clear();
    silence.apply(BOTH, "names");
    assertThat(runner.commands()).as("while nothing changes").isEmpty();
    silence.apply(BOTH, "other names");
    assertThat(nft.applied()).as("the interfaces that count are the same").hasSize(1);
    silence.apply(BOTH.subList(0, 1), "other names");
    assertThat(nft.applied()).hasSize(2);
    assertThat(nft.applied().get(1)).doesNotContain("2001:db8::1");
    runner.answer("ip -o link show", "");
    silence.apply(List.of(), "no names");
    assertThat(nft.applied().get(2)).doesNotContain("ingress").doesNotContain("dport");
  }

  @Test
  void aTableThatIsRefusedAgainAndAgainIsAnError() {
    runner.answer("ip -o link show", LINKS);
    nft.refuse("no such device");
    assertThatThrownBy(() -> silence().apply(BOTH, "names")).isInstanceOf(OsException.class);
  }

  @Test
  void interfacesAreReadFromTheKernelsTable() {
    List<String> table =
        """
        Inter-|   Receive                                                |  Transmit
         face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs
            lo:     100       1    0    0    0     0          0         0      100       1    0
        eth0.100: 9999999999 10 0 0 0 0 0 0 5 5 0
        """
            .lines()
            .toList();
    assertThat(InterfaceNames.names(table)).containsExactly("lo", "eth0.100");
  }

  @Test
  void portsInUseAreReadFromTheKernelsTables() {
    List<String> table =
        """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt
           0: 0100007F:EE48 00000000:0000 0A 00000000:00000000 00:00000000 00000000
           1: 00000000000000000000000000000000:F230 00000000000000000000000000000000:0000 07
        """
            .lines()
            .toList();
    Stream<Integer> ports = PortsInUse.ports(table);
    assertThat(ports).containsExactly(0xEE48, 0xF230);
  }
}
