// SPDX-License-Identifier: Apache-2.0
package oasis.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import oasis.io.control.Json;
import org.junit.jupiter.api.Test;

/** The client as its own process, with a real exit node, a real kernel and real programs. */
class ClientIT extends InClientLab {
  @Test
  void rulesDecideWhichConnectionsGoByTheOverlay() throws Exception {
    String before = lab.kernelState();
    lab.startExit();
    Process client =
        lab.startClient(
            "--overlay",
            OVERLAY,
            "--rule",
            "tcp dport 80 ron",
            "--rule",
            "name:*.edu ron",
            "--rule",
            "icmp ron");
    lab.awaitCarrier("ron", "alive");

    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.EXIT);
    assertThat(lab.in(lab.client, "ping", "-c", "2", "-i", "0.2", "-W", "20", ClientLab.SERVER))
        .contains(" 0% packet loss");
    String fake = lab.dig("www.example.edu");
    assertThat(fake).startsWith("198.18.");
    assertThat(lab.who(fake + ":8080")).isEqualTo(ClientLab.EXIT);
    String big = "http://" + ClientLab.SERVER + "/big";
    lab.in(lab.client, "curl", "-sS", "-m", "30", "-o", lab.file("big"), big);
    assertThat(Files.mismatch(directory.resolve("big"), directory.resolve("www/big")))
        .isEqualTo(-1);
    assertThat(Json.write(Json.parse(lab.control().get("/v1/flows").body())))
        .asString(UTF_8)
        .contains("\"name\":\"www.example.edu\"", "\"carrier\":\"ron\"");

    stop(client);
    assertThat(
            lab.kernelState()
                .replaceAll("unreachable (198\\.18\\.0\\.0/16|fdc6:1200:4710::/112) .*\n", ""))
        .as("only the routes that stop fake addresses stay")
        .isEqualTo(before);
    assertThat(lab.clientMain("cleanup", "--control", lab.file("client.sock")).out())
        .contains(
            "removed unreachable route 198.18.0.0/16",
            "removed unreachable route fdc6:1200:4710::/112");
    assertThat(lab.kernelState()).isEqualTo(before);
  }

  @Test
  void whatNoRuleMatchesNeverReachesTheClient() throws Exception {
    lab.startExit();
    lab.startClient("--overlay", OVERLAY, "--rule", "tcp dport 80 ron");
    lab.awaitCarrier("ron", "alive");
    double before = tunPkts();

    assertThat(lab.who(ClientLab.SERVER + ":8080")).isEqualTo(ClientLab.CLIENT);
    lab.in(lab.client, "ping", "-c", "2", "-i", "0.2", "-W", "20", ClientLab.SERVER);
    String big = "http://" + ClientLab.SERVER + ":8080/big";
    lab.in(lab.client, "curl", "-sS", "-m", "30", "-o", lab.file("big"), big);

    assertThat(tunPkts()).isEqualTo(before);
  }

  @Test
  void connectionsOfADeadCarrierEndAndNewOnesUseTheUnderlay() throws Exception {
    Process exit = lab.startExit();
    lab.startClient("--overlay", OVERLAY, "--rule", "tcp dport 80 ron");
    lab.awaitCarrier("ron", "alive");
    Process slow = slowDownload(ClientLab.SERVER);
    lab.awaitDownload();

    exit.destroyForcibly();

    assertThat(slow.waitFor(60, TimeUnit.SECONDS)).as("the program learns it").isTrue();
    assertThat(slow.exitValue()).isEqualTo(56); // connection reset
    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.CLIENT);
    lab.startExit();
    lab.awaitCarrier("ron", "alive");
    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.EXIT);
  }

  @Test
  void afterASigkillTheHostsNetworkWorksAtOnce() throws Exception {
    lab.startExit();
    Process client =
        lab.startClient(
            "--overlay", OVERLAY, "--rule", "tcp dport 80 ron", "--rule", "name:*.edu ron");
    lab.awaitCarrier("ron", "alive");
    String fake = lab.dig("www.example.edu");
    Process slow = slowDownload(ClientLab.SERVER);
    Process slowByName = slowDownload(fake);
    lab.awaitDownloads(2);
    String repeated = lab.repeatedSyns();

    client.destroyForcibly().waitFor();

    assertThat(
            lab.run(
                    lab.client,
                    "dig",
                    "+short",
                    "+tries=1",
                    "+time=15",
                    "@" + ClientLab.SERVER,
                    "www.example.edu")
                .out()
                .strip())
        .isEqualTo(ClientLab.SERVER);
    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.CLIENT);
    assertThat(lab.run(lab.client, "curl", "-sS", "-m", "15", "http://" + fake + "/who").status())
        .as("a fake address is refused")
        .isEqualTo(7);
    assertThat(lab.repeatedSyns()).as("all of that at once").isEqualTo(repeated);
    assertThat(slow.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(slowByName.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(lab.nothingFakeLeft()).as("no packet with a fake address left the host").isTrue();

    lab.startClient("--overlay", OVERLAY, "--rule", "name:*.edu ron");
    lab.awaitCarrier("ron", "alive");
    assertThat(lab.dig("www.example.edu")).as("the journal has it").isEqualTo(fake);
    assertThat(lab.who(fake)).isEqualTo(ClientLab.EXIT);
  }

  @Test
  void aStoppedClientIsKilledBeforeAnybodyWonders() throws Exception {
    Process client = lab.startClient("--overlay", OVERLAY, "--rule", "tcp dport 80 ron");
    long began = System.nanoTime();

    lab.in(lab.client, "kill", "-STOP", Long.toString(client.pid()));

    assertThat(client.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(client.exitValue()).isEqualTo(128 + 9);
    System.out.printf("killed after %d ms%n", (System.nanoTime() - began) / 1_000_000);
    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.CLIENT);
    assertThat(lab.dig("www.example.com")).isEqualTo(ClientLab.SERVER);
  }

  @Test
  void sessionsFromBeforeSurviveStartRulesAndStop() throws Exception {
    lab.startExit();
    lab.start(lab.server, "iperf3", "-s");
    lab.awaitPort(lab.server, 5201);
    startSshd();
    Process ssh = lab.start(lab.client, sshCommand());
    Process iperf =
        lab.start(lab.client, "iperf3", "-J", "-t", "15", "-b", "20M", "-c", ClientLab.SERVER);
    assertEcho(ssh, "before");

    Process client =
        lab.startClient(
            "--overlay", OVERLAY, "--rule", "tcp dport 22 ron", "--rule", "tcp dport 5201 ron");
    lab.awaitCarrier("ron", "alive");
    assertEcho(ssh, "after the start");
    assertThat(lab.control().post("/v1/rules", Map.of("rule", "tcp ron")).status()).isEqualTo(204);
    assertEcho(ssh, "after a new rule");
    for (int i = 0; i < 3; i++) {
      assertThat(lab.control().delete("/v1/rules/1").status()).isEqualTo(204);
    }
    assertEcho(ssh, "without rules");
    stop(client);
    assertEcho(ssh, "after the stop");

    String report = new String(iperf.getInputStream().readAllBytes(), UTF_8);
    assertThat(iperf.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(iperf.exitValue()).as(report).isZero();
  }

  @Test
  void whatIsAddedOutlivesTheClient() throws Exception {
    Process client = lab.startClient();
    String sock = lab.file("client.sock");
    String url = "udp://" + ClientLab.EXIT + ":4700";
    assertThat(lab.clientMain("overlay", "add", "ron", url, "--control", sock).err()).isEmpty();
    assertThat(
            lab.clientMain(
                    "rule", "add", "tcp dport 80", "ron", "--else", "block", "--control", sock)
                .err())
        .isEmpty();
    assertThat(lab.clientMain("overlay", "remove", "ron", "--control", sock).err())
        .isEqualTo("oasis client: rule 1 uses overlay \"ron\"; remove the rule first\n");
    assertThat(lab.clientMain("rule", "add", "udp dport 1", "web", "--control", sock).err())
        .contains("no overlay \"web\"; add it first")
        .hasLineCount(1);
    stop(client);

    lab.startClient();
    assertThat(lab.clientMain("rule", "list", "--control", sock).out())
        .containsPattern("1 +tcp dport 80 ron else block +0 +0 +0 B +on +yes");
    assertThat(lab.clientMain("status", "--control", sock).out()).contains("CARRIER", "ron");
    lab.awaitCarrier("ron", "dead");
    assertThat(
            lab.run(lab.client, "curl", "-sS", "-m", "15", "http://" + ClientLab.SERVER).status())
        .as("a rule that blocks refuses; nothing times out")
        .isEqualTo(7);
  }

  @Test
  void onlyOneClientPerNamespaceAndNoCleanUpUnderIt() throws Exception {
    lab.startClient();
    String sock = lab.file("client.sock");

    assertThat(lab.clientMain("run", "--state", lab.file("other"), "--control", sock).err())
        .contains("runs already in this network namespace; stop it first")
        .hasLineCount(1);
    assertThat(lab.clientMain("cleanup", "--control", sock).status()).isEqualTo(1);
    assertThat(lab.status()).containsKey("carriers");
  }

  @Test
  void aClientThatStartsWithoutANetworkServesOnceThereIsOne() throws Exception {
    lab.startExit();
    lab.in(lab.client, "ip", "link", "set", "eth0", "down");
    lab.startClient("--overlay", OVERLAY, "--rule", "tcp dport 80 ron");
    assertThat(lab.carrierState("ron")).isNotEqualTo("alive");

    lab.in(lab.client, "ip", "link", "set", "eth0", "up");
    lab.in(lab.client, "ip", "route", "add", "default", "via", ClientLab.GATEWAY);

    lab.awaitCarrier("ron", "alive");
    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.EXIT);
  }

  @Test
  void aHostThatMovesKeepsItsOverlay() throws Exception {
    lab.startExit();
    lab.startClient("--overlay", OVERLAY, "--rule", "tcp dport 80 ron");
    lab.awaitCarrier("ron", "alive");

    // Else the second address of a subnet goes with the first.
    lab.in(lab.client, "sysctl", "-qw", "net.ipv4.conf.eth0.promote_secondaries=1");
    lab.in(lab.client, "ip", "address", "add", "192.0.2.77/24", "dev", "eth0");
    lab.in(lab.client, "ip", "address", "del", ClientLab.CLIENT + "/24", "dev", "eth0");
    lab.in(lab.client, "ip", "route", "replace", "default", "via", ClientLab.GATEWAY);

    ClientLab.await(() -> lab.who(ClientLab.SERVER).equals(ClientLab.EXIT));
    assertThat(lab.who(ClientLab.SERVER + ":8080")).isEqualTo("192.0.2.77");
  }

  @Test
  void theTableComesBackWhenItsHolderDies() throws Exception {
    Process client = lab.startClient();
    ProcessHandle nft =
        client
            .toHandle()
            .children()
            .filter(child -> child.info().command().orElse("").endsWith("nft"))
            .findFirst()
            .orElseThrow();

    nft.destroyForcibly();

    ClientLab.await(() -> !nft.isAlive());
    ClientLab.await(() -> lab.in(lab.client, "nft", "list", "tables").contains("inet oasis"));
  }

  /** A program that takes its time: it keeps telling the server how much it has read. */
  private Process slowDownload(String host) throws Exception {
    String url = "http://" + host + "/big";
    return lab.start(
        lab.client, "curl", "-s", "-m", "60", "--limit-rate", "500k", "-o", "/dev/null", url);
  }

  private double tunPkts() throws Exception {
    return lab.status().get("tun") instanceof Map<?, ?> tun && tun.get("inPkts") instanceof Number n
        ? n.doubleValue()
        : -1;
  }

  private void startSshd() throws Exception {
    for (String key : List.of("host_key", "user_key")) {
      lab.in(lab.server, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", lab.file(key));
    }
    Files.createDirectories(Path.of("/run/sshd"));
    Files.writeString(
        directory.resolve("sshd_config"),
        """
        Port 22
        HostKey %1$s/host_key
        AuthorizedKeysFile %1$s/user_key.pub
        PidFile %1$s/sshd.pid
        StrictModes no
        UsePAM no
        PermitRootLogin yes
        """
            .formatted(directory));
    lab.start(lab.server, "/usr/sbin/sshd", "-D", "-f", lab.file("sshd_config"));
    lab.awaitPort(lab.server, 22);
  }

  private String[] sshCommand() {
    return new String[] {
      "ssh",
      "-q",
      "-F",
      "none",
      "-i",
      lab.file("user_key"),
      "-o",
      "StrictHostKeyChecking=no",
      "-o",
      "UserKnownHostsFile=/dev/null",
      "root@" + ClientLab.SERVER,
      "cat"
    };
  }

  /** A line that goes to the other end of the session and comes back. */
  private static void assertEcho(Process session, String line) throws Exception {
    Writer in = session.outputWriter(UTF_8);
    in.write(line + "\n");
    in.flush();
    BufferedReader out = session.inputReader(UTF_8);
    assertThat(out.readLine()).isEqualTo(line);
  }

  private static void stop(Process client) throws Exception {
    client.destroy();
    assertThat(client.waitFor(60, TimeUnit.SECONDS)).as("ends after SIGTERM").isTrue();
    assertThat(client.exitValue()).isZero();
  }
}
