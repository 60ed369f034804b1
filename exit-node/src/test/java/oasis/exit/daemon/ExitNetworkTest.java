// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import oasis.exit.engine.ExitLimits;
import oasis.io.Endpoint;
import oasis.os.OsException;
import oasis.packet.Prefix;
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
    return new ExitConfig(
        Endpoint.anyIpv4(4700),
        List.of(Prefix.parse("192.0.2.0/24")),
        false,
        List.of(Prefix.parse("10.6.0.0/16")),
        Prefix.parse("100.64.0.0/10"),
        "oasx0",
        1400,
        ExitLimits.DEFAULT,
        directory.resolve("exit.sock"),
        null,
        ExitConfig.DEFAULT_FLOW_LOG_BYTES);
  }

  @Test
  void theFormerSettingIsRecordedBeforeItChangesAndPutBack() throws Exception {
    ExitNetwork network = new ExitNetwork(runner, () -> nft, state);
    network.apply(config());
    assertThat(state).hasContent("{\"net.ipv4.ip_forward\":\"0\"}");
    assertThat(runner.commands())
        .containsSubsequence(
            "ip address replace 100.64.0.1/32 dev oasx0",
            "ip link set dev oasx0 up",
            "ip route replace 100.64.0.0/10 dev oasx0",
            "sysctl -qw net.ipv4.ip_forward=1");
    assertThat(nft.applied().get(0))
        .contains("masquerade", "elements = { 10.6.0.0/16 }", "meta nfproto ipv4 drop");
    runner.clear();
    runner.answer("sysctl -n net.ipv4.ip_forward", "1\n");
    network.close();
    assertThat(runner.commands()).contains("sysctl -qw net.ipv4.ip_forward=0");
    assertThat(state).doesNotExist();
    assertThat(nft.alive()).isFalse();
  }

  @Test
  void aRecordOfACrashedRunIsNotOverwritten() throws Exception {
    Files.writeString(state, "{\"net.ipv4.ip_forward\":\"0\"}");
    runner.answer("sysctl -n net.ipv4.ip_forward", "1\n");
    new ExitNetwork(runner, () -> nft, state).apply(config());
    assertThat(state).hasContent("{\"net.ipv4.ip_forward\":\"0\"}");
  }

  @Test
  void aRefusedStepUndoesTheOthers() {
    nft.refuse("no such thing");
    ExitNetwork network = new ExitNetwork(runner, () -> nft, state);
    assertThatThrownBy(() -> network.apply(config())).isInstanceOf(OsException.class);
    assertThat(state).doesNotExist();
    assertThat(nft.alive()).isFalse();
  }

  @Test
  void aHostThatUsesThePoolItselfIsLeftAlone() {
    runner.answer(
        "ip -4 route show table all",
        "default via 100.70.0.1 dev eth0\n100.70.0.0/16 dev eth0 scope link\n");
    ExitNetwork network = new ExitNetwork(runner, () -> nft, state);
    assertThatThrownBy(() -> network.apply(config())).hasMessageContaining("--pool");
    assertThat(state).doesNotExist();
  }

  @Test
  void theTableIsHeldAgainWhenItsHolderHasDied() throws Exception {
    FakeNftOwner second = new FakeNftOwner();
    List<FakeNftOwner> holders = new ArrayList<>(List.of(nft, second));
    ExitNetwork network = new ExitNetwork(runner, () -> holders.remove(0), state);
    network.apply(config());
    assertThat(network.repair()).isFalse();
    nft.die();
    assertThat(network.repair()).isTrue();
    assertThat(second.applied()).hasSize(1);
    network.close();
    assertThat(network.repair()).as("after the end nothing is repaired").isFalse();
  }
}
