// SPDX-License-Identifier: Apache-2.0
package oasis.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What happens to the client when links, addresses and routes of its host change. */
class NetworkChangesIT extends InClientLab {
  private static final String WEB = "http://" + ClientLab.SERVER + "/";

  /** A second way to the router, inside what the exit node allows. */
  private static final String SECOND = "192.0.2.202";

  private static final String SECOND_GATEWAY = "192.0.2.201";

  private void startAll() throws Exception {
    // A slow program notices a reset behind what waits for it in its socket.
    lab.in(lab.client, "sysctl", "-qw", "net.ipv4.tcp_rmem=4096 65536 131072");
    lab.startExit();
    lab.startClient("--overlay", OVERLAY, "--rule", "tcp dport 80 ron", "--rule", "name:*.edu ron");
    lab.awaitCarrier("ron", "alive");
  }

  private Process download(String rate) throws Exception {
    return download(ClientLab.SERVER, rate);
  }

  /** A download of 20 MB, as fast as {@code rate} allows. */
  private Process download(String host, String rate) throws Exception {
    return lab.start(
        lab.client,
        "curl",
        "-s",
        "-m",
        "110",
        "--limit-rate",
        rate,
        "-o",
        lab.file("got"),
        "http://" + host + "/big");
  }

  private void awaitBytes() throws Exception {
    ClientLab.await(() -> Files.exists(directory.resolve("got")));
  }

  private void assertReset(Process download) throws Exception {
    assertThat(download.waitFor(60, TimeUnit.SECONDS)).as("the program learns it").isTrue();
    assertThat(download.exitValue()).as("connection reset").isEqualTo(56);
  }

  private void awaitOverlay() throws Exception {
    ClientLab.await(() -> lab.run(lab.client, "curl", "-s", "-m", "3", WEB + "who").ok());
    ClientLab.await(() -> lab.who(ClientLab.SERVER).equals(ClientLab.EXIT));
  }

  /** Makes an interface of the client's host whose other end is {@code eth9} of the router. */
  private void wire(String name) throws Exception {
    List<String> argv = new ArrayList<>(List.of("ip", "link", "add", name, "type", "veth"));
    argv.addAll(List.of("peer", "name", "eth9", "netns", lab.router));
    lab.in(lab.client, argv.toArray(String[]::new));
  }

  private void defaultRoute(String gateway, String device) throws Exception {
    lab.in(lab.client, "ip", "route", "replace", "default", "via", gateway, "dev", device);
  }

  @Test
  void aLinkThatGoesDownAndUpEndsNoConnection() throws Exception {
    startAll();
    Process download = download("4M");
    awaitBytes();

    lab.in(lab.client, "ip", "link", "set", "eth0", "down");
    lab.awaitCarrier("ron", "suspect");
    TimeUnit.MILLISECONDS.sleep(2_000);
    assertThat(lab.carrierState("ron")).as("nothing says that it died").isEqualTo("suspect");
    lab.in(lab.client, "ip", "link", "set", "eth0", "up");
    defaultRoute(ClientLab.GATEWAY, "eth0");

    lab.awaitCarrier("ron", "alive");
    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.EXIT);
    assertThat(download.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(download.exitValue()).isZero();
    assertThat(Files.mismatch(directory.resolve("got"), directory.resolve("www/big")))
        .isEqualTo(-1);
  }

  @Test
  void aRoamingDownloadIsToldAndSucceedsWhenItIsTriedAgain() throws Exception {
    startAll();
    // By name: a connection from the address that goes could not even be told.
    Process download = download(lab.dig("www.example.edu"), "500k");
    awaitBytes();

    lab.in(lab.client, "ip", "address", "flush", "dev", "eth0");
    lab.in(lab.client, "ip", "address", "add", "192.0.2.77/24", "dev", "eth0");
    defaultRoute(ClientLab.GATEWAY, "eth0");

    assertReset(download);
    awaitOverlay();
    Process again = download("20M");
    assertThat(again.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(again.exitValue()).isZero();
    assertThat(lab.who(ClientLab.SERVER + ":8080")).isEqualTo("192.0.2.77");
  }

  @Test
  void aResolverBehindAnotherInterfaceAnswersAsWithoutTheClient() throws Exception {
    wire("eth1");
    lab.in(lab.client, "ip", "address", "add", SECOND + "/30", "dev", "eth1");
    lab.in(lab.client, "ip", "link", "set", "eth1", "up");
    lab.in(lab.client, "ip", "route", "add", ClientLab.SERVER, "via", SECOND_GATEWAY);
    lab.in(lab.router, "ip", "address", "add", SECOND_GATEWAY + "/30", "dev", "eth9");
    lab.in(lab.router, "ip", "link", "set", "eth9", "up");
    // As a VPN's other end does with what is not from the address that it gave.
    lab.in(lab.router, "nft", "add table ip peer");
    lab.in(
        lab.router, "nft", "add chain ip peer in { type filter hook prerouting priority -300; }");
    String foreign = "iifname eth9 ip saddr != " + SECOND + " drop";
    lab.in(lab.router, "nft", "add rule ip peer in " + foreign);
    startAll();

    assertThat(lab.dig("www.example.com")).isEqualTo(ClientLab.SERVER);

    lab.in(lab.client, "ip", "route", "del", ClientLab.SERVER);
    assertThat(lab.dig("www.example.edu")).as("by OC0's address").startsWith("198.18.");
  }

  @Test
  void theMediatedUnderlayWaitsForItsAddressAndRoute() throws Exception {
    lab.in(lab.client, "sysctl", "-qw", "net.ipv4.tcp_rmem=4096 65536 131072");
    lab.in(lab.client, "ip", "link", "add", "docker0", "type", "bridge");
    lab.in(lab.client, "ip", "address", "add", "172.17.0.1/16", "dev", "docker0");
    lab.in(lab.client, "ip", "link", "set", "docker0", "up");
    lab.startClient("--mediate");
    Process download = download("2M");
    awaitBytes();

    lab.in(lab.client, "ip", "route", "del", "default");
    TimeUnit.MILLISECONDS.sleep(2_500);
    defaultRoute(ClientLab.GATEWAY, "eth0");
    lab.in(lab.client, "ip", "link", "del", "docker0");
    lab.in(lab.client, "ip", "address", "flush", "dev", "eth0");
    TimeUnit.MILLISECONDS.sleep(2_500);
    lab.in(lab.client, "ip", "address", "add", ClientLab.CLIENT + "/24", "dev", "eth0");
    defaultRoute(ClientLab.GATEWAY, "eth0");

    assertThat(download.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(download.exitValue()).isZero();
  }

  @Test
  void anotherDefaultRouteTakesTheOverlayToAnotherInterface() throws Exception {
    wire("eth1");
    lab.in(lab.client, "ip", "address", "add", SECOND + "/30", "dev", "eth1");
    lab.in(lab.client, "ip", "link", "set", "eth1", "up");
    lab.in(lab.router, "ip", "address", "add", SECOND_GATEWAY + "/30", "dev", "eth9");
    lab.in(lab.router, "ip", "link", "set", "eth9", "up");
    startAll();
    Process download = download("500k");
    awaitBytes();

    defaultRoute(SECOND_GATEWAY, "eth1");

    assertReset(download);
    awaitOverlay();
    assertThat(lab.who(ClientLab.SERVER + ":8080")).isEqualTo(SECOND);
    String sent = "/sys/class/net/eth1/statistics/tx_packets";
    long before = Long.parseLong(lab.in(lab.client, "cat", sent).strip());
    lab.in(lab.client, "curl", "-sS", "-o", "/dev/null", WEB + "big");
    assertThat(Long.parseLong(lab.in(lab.client, "cat", sent).strip())).isGreaterThan(before + 30);
  }

  @Test
  void anInterfaceThatIsRemovedAndMadeAgainIsUsedAgain() throws Exception {
    startAll();

    lab.in(lab.client, "ip", "link", "del", "eth0");
    TimeUnit.MILLISECONDS.sleep(1_500);
    wire("eth0");
    lab.in(lab.router, "ip", "address", "add", ClientLab.GATEWAY + "/24", "dev", "eth9");
    lab.in(lab.router, "ip", "link", "set", "eth9", "up");
    lab.in(lab.client, "ip", "address", "add", ClientLab.CLIENT + "/24", "dev", "eth0");
    lab.in(lab.client, "ip", "link", "set", "eth0", "up");
    defaultRoute(ClientLab.GATEWAY, "eth0");

    awaitOverlay();
    assertThat(lab.dig("www.example.com")).as("OC0, too").isEqualTo(ClientLab.SERVER);
  }
}
