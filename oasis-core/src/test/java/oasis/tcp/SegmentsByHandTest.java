// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Replies;
import oasis.packet.Tcp;
import oasis.packet.TcpEdit;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

/**
 * A connection of which the port owes the server more than its window takes, segment by segment.
 */
class SegmentsByHandTest {
  private static final long SECOND_NS = 1_000_000_000L;
  private static final int PROGRAM_ISN = 7_000;
  private static final int SERVER_ISN = 900_000;
  private static final int WINDOW = 4_000;
  private static final byte[] MSS = {2, 4, 5, 80};
  private static final byte[] HEAD =
      "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 20000\r\n\r\n"
          .getBytes(ISO_8859_1);

  /** A segment that left the port. */
  private record Sent(int seq, int ack, int flags, int bytes) {
    static Sent of(Burst b) {
      int at = b.transport();
      return new Sent(
          Tcp.seq(b.buffer(), at), Tcp.ack(b.buffer(), at), Tcp.flags(b), b.payloadBytes());
    }
  }

  private final class Recording implements PortEffects {
    @Override
    public void toProgram(Burst burst) {
      toProgram.add(Sent.of(burst));
    }

    @Override
    public void toServer(Burst burst) {
      toServer.add(Sent.of(burst));
      last.clear().put(Packets.bytes(burst)).flip();
      server.of(burst).reverse();
    }

    @Override
    public void resolve(long connection, String host, int hostPort) {
      asked = connection;
    }

    @Override
    public void flush() {}
  }

  private final FlowKey program = Packets.key(Ip.TCP, "127.0.0.1", 40_000, "127.0.0.1", 8118);
  private final FlowKey server = new FlowKey();
  private final ByteBuffer last = ByteBuffer.allocateDirect(1 << 16);
  private final List<Sent> toProgram = new ArrayList<>();
  private final List<Sent> toServer = new ArrayList<>();
  private final WebPort port =
      new WebPort(
          PortConfig.defaults(
              1340, Address.parse("198.18.0.1"), Address.parse("fdc6:1200:4710::1"), 5),
          ByteBuffer.allocateDirect(WebPort.MIN_SCRATCH_BYTES),
          0,
          new Recording());
  private long asked = -1;
  private long nowNs = SECOND_NS;
  private int firstToServer;
  private int firstToProgram;

  private Sent lastToServer() {
    return toServer.get(toServer.size() - 1);
  }

  private void fromProgram(int flags, int offset, int ack, byte[] payload) {
    byte[] options = (flags & Tcp.SYN) != 0 ? MSS : new byte[0];
    ByteBuffer packet = Packets.tcp(program, flags, PROGRAM_ISN + offset, ack, options, payload);
    port.onProgram(Packets.burst(packet), nowNs);
  }

  private void fromServer(int flags, int offset, int acked, int window, byte[] payload) {
    byte[] options = (flags & Tcp.SYN) != 0 ? MSS : new byte[0];
    int ack = firstToServer + acked;
    Burst b = Packets.burst(Packets.tcp(server, flags, SERVER_ISN + offset, ack, options, payload));
    TcpEdit.acknowledgment(b, ack, window);
    port.onServer(b, nowNs);
  }

  /** A request with so many bytes of its body is there before the server answers. */
  private int open(int early) {
    fromProgram(Tcp.SYN, 0, 0, new byte[0]);
    firstToProgram = toProgram.get(0).seq() + 1;
    fromProgram(Tcp.ACK, 1, firstToProgram, HEAD);
    for (int sent = 0; sent < early; sent += 1_000) {
      fromProgram(Tcp.ACK, 1 + HEAD.length + sent, firstToProgram, new byte[1_000]);
    }
    port.onResolved(asked, List.of(Address.parse("192.0.2.9")), nowNs);
    firstToServer = lastToServer().seq() + 1;
    fromServer(Tcp.SYN | Tcp.ACK, 0, 0, WINDOW, new byte[0]);
    assertThat(port.info().byStage()).containsOnlyKeys("relay");
    return 1 + HEAD.length + early;
  }

  @Test
  void anAcknowledgmentOfTheProgramLiesInTheServersWindow() {
    int next = open(20_000);
    int edge = lastToServer().seq() + lastToServer().bytes();
    assertThat(edge - firstToServer).as("the window is full").isEqualTo(WINDOW);
    fromServer(Tcp.ACK, 1, 0, WINDOW, new byte[500]);
    fromProgram(Tcp.ACK, next, firstToProgram + 500, new byte[0]);
    assertThat(lastToServer()).isEqualTo(new Sent(edge, SERVER_ISN + 501, Tcp.ACK, 0));
    fromProgram(Tcp.RST | Tcp.ACK, next, firstToProgram + 500, new byte[0]);
    assertThat(lastToServer().seq()).isEqualTo(edge);
    assertThat(lastToServer().flags() & Tcp.RST).isNotZero();
  }

  @Test
  void aServerThatDoesNotReadForMinutesButAnswersProbesIsNotGivenUp() {
    open(20_000);
    for (int i = 0; i < 300; i++) {
      nowNs += SECOND_NS;
      port.onTimer(nowNs);
      fromServer(Tcp.ACK, 1, WINDOW, 0, new byte[0]);
      assertThat(port.info().byStage()).as("after %d s", i).containsOnlyKeys("relay");
    }
    fromProgram(Tcp.ACK, 1 + HEAD.length + 20_000, firstToProgram, new byte[0]);
    assertThat(lastToServer().seq()).as("in the shut window").isEqualTo(firstToServer + WINDOW);
    int sent = toServer.size();
    fromServer(Tcp.ACK, 1, WINDOW, WINDOW, new byte[0]);
    assertThat(toServer.size()).as("goes on").isGreaterThan(sent);
  }

  @Test
  void whatWasUnderWayWhenTheServerResetDoesNotBringTheConnectionBack() {
    int next = open(1_000);
    fromServer(Tcp.ACK, 1, HEAD.length + 1_000, WINDOW, new byte[200]);
    fromServer(Tcp.RST | Tcp.ACK, 201, HEAD.length + 1_000, WINDOW, new byte[0]);
    assertThat(port.info().byStage()).containsOnlyKeys("over");
    fromProgram(Tcp.ACK, next, firstToProgram, new byte[1_000]);
    assertThat(port.info().byStage()).as("the program had not heard").containsOnlyKeys("over");
    fromServer(Tcp.ACK, 201, HEAD.length + 1_000, WINDOW, new byte[200]);
    assertThat(port.info().byStage()).as("the reset was forged").containsOnlyKeys("relay");
  }

  /** An error about the last segment to the server, its sequence number being so far off. */
  private void errorAboutTheLast(boolean tooBig, int off) {
    Burst about = Packets.burst(Packets.direct(Packets.bytes(Packets.burst(last))));
    TcpEdit.sequence(about, Tcp.seq(about.buffer(), about.transport()) + off);
    ByteBuffer out = ByteBuffer.allocateDirect(Replies.MAX_BYTES);
    long router = Addresses.v4(0x0a000001);
    int bytes =
        tooBig
            ? Replies.tooBig(about, 600, 0, router, out, 0)
            : Replies.unreachable(about, Replies.Unreachable.HOST, 0, router, out, 0);
    port.onServer(Packets.burst(out.limit(bytes)), nowNs);
  }

  private long outOfWindow() {
    return Objects.requireNonNull(port.info().events().get(PortEvent.OUT_OF_WINDOW));
  }

  @Test
  void anErrorAboutWhatIsNotUnderWayIsForged() {
    fromProgram(Tcp.SYN, 0, 0, new byte[0]);
    firstToProgram = toProgram.get(0).seq() + 1;
    fromProgram(Tcp.ACK, 1, firstToProgram, HEAD);
    port.onResolved(asked, List.of(Address.parse("192.0.2.9")), nowNs);
    errorAboutTheLast(false, 1);
    errorAboutTheLast(false, -1);
    assertThat(port.info().byStage()).containsOnlyKeys("dialing");
    assertThat(outOfWindow()).isEqualTo(2);
    errorAboutTheLast(false, 0);
    assertThat(port.info().answers()).containsEntry(502, 1L);
  }

  @Test
  void aForgedMtuIsNotBelieved() {
    open(20_000);
    int sent = toServer.size();
    assertThat(lastToServer().bytes()).as("whole segments").isGreaterThan(600);
    errorAboutTheLast(true, 30_000);
    errorAboutTheLast(true, -30_000);
    assertThat(toServer).hasSize(sent);
    assertThat(outOfWindow()).isEqualTo(2);
    errorAboutTheLast(true, 0);
    assertThat(toServer.size()).as("sent again").isGreaterThan(sent);
    assertThat(lastToServer().bytes()).isEqualTo(600 - 40);
  }

  /** Sequence numbers come round after 4 GiB, and are compared by their sign after 2. */
  @Test
  void manyGigabytesPassBothWays() {
    int next = open(1_000);
    int window = 0xffff;
    int acked = lastToServer().seq() + lastToServer().bytes() - firstToServer;
    int down = 1;
    fromServer(Tcp.ACK, down, acked, window, new byte[0]);
    for (long passed = 0; passed < 10L << 30; passed += 64_000) {
      fromProgram(Tcp.ACK, next + 63_000, firstToProgram + down - 1, new byte[1_000]);
      next += 64_000;
      acked += 64_000;
      assertThat(lastToServer().seq() + 1_000)
          .as("after %d", passed)
          .isEqualTo(firstToServer + acked);
      down += 64_000;
      fromServer(Tcp.ACK, down - 1_000, acked, window, new byte[1_000]);
      Sent last = toProgram.get(toProgram.size() - 1);
      assertThat(last.seq() + 1_000).as("after %d", passed).isEqualTo(firstToProgram + down - 1);
      assertThat(last.ack()).as("after %d", passed).isEqualTo(PROGRAM_ISN + next);
      toServer.clear();
      toProgram.clear();
    }
  }

  @Test
  void aKeepAliveOrAnotherSynBeforeTheServerAnswersIsAcknowledged() {
    fromProgram(Tcp.SYN, 0, 0, new byte[0]);
    firstToProgram = toProgram.get(0).seq() + 1;
    fromProgram(Tcp.ACK, 1, firstToProgram, HEAD);
    port.onResolved(asked, List.of(Address.parse("192.0.2.9")), nowNs);
    Sent all = new Sent(firstToProgram, PROGRAM_ISN + 1 + HEAD.length, Tcp.ACK, 0);
    toProgram.clear();
    fromProgram(Tcp.ACK, HEAD.length, firstToProgram, new byte[0]);
    assertThat(toProgram).as("keep-alive").containsExactly(all);
    fromProgram(Tcp.SYN, 50_000, 0, new byte[0]);
    assertThat(toProgram).as("another connection by this port").containsExactly(all, all);
    fromProgram(Tcp.RST, 1 + HEAD.length, 0, new byte[0]);
    assertThat(port.info().byStage()).as("which resets the old one").isEmpty();
  }
}
