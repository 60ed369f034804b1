// SPDX-License-Identifier: Apache-2.0
package oasis.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import oasis.io.KeyFile;
import oasis.os.linux.Netns;
import oasis.packet.DropReason;
import oasis.packet.Sealer;
import oasis.packet.SharedKey;
import oasis.packet.Trailer;
import oasis.packet.TrailerMac;
import oasis.packet.Unsealer;
import org.junit.jupiter.api.Test;

/** Client and exit node with keys, as their users set them. */
class KeysIT extends InClientLab {
  private static final String ALICE = "7 " + "1f".repeat(32) + " alice";
  private static final String BOB = "8 " + "2f".repeat(32) + " bob";
  private static final int PATIENCE_MS = 60_000;
  private static final int SILENCE_MS = 300;
  private static final String RULE = "tcp dport 80 dst " + ClientLab.SERVER + " ron";

  private String keys(String name, String... lines) throws Exception {
    Path file = directory.resolve(name);
    Files.write(file, List.of(lines));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    return file.toString();
  }

  private String exitStatus() throws Exception {
    return lab.exitControl().get("/v1/status").text();
  }

  private long exitDrops(DropReason why) throws Exception {
    String status = exitStatus();
    String name = "\"" + why + "\":";
    int at = status.indexOf(name);
    return at < 0 ? 0 : Long.parseLong(status.substring(at + name.length()).split("[,}]", 2)[0]);
  }

  @Test
  void aDownloadGoesOnWhenTheClientsAddressAndPortChange() throws Exception {
    lab.startExitWith("--keys", keys("keys", "# clients", ALICE, BOB));
    lab.startClient();
    String key = keys("key", ALICE);
    String url = "udp://" + ClientLab.EXIT + ":" + ClientLab.ENTRY;
    String control = lab.file("client.sock");
    assertThat(
            lab.clientMain("overlay", "add", "ron", url, "--key", key, "--control", control).err())
        .isEmpty();
    assertThat(lab.clientMain("rule", "add", RULE, "--control", control).err()).isEmpty();
    lab.awaitCarrier("ron", "alive");
    assertThat(lab.who(ClientLab.SERVER)).isEqualTo(ClientLab.EXIT);
    Process download =
        lab.start(
            lab.client,
            "curl",
            "-sSf",
            "-m",
            "60",
            "--limit-rate",
            "5M",
            "-o",
            lab.file("got"),
            "http://" + ClientLab.SERVER + "/big");
    lab.awaitDownload();
    // From now on a translator stands on the client's way: another address and another port. What
    // the node sends to the former ones is lost, as when a translator has forgotten a mapping.
    lab.in(
        lab.router,
        "nft",
        "add table ip moved; add chain ip moved lost { type filter hook prerouting priority -300; };"
            + " add rule ip moved lost udp sport 4700 ip daddr "
            + ClientLab.CLIENT
            + " drop; add chain ip moved out { type nat hook postrouting priority 100; };"
            + " add rule ip moved out udp dport 4700 masquerade to :20000-20999 random");
    assertThat(download.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(download.exitValue()).isZero();
    assertThat(Files.size(Path.of(lab.file("got")))).isEqualTo(20_000_000);
    String clients = lab.exitControl().get("/v1/clients").text();
    assertThat(clients).contains("\"key\":7").containsPattern(":20[0-9]{3}\"");
    assertThat(clients).as("one client, before and after").doesNotContain("\"key\":0");
    assertThat(lab.clientMain("overlay", "list", "--json", "--control", control).out())
        .contains(key);
  }

  @Test
  void aWrongKeyAndNoKeyAreNotServed() throws Exception {
    lab.startExitWith("--keys", keys("keys", BOB));
    String wrong = keys("wrong", "8 " + "3f".repeat(32));
    Process client = lab.startClient("--overlay", OVERLAY, "--key", "ron=" + wrong, "--rule", RULE);
    ClientLab.await(() -> exitDrops(DropReason.BAD_TAG) > 1);
    assertThat(lab.carrierState("ron")).isNotEqualTo("alive");
    assertThat(lab.who(ClientLab.SERVER)).as("by the underlay").isEqualTo(ClientLab.CLIENT);
    client.destroy();
    assertThat(client.waitFor(60, TimeUnit.SECONDS)).isTrue();
    lab.startClient("--overlay", OVERLAY, "--rule", RULE);
    ClientLab.await(() -> exitDrops(DropReason.NOT_ALLOWED) > 1);
    assertThat(lab.carrierState("ron")).isNotEqualTo("alive");
  }

  @Test
  void aClientWithAKeyTakesNothingThatIsNotSealed() throws Exception {
    lab.startExit();
    String key = keys("key", ALICE);
    lab.startClient("--overlay", OVERLAY, "--key", "ron=" + key, "--rule", RULE);
    ClientLab.await(() -> exitStatus().contains("NOT_IP"));
    assertThat(lab.carrierState("ron")).isNotEqualTo("alive");
  }

  @Test
  void aReplayAndAForgeryGetNoAnswer() throws Exception {
    lab.startExitWith("--keys", keys("keys", ALICE));
    SharedKey key = SharedKey.parse(ALICE);
    TrailerMac mac = new TrailerMac();
    Sealer sealer = new Sealer(key, SharedKey.Role.CLIENT, KeyFile.freshCounter(), mac);
    Unsealer unsealer = new Unsealer(key, SharedKey.Role.CLIENT, mac);
    byte[] sealed = new byte[Trailer.BYTES];
    try (DatagramSocket socket = Netns.in(lab.client, () -> new DatagramSocket());
        DatagramSocket other = Netns.in(lab.client, () -> new DatagramSocket())) {
      sealer.seal(ByteBuffer.wrap(sealed), 0);
      send(socket, sealed);
      byte[] answer = answer(socket, PATIENCE_MS);
      assertThat(answer).hasSize(Trailer.BYTES);
      assertThat(unsealer.open(ByteBuffer.wrap(answer), 0, answer.length)).isNull();
      send(socket, sealed);
      send(other, sealed);
      ClientLab.await(() -> exitDrops(DropReason.REPLAYED) == 2);
      sealer.seal(ByteBuffer.wrap(sealed), 0);
      sealed[5] ^= 1;
      send(socket, sealed);
      ClientLab.await(() -> exitDrops(DropReason.BAD_TAG) == 1);
      assertThat(answer(socket, SILENCE_MS)).as("what was dropped").isEmpty();
      assertThat(answer(other, SILENCE_MS)).as("what was dropped").isEmpty();
      sealed[5] ^= 1;
      send(other, sealed);
      assertThat(answer(other, PATIENCE_MS)).as("the same, as it was sealed").isNotEmpty();
      assertThat(exitDrops(DropReason.REPLAYED)).isEqualTo(2);
    }
  }

  private static void send(DatagramSocket socket, byte[] datagram) throws Exception {
    socket.send(
        new DatagramPacket(
            datagram, datagram.length, new InetSocketAddress(ClientLab.EXIT, ClientLab.ENTRY)));
  }

  /** The first answer within this time; empty for none. */
  private static byte[] answer(DatagramSocket socket, int withinMs) throws Exception {
    socket.setSoTimeout(withinMs);
    DatagramPacket answer = new DatagramPacket(new byte[2_000], 2_000);
    try {
      socket.receive(answer);
    } catch (SocketTimeoutException e) {
      return new byte[0];
    }
    return Arrays.copyOf(answer.getData(), answer.getLength());
  }
}
