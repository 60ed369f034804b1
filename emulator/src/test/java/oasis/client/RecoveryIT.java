// SPDX-License-Identifier: Apache-2.0
package oasis.client;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import oasis.os.linux.Netns;
import org.junit.jupiter.api.Test;

/** Recovery of the client, without a restart, from what others do to it. */
class RecoveryIT extends InClientLab {
  private static final int ENTRY_AT_ROUTER = 4701;

  private void startClient(String... more) throws Exception {
    List<String> options = new ArrayList<>(List.of("--overlay", OVERLAY));
    options.addAll(List.of("--rule", "tcp dport 80 ron", "--rule", "name:*.edu ron"));
    options.addAll(List.of(more));
    lab.startClient(options.toArray(String[]::new));
    lab.awaitCarrier("ron", "alive");
  }

  private void damage(String command) throws Exception {
    lab.in(lab.client, command.split(" "));
  }

  private void assertWhole() throws Exception {
    String fake = lab.dig("www.example.edu");
    assertThat(fake).startsWith("198.18.");
    assertThat(lab.who(fake)).isEqualTo(ClientLab.EXIT);
    String fake6 = lab.dig(ClientLab.SERVER6, "www.example.edu", "AAAA");
    assertThat(lab.who("[" + fake6 + "]")).isEqualTo(ClientLab.EXIT6);
    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.EXIT);
    assertThat(lab.who("[" + ClientLab.SERVER6 + "]")).isEqualTo(ClientLab.EXIT6);
  }

  /** What the kernel of the client's host has for us; the order of routes means nothing. */
  private List<String> state() throws Exception {
    return lab.kernelState().lines().filter(line -> !line.contains("counter")).sorted().toList();
  }

  @Test
  void whatANetworkManagerRemovesComesBack() throws Exception {
    lab.startExit();
    startClient();
    assertWhole();
    List<String> before = state();
    for (String damage :
        List.of(
            "ip rule del priority 4710",
            "ip -6 rule del priority 4710",
            "ip route flush table 4710",
            "ip -6 route flush table 4710",
            "ip route flush proto 47",
            "ip address flush dev oas0",
            "ip link set oas0 down",
            "sysctl -qw net.ipv4.conf.oas0.rp_filter=1",
            "nft flush ruleset")) {
      damage(damage);
      if (damage.startsWith("sysctl")) {
        damage("ip link set lo down"); // a change that the client hears of
        damage("ip link set lo up");
      }
      ClientLab.await(() -> state().equals(before));
    }
    assertWhole();
    assertThat(lab.in(lab.client, "cat", "/proc/sys/net/ipv4/conf/oas0/rp_filter").strip())
        .isEqualTo("2");
  }

  @Test
  void theOtherEntryNodeServesWhenOneDies() throws Exception {
    Process exit = lab.startExit();
    lab.startExitAtRouter(ENTRY_AT_ROUTER);
    startClient("--overlay", "ron=udp://" + ClientLab.GATEWAY + ":" + ENTRY_AT_ROUTER);
    ClientLab.await(() -> lab.carrierStates("ron").equals(List.of("alive", "alive")));
    String first = lab.who(ClientLab.SERVER);
    assertThat(first).isNotEqualTo(ClientLab.CLIENT);

    exit.destroyForcibly().waitFor();

    for (int i = 0; i < 5; i++) {
      assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.SERVER_GATEWAY);
    }
  }

  @Test
  void aConnectionThatBeginsInABlackHoleSucceedsWithinASecond() throws Exception {
    lab.startExit();
    startClient();
    Process slow =
        lab.start(
            lab.client,
            "curl",
            "-s",
            "--limit-rate",
            "500k",
            "-o",
            "/dev/null",
            "http://" + ClientLab.SERVER + "/big");
    ClientLab.await(() -> lab.status().get("flows") instanceof Number n && n.intValue() > 0);
    String drop = "udp dport 4700 drop; udp sport 4700 drop; }";
    lab.in(
        lab.exit,
        "nft",
        "table inet hole { chain all { type filter hook prerouting priority -400; " + drop + " }");
    long began = System.nanoTime();

    String seen = seenBy(ClientLab.SERVER);
    long connectMs = (System.nanoTime() - began) / 1_000_000;
    boolean told = slow.waitFor(5, TimeUnit.SECONDS);
    long resetMs = (System.nanoTime() - began) / 1_000_000;

    System.out.printf("connected after %d ms, reset after %d ms%n", connectMs, resetMs);
    assertThat(seen).isEqualTo(ClientLab.CLIENT);
    assertThat(connectMs).isLessThan(1_000);
    assertThat(told).isTrue();
    assertThat(slow.exitValue()).as("connection reset").isEqualTo(56);
    assertThat(resetMs).isLessThan(2_000);

    lab.in(lab.exit, "nft", "delete", "table", "inet", "hole");
    lab.awaitCarrier("ron", "alive");
    assertThat(lab.who(ClientLab.SERVER)).as("the carrier is back").isEqualTo(ClientLab.EXIT);
  }

  /** The address that the web server sees, asked from here: a process takes its time to start. */
  private String seenBy(String server) throws Exception {
    try (Socket socket = Netns.in(lab.client, Socket::new)) {
      socket.setSoTimeout(5_000);
      socket.connect(new InetSocketAddress(server, 80), 5_000);
      socket.getOutputStream().write("GET /who HTTP/1.0\r\n\r\n".getBytes(US_ASCII));
      String answer = new String(socket.getInputStream().readAllBytes(), US_ASCII);
      return answer.substring(answer.indexOf("\r\n\r\n") + 4).strip();
    }
  }

  @Test
  void aSuspendedHostGoesOnWhereItWas() throws Exception {
    lab.startExit();
    startClient();
    Process download =
        lab.start(
            lab.client,
            "curl",
            "-s",
            "-m",
            "40",
            "--limit-rate",
            "4M",
            "-o",
            "/dev/null",
            "http://" + ClientLab.SERVER + "/big");
    ClientLab.await(() -> lab.status().get("flows") instanceof Number n && n.intValue() > 0);

    List<String> all = lab.clientProcesses();
    signal("-STOP", all);
    TimeUnit.SECONDS.sleep(4);
    signal("-CONT", all);

    assertThat(download.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(download.exitValue()).isZero();
    assertThat(lab.carrierState("ron")).isEqualTo("alive");
    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.EXIT);
  }

  private void signal(String signal, List<String> processes) throws Exception {
    List<String> argv = new ArrayList<>(List.of("kill", signal));
    argv.addAll(processes);
    lab.in(lab.client, argv.toArray(String[]::new));
  }
}
