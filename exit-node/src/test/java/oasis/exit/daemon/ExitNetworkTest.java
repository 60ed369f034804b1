// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import oasis.os.OsException;
import oasis.testkit.FakeCommandRunner;
import oasis.testkit.FakeNftOwner;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExitNetworkTest {
  @TempDir Path directory;
  private final FakeCommandRunner runner = new FakeCommandRunner().answerAll();
  private final FakeNftOwner nft = new FakeNftOwner();
  private Path state = Path.of("");

  @BeforeEach
  void state() {
    state = directory.resolve("exit.state");
    runner.answer("sysctl -n net.ipv4.ip_forward", "0\n");
  }

  private ExitConfig config() {
    return Configs.of(directory, ExitConfig.Backend.AUTO, ExitConfig.Silence.AUTO);
  }

  @Test
  void theFormerSettingIsRecordedBeforeItChangesAndPutBack() throws Exception {
    ExitNetwork network = new ExitNetwork(runner, () -> nft, state, "oasis_exit");
    network.apply(config(), false);
    assertThat(state).hasContent("{\"net.ipv4.ip_forward\":\"0\"}");
    assertThat(runner.commands())
        .containsSubsequence(
            "ip address replace 100.64.0.1/32 dev oasx0",
            "ip link set dev oasx0 up",
            "ip route replace 100.64.0.0/10 dev oasx0",
            "sysctl -qw net.ipv4.ip_forward=1");
    assertThat(nft.applied().get(0))
        .contains("masquerade", "elements = { 10.6.0.0/16 }", "meta nfproto ipv4 drop")
        .doesNotContain("meta nfproto ipv6 drop");
    runner.clear();
    runner.answer("sysctl -n net.ipv4.ip_forward", "1\n");
    network.close();
    assertThat(runner.commands()).contains("sysctl -qw net.ipv4.ip_forward=0");
    assertThat(state).doesNotExist();
    assertThat(nft.alive()).isFalse();
  }

  @Test
  void asIpv6RouterTheHostStillHearsTheRoutersOfItsLinks() throws Exception {
    runner.answer(
        "sysctl -a -r",
        """
        net.ipv6.conf.all.accept_ra = 1
        net.ipv6.conf.all.forwarding = 0
        net.ipv6.conf.default.accept_ra = 1
        net.ipv6.conf.default.forwarding = 0
        net.ipv6.conf.eth0/7.accept_ra = 1
        net.ipv6.conf.eth0/7.forwarding = 0
        net.ipv6.conf.eth1.accept_ra = 0
        net.ipv6.conf.eth1.forwarding = 0
        net.ipv6.conf.eth2.accept_ra = 1
        net.ipv6.conf.eth2.forwarding = 1
        net.ipv6.conf.oasx0.accept_ra = 1
        net.ipv6.conf.oasx0.forwarding = 0
        """);
    ExitNetwork network = new ExitNetwork(runner, () -> nft, state, "oasis_exit");
    network.apply(config(), true);
    assertThat(state)
        .hasContent(
            "{\"net.ipv4.ip_forward\":\"0\",\"net.ipv6.conf.all.forwarding\":\"0\","
                + "\"net.ipv6.conf.eth2.forwarding\":\"1\","
                + "\"net.ipv6.conf.default.accept_ra\":\"1\","
                + "\"net.ipv6.conf.eth0/7.accept_ra\":\"1\"}");
    assertThat(runner.commands())
        .containsSubsequence(
            "ip link set dev oasx0 multicast off",
            "sysctl -qw net/ipv6/conf/oasx0/addr_gen_mode=1",
            "ip link set dev oasx0 up",
            "ip -6 address replace fd6f:6173:6973::1/128 dev oasx0 nodad",
            "ip -6 route replace fd6f:6173:6973::/64 dev oasx0",
            "sysctl -qw net.ipv6.conf.default.accept_ra=2",
            "sysctl -qw net.ipv6.conf.eth0/7.accept_ra=2",
            "sysctl -qw net.ipv6.conf.all.forwarding=1")
        .doesNotContain("sysctl -qw net.ipv6.conf.eth2.accept_ra=2");
    assertThat(nft.applied().get(0)).contains("meta nfproto ipv6 drop", "2002:a00::/24");
    runner.clear();
    runner.answer("sysctl -n net.ipv6.conf.eth0/7.accept_ra", "2\n");
    runner.answer("sysctl -n net.ipv6.conf.all.forwarding", "1\n");
    runner.answer("sysctl -n net.ipv6.conf.eth2.forwarding", "0\n");
    runner.fail("sysctl -n net.ipv6.conf.default.accept_ra", 255, "gone");
    network.close();
    assertThat(runner.commands().stream().filter(each -> each.contains("-qw")))
        .containsExactly(
            "sysctl -qw net.ipv6.conf.all.forwarding=0",
            "sysctl -qw net.ipv6.conf.eth2.forwarding=1",
            "sysctl -qw net.ipv6.conf.eth0/7.accept_ra=1");
    assertThat(state).doesNotExist();
  }

  @Test
  void aHostThatUsesTheIpv6PoolItselfIsLeftAlone() {
    runner.answer("ip -6 route show table all", "fd6f:6173:6973:0::/64 dev eth0 metric 256\n");
    ExitNetwork network = new ExitNetwork(runner, () -> nft, state, "oasis_exit");
    assertThatThrownBy(() -> network.apply(config(), true)).hasMessageContaining("--pool6");
    assertThat(state).doesNotExist();
  }

  @Test
  void aRecordOfACrashedRunIsNotOverwritten() throws Exception {
    Files.writeString(state, "{\"net.ipv4.ip_forward\":\"0\"}");
    runner.answer("sysctl -n net.ipv4.ip_forward", "1\n");
    new ExitNetwork(runner, () -> nft, state, "oasis_exit").apply(config(), false);
    assertThat(state).hasContent("{\"net.ipv4.ip_forward\":\"0\"}");
  }

  @Test
  void aRefusedStepUndoesTheOthers() {
    nft.refuse("no such thing");
    ExitNetwork network = new ExitNetwork(runner, () -> nft, state, "oasis_exit");
    assertThatThrownBy(() -> network.apply(config(), false)).isInstanceOf(OsException.class);
    assertThat(state).doesNotExist();
    assertThat(nft.alive()).isFalse();
  }

  @Test
  void aHostThatUsesThePoolItselfIsLeftAlone() {
    runner.answer(
        "ip -4 route show table all",
        "default via 100.70.0.1 dev eth0\n100.70.0.0/16 dev eth0 scope link\n");
    ExitNetwork network = new ExitNetwork(runner, () -> nft, state, "oasis_exit");
    assertThatThrownBy(() -> network.apply(config(), false)).hasMessageContaining("--pool");
    assertThat(state).doesNotExist();
  }

  @Test
  void theTableIsHeldAgainWhenItsHolderHasDied() throws Exception {
    FakeNftOwner second = new FakeNftOwner();
    List<FakeNftOwner> holders = new ArrayList<>(List.of(nft, second));
    ExitNetwork network = new ExitNetwork(runner, () -> holders.remove(0), state, "oasis_exit");
    network.apply(config(), false);
    assertThat(network.repair()).isFalse();
    nft.die();
    assertThat(network.repair()).isTrue();
    assertThat(second.applied()).hasSize(1);
    network.close();
    assertThat(network.repair()).as("after the end nothing is repaired").isFalse();
  }
}
