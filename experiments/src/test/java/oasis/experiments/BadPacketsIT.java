// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import oasis.emulator.Node;
import oasis.emulator.Program;
import oasis.io.LinuxRawPort;
import oasis.lab.Blob;
import oasis.lab.Capture;
import oasis.lab.Daemons;
import oasis.lab.Family;
import oasis.lab.Lab;
import oasis.os.Memory;
import oasis.os.linux.Netns;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.UdpFrame;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Wrong packets from the network to a client and an exit node at work: each is counted as dropped,
 * nothing comes of it, and traffic goes on.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(
    value = Deployment.class,
    names = {"KERNEL", "PACKET_SOCKETS"})
@Timeout(600)
class BadPacketsIT extends EachDeployment {
  private static final int SYN = 2;
  private static final int ACK = 16;
  private static final int CASES = 500;
  private static final int PORT = 8080;

  private static Blob big;

  BadPacketsIT(Deployment deployment) {
    super(deployment);
  }

  @BeforeAll
  static void network() throws Exception {
    lab = Lab.start(directory);
    lab.servers().startWeb(PORT);
    big = Blob.write(lab.servers().www().resolve("big"), 20_000_000, 20);
  }

  @BeforeParameterizedClassInvocation
  static void begin(Deployment deployment) throws Exception {
    deployment.start(lab, List.of("tcp dport " + PORT + " lab"));
  }

  // ----------------------------------------------------------------- to the exit node

  @ParameterizedTest
  @EnumSource
  void garbageToTheExitNodeIsCountedAndTrafficGoesOn(Family family) throws Exception {
    List<byte[]> payloads = garbage(new Gen(Gen.baseSeed()), family);
    long before = exitDrops();
    sendToExit(lab.client(), payloads);
    awaitDrops("exit", before + CASES, BadPacketsIT::exitDrops);

    Program transfer = startTransfer(family);
    sendToExit(lab.client(), payloads);
    assertTransferred(transfer);
    assertTrafficGoesOn();
  }

  /** A wrong checksum is not looked at, as in any router; but it is never made a right one. */
  @ParameterizedTest
  @EnumSource
  void wrongTransportChecksumsStayWrong(Family family) throws Exception {
    List<byte[]> payloads = new ArrayList<>();
    for (int i = 0; i < CASES; i++) {
      byte[] packet = syn(family.client(), 1024 + i, family.server(), PORT, SYN);
      packet[family.headerBytes() + 16] ^= 0x55;
      payloads.add(packet);
    }
    String answers =
        "src host " + family.server() + " and (tcp[13] & 18 == 18 or ip6[53] & 18 == 18)";
    try (Capture capture = Capture.start(lab.server(), "eth0", answers)) {
      sendToExit(lab.client(), payloads);
      assertTrafficGoesOn();
      assertThat(capture.stop()).as("answers of the server").hasSize(1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void strangersGetNothingFromTheExitNode(Family family) throws Exception {
    long before = notAllowed();
    long flows = lab.daemons().askExit("status").path("engine").path("flowsBegun").asLong();
    List<byte[]> syns = new ArrayList<>();
    for (int i = 0; i < CASES; i++) {
      syns.add(syn(family.client(), 1024 + i, family.server(), PORT, SYN));
    }
    sendToExit(lab.router(), syns);
    awaitDrops("exit", before + CASES, BadPacketsIT::notAllowed);
    assertThat(lab.daemons().askExit("status").path("engine").path("flowsBegun").asLong())
        .isEqualTo(flows);
    assertTrafficGoesOn();
  }

  // -------------------------------------------------------------------- to the client

  @ParameterizedTest
  @EnumSource
  void garbageToTheClientIsCountedAndTrafficGoesOn(Family family) throws Exception {
    Gen gen = new Gen(Gen.baseSeed() + 1);
    List<byte[]> payloads = garbage(gen, family);
    for (int i = 0; i < CASES; i++) {
      // Right in itself, but of no connection that this client gave to the overlay.
      String from = family.server() + gen.range(1, 9);
      payloads.add(syn(from, 22, family.client(), gen.range(1, 65_535), SYN | ACK));
    }
    long before = clientDrops();
    long tunOut = lab.daemons().ask("status").path("tun").path("outPkts").asLong();
    sendAsEntryNode(payloads);
    awaitDrops("client", before + 2 * CASES, BadPacketsIT::clientDrops);
    assertThat(lab.daemons().ask("status").path("tun").path("outPkts").asLong())
        .as("nothing reaches programs")
        .isEqualTo(tunOut);

    Program transfer = startTransfer(family);
    sendAsEntryNode(payloads);
    assertTransferred(transfer);
    assertTrafficGoesOn();
  }

  @Test
  void packetsToTheCarrierPortFromOthersAreNotEvenRead() throws Exception {
    long before = clientDrops();
    byte[] answer = syn(Lab.SERVER, PORT, Lab.CLIENT, 4000, SYN | ACK);
    int port = lab.daemons().carrier().path("localPort").asInt();
    sendUdp(lab.router(), new InetSocketAddress(Lab.CLIENT, port), List.of(answer, new byte[0]));
    assertTrafficGoesOn();
    assertThat(clientDrops()).isEqualTo(before);
  }

  // -------------------------------------------------------------------------- packets

  /** Random bytes, and packets that each have one thing wrong. */
  private static List<byte[]> garbage(Gen gen, Family family) {
    List<byte[]> all = new ArrayList<>();
    while (all.size() < CASES) {
      int port = gen.range(1024, 65_535);
      byte[] packet = syn(family.client(), port, family.server(), PORT, SYN);
      switch (gen.below(6)) {
        case 0 -> packet = gen.bytes(gen.range(1, 1400));
        case 1 -> packet = Arrays.copyOf(packet, gen.range(1, packet.length - 1));
        case 2 -> packet[0] = (byte) (gen.pick(0, 1, 2, 3, 5, 7, 15) << 4); // no such version
        case 3 -> packet[family == Family.IPV4 ? 2 : 4] = (byte) 0xff; // beyond the datagram
        case 4 -> wrongHeader(packet, gen);
        default -> multicastSource(packet);
      }
      all.add(packet);
    }
    return all;
  }

  /** A wrong checksum, or an extension header that is longer than the packet. */
  private static void wrongHeader(byte[] packet, Gen gen) {
    if (packet[0] >> 4 == 4) {
      packet[10] ^= 0x55;
    } else {
      packet[6] = (byte) gen.pick(0, 43, 60);
      packet[Ip.V6_BYTES + 1] = (byte) 0xff;
    }
  }

  private static void multicastSource(byte[] packet) {
    if (packet[0] >> 4 == 4) {
      packet[12] = (byte) 0xe0;
      Packets.fixHeader(ByteBuffer.wrap(packet));
    } else {
      packet[8] = (byte) 0xff;
    }
  }

  private static byte[] syn(String from, int fromPort, String to, int toPort, int flags) {
    FlowKey key = Packets.key(Ip.TCP, from, fromPort, to, toPort);
    ByteBuffer packet = Packets.tcp(key, flags, 1, 0, new byte[0]);
    byte[] bytes = new byte[packet.capacity()];
    packet.get(0, bytes);
    return bytes;
  }

  private static void sendToExit(Node from, List<byte[]> payloads) throws Exception {
    sendUdp(from, new InetSocketAddress(Lab.EXIT, Daemons.ENTRY), payloads);
  }

  /** Sends datagrams, slowly enough that no queue overflows. */
  private static void sendUdp(Node from, InetSocketAddress to, List<byte[]> payloads)
      throws Exception {
    try (DatagramChannel channel = Netns.in(from.namespace(), () -> DatagramChannel.open())) {
      for (byte[] payload : payloads) {
        channel.send(ByteBuffer.wrap(payload), to);
        pause();
      }
    }
  }

  /** Sends datagrams to the client with the entry node's address and port as their source. */
  private static void sendAsEntryNode(List<byte[]> payloads) throws Exception {
    int port = lab.daemons().carrier().path("localPort").asInt();
    FlowKey key = Packets.key(Ip.UDP, Lab.EXIT, Daemons.ENTRY, Lab.CLIENT, port);
    Memory memory = Memory.allocate(2048);
    Burst burst = new Burst();
    try (LinuxRawPort raw = Netns.in(lab.router().namespace(), () -> LinuxRawPort.open(0))) {
      for (byte[] payload : payloads) {
        memory.buffer().put(UdpFrame.headerBytes(key), payload);
        int length = UdpFrame.write(key, memory.buffer(), 0, payload.length);
        assertThat(burst.check(memory.buffer(), memory.address(), 0, length)).isNull();
        raw.add(burst);
        raw.flush();
        pause();
      }
      assertThat(raw.counters().snapshot().drops()).isEmpty();
    }
  }

  private static void pause() throws InterruptedException {
    Thread.sleep(0, 200_000);
  }

  // --------------------------------------------------------------------------- counts

  private interface Count {
    long get() throws Exception;
  }

  private static void awaitDrops(String where, long expected, Count count) throws Exception {
    try {
      Lab.await(expected + " drops", () -> count.get() >= expected);
    } finally {
      assertThat(count.get()).as("drops that the %s counts", where).isEqualTo(expected);
    }
  }

  private static long notAllowed() throws Exception {
    JsonNode drops = lab.daemons().askExit("status").path("engine").path("drops");
    return drops.path("NOT_ALLOWED").asLong();
  }

  private static long exitDrops() throws Exception {
    return sum(lab.daemons().askExit("status").path("engine").path("drops"));
  }

  private static long clientDrops() throws Exception {
    return sum(lab.daemons().ask("status").path("drops"));
  }

  /** Over all reasons: the exit node has an object, the client a list. */
  private static long sum(JsonNode drops) {
    long sum = 0;
    for (JsonNode one : drops) {
      sum += one.isNumber() ? one.asLong() : one.path("packets").asLong();
    }
    return sum;
  }

  // ------------------------------------------------------------------- right traffic

  private static Program startTransfer(Family family) throws Exception {
    Path to = lab.file("fetched");
    Files.deleteIfExists(to);
    String url = "http://" + family.inUrl(family.server()) + ":" + PORT + "/big";
    Program curl =
        lab.client().start("curl", "-sSf", "--limit-rate", "8M", "-o", to.toString(), url);
    Lab.await(
        "the transfer begins", () -> !curl.isAlive() || Files.exists(to) && Files.size(to) > 0);
    return curl;
  }

  private static void assertTransferred(Program curl) throws Exception {
    assertThat(curl.waitFor(Lab.LONG)).as(curl.errors()).isZero();
    assertThat(lab.run("sha256sum", lab.file("fetched").toString())).startsWith(big.sha256() + " ");
  }

  private void assertTrafficGoesOn() throws Exception {
    for (Family family : Family.values()) {
      String url = "http://" + family.inUrl(family.server()) + ":" + PORT + "/who";
      assertThat(lab.run("curl", "-sSf", url)).isEqualTo(deployment.peer(family));
    }
    for (JsonNode status : List.of(lab.daemons().ask("status"), lab.daemons().askExit("status"))) {
      assertThat(status.path("loopFailures").asLong(-1)).isZero();
    }
  }
}
