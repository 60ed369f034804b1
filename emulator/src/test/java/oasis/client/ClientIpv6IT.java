// SPDX-License-Identifier: Apache-2.0
package oasis.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import oasis.io.control.Json;
import oasis.os.CommandRunner;
import org.junit.jupiter.api.Test;

/** Both address families, and the mediated underlay, with real kernels and programs. */
class ClientIpv6IT extends InClientLab {
  private static final String BY_V6 = "six=udp://[" + ClientLab.EXIT6 + "]:" + ClientLab.ENTRY;
  private static final String SERVER6 = "[" + ClientLab.SERVER6 + "]";
  private static final String NAME = "www.example.edu";

  @Test
  void carriersOverEitherFamilyCarryEither() throws Exception {
    String before = lab.kernelState();
    lab.startExit();
    Process client =
        lab.startClient(
            "--overlay",
            OVERLAY,
            "--overlay",
            BY_V6,
            "--rule",
            "tcp dport 80 ron",
            "--rule",
            "tcp dport 8080 six",
            "--rule",
            "icmp six",
            "--rule",
            "name:*.edu six");
    lab.awaitCarrier("ron", "alive");
    lab.awaitCarrier("six", "alive");

    assertThat(lab.who(ClientLab.SERVER)).as("4 over 4").isEqualTo(ClientLab.EXIT);
    assertThat(lab.who(SERVER6)).as("6 over 4").isEqualTo(ClientLab.EXIT6);
    assertThat(lab.who(ClientLab.SERVER + ":8080")).as("4 over 6").isEqualTo(ClientLab.EXIT);
    assertThat(lab.who(SERVER6 + ":8080")).as("6 over 6").isEqualTo(ClientLab.EXIT6);
    for (String server : List.of(ClientLab.SERVER, ClientLab.SERVER6)) {
      assertThat(lab.in(lab.client, "ping", "-c", "2", "-i", "0.2", "-W", "20", server))
          .contains(" 0% packet loss");
    }
    assertFetchesBig(SERVER6);
    assertFetchesBig(SERVER6 + ":8080");
    assertThat(lab.clientMain("status", "--control", lab.file("client.sock")).out())
        .contains(
            "[2001:db8:2::2]:4700",
            "198.51.100.2:4700",
            "Underlay as 192.0.2.2 and 2001:db8:1::2, sent by packet socket");

    stop(client);
    lab.clientMain("cleanup", "--control", lab.file("client.sock"));
    assertThat(lab.kernelState()).isEqualTo(before);
  }

  @Test
  void aNameHasFakeAddressesOfBothFamilies() throws Exception {
    lab.startExit();
    lab.startClient("--overlay", OVERLAY, "--rule", "name:*.edu ron");
    lab.awaitCarrier("ron", "alive");

    String fake6 = lab.dig(ClientLab.SERVER6, NAME, "AAAA");
    String fake4 = lab.dig(ClientLab.SERVER6, NAME, "A");

    assertThat(fake6).startsWith("fdc6:1200:4710::").hasLineCount(1);
    assertThat(fake4).startsWith("198.18.").hasLineCount(1);
    assertThat(lab.dig(NAME)).as("whichever server is asked").isEqualTo(fake4);
    assertThat(lab.who("[" + fake6 + "]")).isEqualTo(ClientLab.EXIT6);
    assertThat(lab.who(fake4)).isEqualTo(ClientLab.EXIT);
    assertThat(lab.in(lab.client, "ping", "-c", "1", "-W", "20", fake6))
        .contains(" 0% packet loss");
    assertThat(lab.dig(ClientLab.SERVER6, "www.example.com", "AAAA"))
        .as("a name without a rule")
        .isEqualTo(ClientLab.SERVER6);
    assertThat(Json.write(Json.parse(lab.control().get("/v1/flows").body())))
        .asString(UTF_8)
        .contains("\"destination\":\"[2001:db8:3::2]:80\"");
    assertRefused("[fdc6:1200:4710::ffaa]");
    assertThat(lab.nothingFakeLeft()).isTrue();
  }

  @Test
  void aNameThatARuleLeavesToTheUnderlayIsGenuine() throws Exception {
    lab.startExit();
    lab.startClient(
        "--overlay", OVERLAY, "--rule", "name:www.* underlay", "--rule", "name:*.edu ron");
    lab.awaitCarrier("ron", "alive");

    assertThat(lab.dig(NAME)).isEqualTo(ClientLab.SERVER);
    assertThat(lab.dig(ClientLab.SERVER, NAME, "AAAA")).isEqualTo(ClientLab.SERVER6);
    assertThat(lab.dig("ftp.example.edu")).startsWith("198.18.");
    long before = lab.tunPkts();
    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.CLIENT);
    assertThat(lab.who(SERVER6)).isEqualTo(ClientLab.CLIENT6);
    assertThat(lab.tunPkts()).as("its traffic never comes to the client").isEqualTo(before);
  }

  @Test
  void aHostWithIpv6AloneReachesIpv4ByName() throws Exception {
    lab.startExit();
    lab.in(lab.client, "ip", "-4", "address", "flush", "dev", "eth0");
    lab.startClient("--overlay", BY_V6, "--rule", "name:*.edu six");
    lab.awaitCarrier("six", "alive");

    String fake = lab.dig(ClientLab.SERVER6, NAME, "A");
    assertThat(fake).startsWith("198.18.");
    assertThat(lab.who(fake)).isEqualTo(ClientLab.EXIT);
  }

  @Test
  void whatSomebodyTakesFromTheDeviceIsPutBack() throws Exception {
    lab.startClient("--overlay", OVERLAY, "--rule", "tcp dport 80 ron");
    String before = lab.kernelState();

    lab.in(lab.client, "sysctl", "-qw", "net.ipv6.conf.oas0.disable_ipv6=1");
    assertThat(lab.kernelState()).isNotEqualTo(before);

    ClientLab.await(() -> lab.kernelState().equals(before));
  }

  @Test
  void anIdleDeviceCarriesNothing() throws Exception {
    lab.startClient("--overlay", OVERLAY, "--rule", "any ron", "--mediate");

    TimeUnit.SECONDS.sleep(5); // solicitations and reports would come within four
    assertThat(lab.tunPkts()).isZero();
  }

  @Test
  void aMediatedHostReachesAllByTheUnderlay() throws Exception {
    lab.startClient("--mediate", "--overlay", OVERLAY, "--rule", "name:*.edu ron");

    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.CLIENT);
    assertThat(lab.who(SERVER6)).isEqualTo(ClientLab.CLIENT6);
    assertFetchesBig(ClientLab.SERVER);
    assertFetchesBig(SERVER6);
    for (String server : List.of(ClientLab.SERVER, ClientLab.SERVER6)) {
      assertThat(lab.in(lab.client, "ping", "-c", "2", "-i", "0.2", "-W", "20", server))
          .contains(" 0% packet loss");
      assertThat(lab.dig(server, NAME, "AAAA")).isEqualTo(ClientLab.SERVER6);
    }
    assertThat(lab.tunPkts()).as("it went through the client").isGreaterThan(100);
    assertThat(lab.status().get("underlay"))
        .isInstanceOfSatisfying(
            Map.class,
            underlay -> {
              assertThat(underlay.get("ipv4")).isEqualTo(ClientLab.CLIENT);
              assertThat(underlay.get("ipv6")).isEqualTo(ClientLab.CLIENT6);
              assertThat(underlay.get("mediate")).isEqualTo(true);
            });
  }

  @Test
  void theMediatedUnderlayFollowsTheHost() throws Exception {
    lab.startClient("--mediate");
    assertThat(lab.who(SERVER6)).isEqualTo(ClientLab.CLIENT6);

    String next = "2001:db8:1::77";
    lab.in(lab.client, "ip", "address", "add", next + "/64", "dev", "eth0", "nodad");
    lab.in(lab.client, "ip", "address", "del", ClientLab.CLIENT6 + "/64", "dev", "eth0");

    ClientLab.await(
        () ->
            lab.status().get("underlay") instanceof Map<?, ?> underlay
                && next.equals(underlay.get("ipv6")));
    assertThat(lab.who(SERVER6)).isEqualTo(next);
    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.CLIENT);
  }

  @Test
  void afterASigkillIpv6WorksAtOnce() throws Exception {
    lab.startExit();
    Process client =
        lab.startClient(
            "--overlay", BY_V6, "--rule", "tcp dport 80 six", "--rule", "name:*.edu six");
    lab.awaitCarrier("six", "alive");
    String fake = lab.dig(ClientLab.SERVER6, NAME, "AAAA");
    Process slow = slowDownload(SERVER6);
    Process slowByName = slowDownload("[" + fake + "]");
    lab.awaitDownloads(2);
    String repeated = lab.repeatedSyns();

    client.destroyForcibly().waitFor();

    assertThat(
            lab.in(
                    lab.client,
                    "dig",
                    "+short",
                    "+tries=1",
                    "+time=15",
                    "@" + ClientLab.SERVER6,
                    NAME,
                    "AAAA")
                .strip())
        .isEqualTo(ClientLab.SERVER6);
    assertThat(lab.who(SERVER6)).isEqualTo(ClientLab.CLIENT6);
    assertRefused("[" + fake + "]");
    assertThat(lab.repeatedSyns()).as("all of that at once").isEqualTo(repeated);
    assertThat(slow.waitFor(60, TimeUnit.SECONDS)).as("its program learns it").isTrue();
    assertThat(slowByName.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(lab.nothingFakeLeft()).as("no packet with a fake address left the host").isTrue();

    lab.startClient("--overlay", BY_V6, "--rule", "name:*.edu six");
    lab.awaitCarrier("six", "alive");
    assertThat(lab.dig(ClientLab.SERVER6, NAME, "AAAA")).as("the journal has it").isEqualTo(fake);
    assertThat(lab.who("[" + fake + "]")).isEqualTo(ClientLab.EXIT6);
  }

  @Test
  void aHostWhoseIpv6IsOffIsServedAsBefore() throws Exception {
    lab.in(lab.client, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1");
    lab.startExit();
    lab.startClient("--overlay", OVERLAY, "--rule", "tcp dport 80 ron", "--rule", "name:*.edu ron");
    lab.awaitCarrier("ron", "alive");

    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.EXIT);
    assertThat(lab.who(lab.dig(NAME))).isEqualTo(ClientLab.EXIT);
    assertThat(lab.status().get("fakeRange6")).isNull();
    assertThat(lab.in(lab.client, "ip", "-6", "address", "show")).isBlank();
  }

  private void assertFetchesBig(String host) throws Exception {
    Files.deleteIfExists(directory.resolve("big"));
    String url = "http://" + host + "/big";
    lab.in(lab.client, "curl", "-sS", "-m", "60", "-o", lab.file("big"), url);
    assertThat(Files.mismatch(directory.resolve("big"), directory.resolve("www/big")))
        .isEqualTo(-1);
  }

  private void assertRefused(String host) throws Exception {
    CommandRunner.Result result =
        lab.run(lab.client, "curl", "-sS", "-m", "15", "http://" + host + "/who");
    assertThat(result.status()).as("not timed out: %s", result.err()).isEqualTo(7);
  }

  private Process slowDownload(String host) throws Exception {
    String url = "http://" + host + "/big";
    return lab.start(
        lab.client, "curl", "-s", "-m", "60", "--limit-rate", "500k", "-o", "/dev/null", url);
  }

  private static void stop(Process client) throws Exception {
    client.destroy();
    assertThat(client.waitFor(60, TimeUnit.SECONDS)).as("ends after SIGTERM").isTrue();
    assertThat(client.exitValue()).isZero();
  }
}
