// SPDX-License-Identifier: Apache-2.0
package oasis.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Recovery of the client, without a restart, from what others do to it. */
class RecoveryIT extends InClientLab {
  private Process startClient() throws Exception {
    Process client =
        lab.startClient(
            "--overlay", OVERLAY, "--rule", "tcp dport 80 ron", "--rule", "name:*.edu ron");
    lab.awaitCarrier("ron", "alive");
    return client;
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
            "ip -6 route flush table 4710",
            "ip route flush proto 47",
            "ip address flush dev oas0",
            "ip link set oas0 down",
            "sysctl -qw net.ipv4.conf.oas0.rp_filter=1",
            "nft flush ruleset")) {
      damage(damage);
      if (damage.startsWith("sysctl")) {
        damage("ip link add noise type veth peer name noise2"); // the client hears of it
        damage("ip link del noise");
      }
      ClientLab.await(() -> state().equals(before) && reversePathFilter().equals("2"));
    }
    assertWhole();
  }

  private String reversePathFilter() throws Exception {
    return lab.in(lab.client, "cat", "/proc/sys/net/ipv4/conf/oas0/rp_filter").strip();
  }

  @Test
  void aSuspendedHostGoesOnWhereItWas() throws Exception {
    lab.startExit();
    ProcessHandle client = startClient().toHandle();
    Process download =
        lab.start(
            lab.client,
            "curl",
            "-s",
            "-m",
            "60",
            "--limit-rate",
            "4M",
            "-o",
            "/dev/null",
            "http://" + ClientLab.SERVER + "/big");
    ClientLab.await(() -> lab.status().get("flows") instanceof Number n && n.intValue() > 0);

    List<ProcessHandle> helpers = client.descendants().toList();
    signal("-STOP", helpers);
    signal("-STOP", List.of(client));
    TimeUnit.SECONDS.sleep(4);
    signal("-CONT", List.of(client));
    TimeUnit.MILLISECONDS.sleep(300); // on a busy machine its supervisor would be the first
    signal("-CONT", helpers);

    assertThat(download.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(download.exitValue()).isZero();
    lab.awaitCarrier("ron", "alive");
    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.EXIT);
  }

  private void signal(String signal, List<ProcessHandle> processes) throws Exception {
    List<String> argv = new ArrayList<>(List.of("kill", signal));
    processes.forEach(one -> argv.add(Long.toString(one.pid())));
    lab.in(lab.client, argv.toArray(String[]::new));
  }
}
