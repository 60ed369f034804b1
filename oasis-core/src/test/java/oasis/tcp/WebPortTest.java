// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What programs get when something is wrong, and what the port does against those who mean ill. */
class WebPortTest {
  private static final long SECOND_NS = 1_000_000_000L;
  private static final String GET = "GET http://www.example.org/ HTTP/1.1\r\nHost: x\r\n\r\n";

  private final Gen gen = new Gen(7);
  private final PortWorld world = new PortWorld(gen, config(1000), 0, 0);

  private static PortConfig config(int maxConnections) {
    Address inner = Address.parse("198.18.0.1");
    return new PortConfig(
        maxConnections,
        1 << 20,
        1340,
        inner,
        null,
        30 * SECOND_NS,
        20 * SECOND_NS,
        7440 * SECOND_NS,
        5);
  }

  private static FlowKey key(int sport) {
    return Packets.key(Ip.TCP, "127.0.0.1", sport, "127.0.0.1", 8118);
  }

  private String answer(String request) {
    MiniTcp program = world.program(key(40_000));
    program.send(request.getBytes(ISO_8859_1));
    world.run(100 * SECOND_NS, program::ended);
    assertThat(program.ended()).as("closed").isTrue();
    program.finish();
    program.pump(world.nowNs);
    world.run(100 * SECOND_NS, () -> false);
    assertThat(program.reset).isFalse();
    assertThat(world.port.info().connections()).as("left").isZero();
    assertThat(world.port.info().heldBytes()).as("held").isZero();
    return new String(program.receivedBytes(), ISO_8859_1);
  }

  private static int flags(@Nullable Burst last) {
    return Tcp.flags(Objects.requireNonNull(last));
  }

  private long count(PortEvent event) {
    return Objects.requireNonNull(world.port.info().events().get(event));
  }

  @Test
  void aMalformedRequestIsAnswered() {
    assertThat(answer("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
        .startsWith("HTTP/1.1 400 Bad Request\r\n")
        .contains("Connection: close\r\n");
  }

  @Test
  void aNameWithoutAddressIsAnswered() {
    assertThat(answer(GET)).startsWith("HTTP/1.1 502 ").contains("error=dns_error");
  }

  @Test
  void aRefusedConnectionIsAnswered() {
    world.names = host -> List.of(Address.parse("192.0.2.9"));
    world.serverListens = false;
    assertThat(answer(GET)).startsWith("HTTP/1.1 502 ").contains("error=connection_refused");
  }

  @Test
  void aHeadAnswerHasNoBody() {
    assertThat(answer(GET.replace("GET", "HEAD"))).startsWith("HTTP/1.1 502 ").endsWith("\r\n\r\n");
  }

  @Test
  void aServerWithoutAnAddressThatCanBeReachedIsAnswered() {
    world.names = host -> List.of(Address.parse("2001:db8::1"));
    assertThat(answer(GET)).startsWith("HTTP/1.1 502 ").contains("destination_ip_unroutable");
  }

  @Test
  void anAddressThatNoCarrierReachesIsAnsweredAtOnce() {
    for (String near : List.of("127.0.0.1", "0.0.0.0", "169.254.1.1", "224.0.0.1", "fe80::1")) {
      PortWorld asked = new PortWorld(gen, config(10), 0, 0);
      asked.names = host -> List.of(Address.parse(near));
      MiniTcp program = asked.program(key(40_003));
      program.send(GET.getBytes(ISO_8859_1));
      asked.run(SECOND_NS, program::ended);
      assertThat(new String(program.receivedBytes(), ISO_8859_1))
          .as(near)
          .startsWith("HTTP/1.1 502 ")
          .contains("error=destination_ip_prohibited");
    }
    world.names = host -> List.of(Address.parse("127.0.0.1"), Address.parse("192.0.2.9"));
    world.program(key(40_004)).send(GET.getBytes(ISO_8859_1));
    world.run(SECOND_NS, () -> !world.accepted.isEmpty());
    assertThat(world.accepted).as("the next address").hasSize(1);
  }

  @Test
  void aServerThatNeverAnswersIsGivenUp() {
    PortWorld silent = new PortWorld(gen, config(10), 0, 0);
    silent.names = host -> List.of(Address.parse("192.0.2.9"));
    silent.serverIsSilent = true;
    MiniTcp program = silent.program(key(40_001));
    program.send(GET.getBytes(ISO_8859_1));
    silent.run(60 * SECOND_NS, program::ended);
    assertThat(new String(program.receivedBytes(), ISO_8859_1)).startsWith("HTTP/1.1 504 ");
  }

  @Test
  void anEndlessHeadIsAnswered() {
    assertThat(answer("GET http://www.example.org/" + "a".repeat(70_000)))
        .startsWith("HTTP/1.1 431 ");
  }

  /** Windows are said in steps: the rest of one may be none to the program. */
  @Test
  void anEndlessHeadIsAnsweredBeforeItsWindowIsTooSmallToBeSaid() {
    byte[] scale = {1, 3, 3, 7};
    world.fromProgram(Packets.tcp(key(40_020), Tcp.SYN, 99, 0, scale, new byte[0]));
    Burst opening = Objects.requireNonNull(world.tap.toProgram);
    int ack = Tcp.seq(opening.buffer(), opening.transport()) + 1;
    byte[] head = ("GET http://www.example.org/" + "a".repeat(65_253)).getBytes(ISO_8859_1);
    for (int at = 0; at < head.length; at += 1_360) {
      byte[] part = Arrays.copyOfRange(head, at, at + 1_360);
      world.fromProgram(Packets.tcp(key(40_020), Tcp.ACK, 100 + at, ack, part));
    }
    assertThat(world.port.info().answers()).containsEntry(431, 1L);
  }

  @Test
  void emptyLinesBeforeARequestAreIgnoredWhereverTheyAreCut() {
    for (String request : List.of("\r\n" + GET, "\r\n\r\n" + GET, "\r\n\r\n\r\n" + GET)) {
      assertThat(answer(request)).startsWith("HTTP/1.1 502 ").contains("error=dns_error");
    }
    byte[] head = ("\r\n\r\n" + GET).getBytes(ISO_8859_1);
    for (int cut = 1; cut < head.length; cut++) {
      FlowKey key = key(41_000 + cut);
      world.fromProgram(Packets.tcp(key, Tcp.SYN, 99, 0, new byte[0], new byte[0]));
      Burst opening = Objects.requireNonNull(world.tap.toProgram);
      int ack = Tcp.seq(opening.buffer(), opening.transport()) + 1;
      long before = count(PortEvent.REQUESTS);
      byte[] first = Arrays.copyOf(head, cut);
      world.fromProgram(Packets.tcp(key, Tcp.ACK, 100, ack, first));
      assertThat(count(PortEvent.REQUESTS)).isEqualTo(before);
      byte[] rest = Arrays.copyOfRange(head, cut, head.length);
      world.fromProgram(Packets.tcp(key, Tcp.ACK, 100 + cut, ack, rest));
      assertThat(count(PortEvent.REQUESTS)).as("cut at %d", cut).isEqualTo(before + 1);
    }
  }

  @Test
  void emptyLinesWithoutEndAreAnswered() {
    assertThat(answer("\r\n".repeat(35_000))).startsWith("HTTP/1.1 431 ");
  }

  @Test
  void aHeadThatComesTooSlowlyIsAnswered() {
    assertThat(answer("GET http://www.exa")).startsWith("HTTP/1.1 408 ");
  }

  @Test
  void aProgramThatClosesWithoutAskingIsClosedToo() {
    MiniTcp program = world.program(key(40_002));
    program.finish();
    world.run(10 * SECOND_NS, () -> program.ended() && program.allSent());
    assertThat(program.ended()).isTrue();
    assertThat(program.receivedCount()).isZero();
  }

  @Test
  void halfOpenConnectionsMakeRoomForOthersAndEnd() {
    PortWorld small = new PortWorld(gen, config(100), 0, 0);
    small.names = host -> List.of(Address.parse("192.0.2.9"));
    MiniTcp early = small.program(key(9_000));
    early.send(GET.getBytes(ISO_8859_1));
    small.run(SECOND_NS, () -> !small.accepted.isEmpty());
    assertThat(small.accepted).hasSize(1);
    for (int i = 0; i < 10_000; i++) {
      small.fromProgram(Packets.tcp(key(10_000 + i), Tcp.SYN, i, 0, new byte[0]));
    }
    assertThat(small.port.info().connections()).isEqualTo(100);
    assertThat(small.port.info().events().get(PortEvent.EVICTED)).isEqualTo(9_901);
    MiniTcp late = small.program(key(9_001));
    late.send(GET.getBytes(ISO_8859_1));
    small.run(SECOND_NS, () -> small.accepted.size() == 2);
    assertThat(small.accepted).as("a late connection").hasSize(2);
    MiniTcp server = small.accepted.get(0);
    server.send("answer".getBytes(ISO_8859_1));
    server.finish();
    server.pump(small.nowNs);
    small.run(SECOND_NS, early::ended);
    assertThat(new String(early.receivedBytes(), ISO_8859_1)).isEqualTo("answer");
    small.run(60 * SECOND_NS, () -> false);
    assertThat(small.port.info().byStage()).doesNotContainKey("opening");
  }

  @Test
  void whatAllConnectionsHoldIsBounded() {
    for (int i = 0; i < 40; i++) {
      MiniTcp program = world.program(key(20_000 + i));
      program.send(("GET http://www.example.org/" + "a".repeat(60_000)).getBytes(ISO_8859_1));
    }
    for (int i = 0; i < 40; i++) {
      world.run(SECOND_NS / 4, () -> false);
      assertThat(world.port.info().heldBytes()).isLessThan(3 << 19);
    }
    assertThat(count(PortEvent.HELD_FULL)).isPositive();
    world.run(120 * SECOND_NS, () -> false);
    assertThat(world.port.info().heldBytes()).isZero();
  }

  @Test
  void whoHoldsMuchForLongGivesWayToWhoHoldsLittle() {
    world.names = host -> List.of(Address.parse("192.0.2.9"));
    String large = "GET http://www.example.org/" + "a".repeat(60_000);
    for (int i = 0; i < 40; i++) {
      world.program(key(20_000 + i)).send(large.getBytes(ISO_8859_1));
    }
    world.run(5 * SECOND_NS, () -> count(PortEvent.HELD_FULL) > 0);
    assertThat(count(PortEvent.HELD_FULL)).as("full").isPositive();
    for (int i = 0; i < 100; i++) {
      MiniTcp program = world.program(key(30_000 + i));
      program.send(GET.getBytes(ISO_8859_1));
    }
    world.run(SECOND_NS, () -> world.accepted.size() == 100);
    assertThat(world.accepted).as("small requests served").hasSize(100);
    assertThat(world.port.info().heldBytes()).isLessThanOrEqualTo(1 << 20);
    assertThat(count(PortEvent.GAVE_WAY)).isBetween(1L, 39L);
    assertThat(world.port.info().answers().get(503)).isEqualTo(count(PortEvent.GAVE_WAY));
  }

  @Test
  void headsThatComeSlowlyMakeRoomForNewConnections() {
    PortWorld small = new PortWorld(gen, config(100), 0, 0);
    small.names = host -> List.of(Address.parse("192.0.2.9"));
    MiniTcp early = small.program(key(9_000));
    early.send(GET.getBytes(ISO_8859_1));
    small.run(SECOND_NS, () -> !small.accepted.isEmpty());
    for (int i = 0; i < 300; i++) {
      small.program(key(10_000 + i)).send("GET http://www.exa".getBytes(ISO_8859_1));
      small.run(SECOND_NS / 100, () -> false);
    }
    MiniTcp late = small.program(key(9_001));
    late.send(GET.getBytes(ISO_8859_1));
    small.run(SECOND_NS, () -> small.accepted.size() == 2);
    assertThat(small.accepted).as("a late connection").hasSize(2);
    assertThat(early.reset).as("an early connection").isFalse();
    assertThat(small.port.info().connections()).isEqualTo(100);
  }

  @Test
  void aResetInTheWindowThatNobodyTakesEndsNothing() {
    world.names = host -> List.of(Address.parse("192.0.2.9"));
    MiniTcp program = world.program(key(40_011));
    program.send(GET.getBytes(ISO_8859_1));
    world.run(
        SECOND_NS, () -> !world.accepted.isEmpty() && world.accepted.get(0).receivedCount() > 0);
    MiniTcp server = world.accepted.get(0);
    world.run(SECOND_NS, () -> false);
    for (int ahead = 100; ahead > 0; ahead -= 10) {
      world.fromServer(Packets.tcp(server.out, Tcp.RST, server.next() + ahead, 0, new byte[0]));
      assertThat(flags(world.tap.toServer)).as("asked back").isEqualTo(Tcp.ACK);
      world.fromProgram(Packets.tcp(key(40_011), Tcp.RST, program.next() + ahead, 0, new byte[0]));
      assertThat(flags(world.tap.toProgram)).as("asked back").isEqualTo(Tcp.ACK);
      assertThat(flags(world.tap.toServer)).as("not passed on").isEqualTo(Tcp.ACK);
    }
    world.run(100 * SECOND_NS, () -> false);
    assertThat(world.port.info().byStage()).containsOnlyKeys("relay");
    server.send("answer".getBytes(ISO_8859_1));
    server.finish();
    server.pump(world.nowNs);
    world.run(20 * SECOND_NS, program::ended);
    assertThat(new String(program.receivedBytes(), ISO_8859_1)).isEqualTo("answer");
  }

  @Test
  void forgedSegmentsDoNotDisturbAConnection() {
    world.names = host -> List.of(Address.parse("192.0.2.9"));
    MiniTcp program = world.program(key(40_010));
    program.send(GET.getBytes(ISO_8859_1));
    world.run(
        SECOND_NS, () -> !world.accepted.isEmpty() && world.accepted.get(0).receivedCount() > 0);
    MiniTcp server = world.accepted.get(0);
    for (int i = 0; i < 2_000; i++) {
      int flags = gen.pick(Tcp.RST, Tcp.RST | Tcp.ACK, Tcp.FIN | Tcp.ACK, Tcp.SYN, Tcp.ACK);
      byte[] payload = gen.bytes(gen.below(50));
      FlowKey from = gen.flip() ? server.out : key(40_010);
      var forged = Packets.tcp(from, flags, gen.anyInt(), gen.anyInt(), payload);
      if (from == server.out) {
        world.fromServer(forged);
      } else {
        world.fromProgram(forged);
      }
    }
    program.tolerant = true;
    server.tolerant = true;
    server.send("answer".getBytes(ISO_8859_1));
    server.finish();
    server.pump(world.nowNs);
    world.run(20 * SECOND_NS, program::ended);
    assertThat(new String(program.receivedBytes(), ISO_8859_1)).isEqualTo("answer");
  }
}
