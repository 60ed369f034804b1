// SPDX-License-Identifier: Apache-2.0
package oasis.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import oasis.emulator.Node;
import oasis.emulator.Program;
import oasis.io.LinuxRawPort;
import oasis.lab.Daemons;
import oasis.lab.Lab;
import oasis.os.CommandRunner;
import oasis.os.Memory;
import oasis.os.linux.Netns;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.UdpFrame;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Wrong input, from the user and from the network, to a client and an exit node at work: it is
 * refused in one line or counted as dropped, nothing changes, and traffic goes on.
 */
@Timeout(180)
class BadInputIT {
  private static final int SYN = 2;
  private static final int ACK = 16;
  private static final int CASES = 500;

  @TempDir static Path directory;
  private static Lab lab;
  private static byte[] big;

  @BeforeAll
  static void network() throws Exception {
    Lab.assumePossible();
    lab = Lab.start(directory);
    lab.servers().startWeb(8080);
    big = new Gen(20).bytes(20_000_000);
    Files.write(lab.servers().www().resolve("big"), big);
    lab.daemons().startExit();
    lab.daemons().startClientWithRules("tcp dport 8080 lab");
  }

  @AfterAll
  static void end() {
    if (lab != null) {
      lab.close();
    }
  }

  // ----------------------------------------------------------------- from users

  @Test
  void wrongRulesAndOverlaysAreRefusedAndChangeNothing() throws Exception {
    JsonNode rules = lab.daemons().ask("rules");
    JsonNode overlays = lab.daemons().ask("overlays");

    assertRefused("column 11", "client", "rule", "add", "tcp dport eighty lab");
    assertRefused("no overlay \"nowhere\"", "client", "rule", "add", "tcp dport 80", "nowhere");
    assertRefused("rule 9", "client", "rule", "remove", "9");
    assertRefused("lab", "client", "overlay", "remove", "lab");
    assertRefused("ftp://192.0.2.9:1", "client", "overlay", "add", "x", "ftp://192.0.2.9:1");
    assertRefused("port", "client", "overlay", "add", "x", "udp://192.0.2.9:70000");
    assertRefused("Upper", "client", "overlay", "add", "Upper", "udp://192.0.2.9:1");

    assertThat(lab.daemons().ask("rules")).isEqualTo(rules);
    assertThat(lab.daemons().ask("overlays")).isEqualTo(overlays);
    assertTrafficGoesOn();
  }

  @Test
  void unknownWordsAndOptionsAreNamed() throws Exception {
    assertRefused("--colour", "client", "status", "--colour");
    assertRefused("--colour", "exit", "run", "--colour");
    assertRefused("--colour", "demo", "--colour");
    assertRefused("paint", "paint");
  }

  @Test
  void aSecondClientIsRefused() throws Exception {
    assertRefused("runs already", "client", "run", "--state", lab.file("state").toString());
    assertTrafficGoesOn();
  }

  @Test
  void aBrokenConfigurationIsNamedByFileAndLineAndLeftAsItIs() throws Exception {
    Path state = Files.createDirectories(lab.file("broken-state"));
    Path file = state.resolve("client.xml");
    String broken =
        "<client xmlns=\"urn:oasis:client:1\">\n  <rule>tcp dport 80</rule>\n</client>\n";
    Files.writeString(file, broken);
    Node elsewhere = lab.server();
    CommandRunner.Result result =
        elsewhere.exec(
            Lab.LONG,
            Daemons.script().toString(),
            "client",
            "run",
            "--state",
            state.toString(),
            "--control",
            lab.file("other.sock").toString());
    assertOneLine(result, file + ", line 2");
    assertThat(Files.readString(file)).isEqualTo(broken);
    assertThat(elsewhere.exec(Lab.LONG, "ip", "link").out()).doesNotContain("oas0");
    assertThat(elsewhere.exec(Lab.LONG, "nft", "list", "tables").out()).isEmpty();
  }

  @Test
  void aBrokenTopologyIsNamedByFileAndLine() throws Exception {
    Path file = lab.file("broken.xml");
    Files.writeString(
        file,
        """
        <topology xmlns="urn:oasis:topology:1" name="broken">
          <host name="a"/>
          <host name="a"/>
        </topology>
        """);
    CommandRunner.Result result = lab.daemons().oasis("emulate", file.toString());
    assertOneLine(result, file + ":");
    assertThat(result.status()).isEqualTo(2);
  }

  private static void assertRefused(String names, String... words) throws Exception {
    assertOneLine(lab.daemons().oasis(words), names);
  }

  private static void assertOneLine(CommandRunner.Result result, String names) {
    assertThat(result.status()).as(result.err()).isIn(1, 2);
    assertThat(result.out()).isEmpty();
    assertThat(result.err().strip()).hasLineCount(1).startsWith("oasis").contains(names);
  }

  // ------------------------------------------------------------ from the network

  @Test
  void garbageToTheExitNodeIsCountedAndTrafficGoesOn() throws Exception {
    Gen gen = new Gen(Gen.baseSeed());
    List<byte[]> payloads = garbage(gen, CASES);
    long before = drops(lab.daemons().askExit("status").path("engine").path("drops"));
    sendUdp(lab.client(), payloads);
    awaitDrops(
        "exit",
        before + CASES,
        () -> drops(lab.daemons().askExit("status").path("engine").path("drops")));

    Program transfer = startTransfer("to-exit");
    sendUdp(lab.client(), payloads);
    assertTransferred(transfer, "to-exit");
    assertTrafficGoesOn();
  }

  /** As in any router they are not looked at; the kernel does, and then does not translate. */
  @Test
  void packetsWithWrongTransportChecksumsDoNotLeaveTheExitNode() throws Exception {
    try (Program tcpdump =
        lab.server().start("tcpdump", "-n", "-l", "-i", "eth0", "src", "not", Lab.SERVER)) {
      tcpdump.awaitLine("listening on", Lab.LONG);
      List<byte[]> payloads = new ArrayList<>();
      for (int i = 0; i < CASES; i++) {
        payloads.add(withWrongTransportChecksum(syn(Lab.CLIENT, 1024 + i, Lab.SERVER, 8080)));
      }
      sendUdp(lab.client(), payloads);
      assertTrafficGoesOn();
      // What came before it has been seen when this is.
      tcpdump.awaitLine(Lab.EXIT + ".", Lab.LONG);
      List<String> begun =
          tcpdump.output().lines().filter(line -> line.contains("[S]")).limit(5).toList();
      assertThat(begun).hasSize(1).allMatch(line -> line.contains("IP " + Lab.EXIT + "."));
    }
  }

  private static byte[] withWrongTransportChecksum(byte[] packet) {
    packet[36] ^= 0x55;
    return packet;
  }

  @Test
  void strangersGetNothingFromTheExitNode() throws Exception {
    long before = notAllowed();
    long flows = lab.daemons().askExit("status").path("engine").path("flowsBegun").asLong();
    List<byte[]> syns = new ArrayList<>();
    for (int i = 0; i < CASES; i++) {
      syns.add(syn("192.0.2.2", 1024 + i, Lab.SERVER, 8080));
    }
    sendUdp(lab.router(), syns);
    awaitDrops("exit", before + CASES, BadInputIT::notAllowed);
    assertThat(lab.daemons().askExit("status").path("engine").path("flowsBegun").asLong())
        .isEqualTo(flows);
    assertTrafficGoesOn();
  }

  @Test
  void garbageToTheClientIsCountedAndTrafficGoesOn() throws Exception {
    Gen gen = new Gen(Gen.baseSeed() + 1);
    List<byte[]> payloads = garbage(gen, CASES);
    for (int i = 0; i < CASES; i++) {
      // Right in itself, but of no connection that this client gave to the overlay.
      payloads.add(syn("203.0.113." + gen.range(1, 250), 22, Lab.CLIENT, gen.range(1, 65_535)));
    }
    long before = drops(lab.daemons().ask("status").path("drops"));
    long tunOut = lab.daemons().ask("status").path("tun").path("outPkts").asLong();
    sendAsEntryNode(payloads);
    awaitDrops(
        "client", before + 2 * CASES, () -> drops(lab.daemons().ask("status").path("drops")));
    assertThat(lab.daemons().ask("status").path("tun").path("outPkts").asLong())
        .as("nothing reaches programs")
        .isEqualTo(tunOut);

    Program transfer = startTransfer("to-client");
    sendAsEntryNode(payloads);
    assertTransferred(transfer, "to-client");
    assertTrafficGoesOn();
  }

  @Test
  void packetsToTheCarrierPortFromOthersAreNotEvenRead() throws Exception {
    JsonNode before = lab.daemons().ask("status");
    int port = carrierPort();
    List<byte[]> payloads = List.of(syn(Lab.SERVER, 8080, Lab.CLIENT, 4000), new byte[0]);
    Netns.in(
        lab.router().namespace(),
        () -> {
          try (DatagramChannel channel = DatagramChannel.open()) {
            for (byte[] payload : payloads) {
              channel.send(ByteBuffer.wrap(payload), new InetSocketAddress(Lab.CLIENT, port));
            }
          }
          return true;
        });
    assertTrafficGoesOn();
    assertThat(drops(lab.daemons().ask("status").path("drops")))
        .isEqualTo(drops(before.path("drops")));
  }

  /** Random bytes, and packets that each have one thing wrong. */
  private static List<byte[]> garbage(Gen gen, int count) {
    List<byte[]> all = new ArrayList<>();
    while (all.size() < count) {
      byte[] packet = syn(Lab.CLIENT, gen.range(1024, 65_535), Lab.SERVER, 8080);
      switch (gen.below(5)) {
        case 0 -> packet = gen.bytes(gen.range(1, 1400));
        case 1 -> packet = java.util.Arrays.copyOf(packet, gen.range(1, packet.length - 1));
        case 2 -> packet[10] ^= 0x55; // IP header checksum
        case 3 -> packet[0] = (byte) (gen.below(16) << 4 | gen.below(5)); // header length below 20
        default -> packet[3] = (byte) 0xff; // total length beyond the datagram
      }
      all.add(packet);
    }
    return all;
  }

  private static byte[] syn(String from, int fromPort, String to, int toPort) {
    FlowKey key = Packets.key(Ip.TCP, from, fromPort, to, toPort);
    ByteBuffer packet = Packets.tcp(key, SYN | (toPort == 8080 ? 0 : ACK), 1, 0, new byte[0]);
    byte[] bytes = new byte[packet.capacity()];
    packet.get(0, bytes);
    return bytes;
  }

  /** Sends datagrams to the exit node, slowly enough that no queue overflows. */
  private static void sendUdp(Node from, List<byte[]> payloads) throws Exception {
    Netns.in(
        from.namespace(),
        () -> {
          try (DatagramChannel channel = DatagramChannel.open()) {
            InetSocketAddress exit = new InetSocketAddress(Lab.EXIT, 4700);
            for (byte[] payload : payloads) {
              channel.send(ByteBuffer.wrap(payload), exit);
              pause();
            }
          }
          return true;
        });
  }

  private static int carrierPort() throws Exception {
    for (JsonNode carrier : lab.daemons().ask("status").path("carriers")) {
      if (carrier.path("name").asText().equals("lab")) {
        return carrier.path("localPort").asInt();
      }
    }
    throw new AssertionError("no carrier \"lab\"");
  }

  /** Sends datagrams to the client with the entry node's address and port as their source. */
  private static void sendAsEntryNode(List<byte[]> payloads) throws Exception {
    FlowKey key = Packets.key(Ip.UDP, Lab.EXIT, 4700, Lab.CLIENT, carrierPort());
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
    return lab.daemons()
        .askExit("status")
        .path("engine")
        .path("drops")
        .path("NOT_ALLOWED")
        .asLong();
  }

  /** Sum over all reasons: the exit node has an object, the client a list. */
  private static long drops(JsonNode drops) {
    long sum = 0;
    for (JsonNode one : drops) {
      sum += one.isNumber() ? one.asLong() : one.path("packets").asLong();
    }
    return sum;
  }

  private static Program startTransfer(String name) throws Exception {
    Program curl =
        lab.client()
            .start(
                "curl",
                "-sSf",
                "--limit-rate",
                "8M",
                "-o",
                lab.file(name).toString(),
                "http://" + Lab.SERVER + ":8080/big");
    Lab.await(
        "the transfer begins",
        () -> !curl.isAlive() || Files.exists(lab.file(name)) && Files.size(lab.file(name)) > 0);
    return curl;
  }

  private static void assertTransferred(Program curl, String name) throws Exception {
    assertThat(curl.waitFor(Duration.ofSeconds(90))).as(curl.errors()).isZero();
    assertThat(Lab.sha256(Files.readAllBytes(lab.file(name)))).isEqualTo(Lab.sha256(big));
  }

  private static void assertTrafficGoesOn() throws Exception {
    assertThat(lab.run("curl", "-sSf", "http://" + Lab.SERVER + ":8080/who")).isEqualTo(Lab.EXIT);
    for (JsonNode status : List.of(lab.daemons().ask("status"), lab.daemons().askExit("status"))) {
      assertThat(status.path("loopFailures").asLong(-1)).isZero();
    }
  }
}
