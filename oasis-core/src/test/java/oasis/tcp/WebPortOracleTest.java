// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import oasis.packet.Address;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

/**
 * Whatever the network does to the packets of both streams, both ends get the bytes that the other
 * one sent, with the head rewritten, and their ends.
 */
class WebPortOracleTest {
  private static final long MS = 1_000_000L;
  private static final long PATIENCE_NS = 600_000 * MS;

  @Test
  void bothEndsGetTheSameBytesWhateverTheNetworkDoes() {
    Gen.cases(300, WebPortOracleTest::transfer);
  }

  @Test
  void anUndisturbedTransferIsRightToo() {
    Gen.cases(40, gen -> transfer(gen, 0, 0));
  }

  private static void transfer(Gen gen) {
    transfer(gen, gen.pick(0, 1, 5, 20) / 100.0, gen.pick(0, 3, 40) * MS);
  }

  private static void transfer(Gen gen, double loss, long jitterNs) {
    Address inner4 = Address.parse("198.18.0.1");
    Address inner6 = Address.parse("fdc6:1200:4710::1");
    PortConfig config =
        PortConfig.defaults(gen.pick(536, 1340, 1360), inner4, inner6, gen.anyLong());
    PortWorld world = new PortWorld(gen, config, loss, jitterNs);
    String to = gen.flip() ? "192.0.2.9" : "2001:db8::9";
    world.names = host -> List.of(Address.parse(to));
    boolean connect = gen.chance(0.3);
    byte[] body = gen.bytes(gen.pick(0, 10, 3_000, 70_000, 200_000));
    byte[] response = gen.bytes(gen.pick(1, 500, 20_000, 150_000));
    String padding = "X-P: " + "p".repeat(gen.pick(0, 10, 5_000, 30_000)) + "\r\n";
    String head =
        connect
            ? "CONNECT www.example.org:443 HTTP/1.1\r\nHost: www.example.org:443\r\n\r\n"
            : "POST http://www.example.org/a?b HTTP/1.1\r\nHost: other\r\n" + padding + "\r\n";
    String forwarded =
        connect
            ? ""
            : "POST /a?b HTTP/1.1\r\nHost: www.example.org\r\n"
                + padding
                + "Connection: close\r\n\r\n";
    String reply = connect ? "HTTP/1.1 200 Connected\r\n\r\n" : "";

    MiniTcp program = world.program(key(gen));
    program.send(head.getBytes(ISO_8859_1));
    program.send(body);
    boolean halfClose = gen.flip();
    if (halfClose) {
      program.finish();
    }
    int expected = forwarded.length() + body.length;
    int answerAt = gen.flip() ? expected : gen.below(expected + 1);
    world.run(PATIENCE_NS, () -> served(world, answerAt) || program.reset);
    assertThat(world.accepted).as("connections of the server").hasSize(1);
    MiniTcp server = world.accepted.get(0);
    server.send(response);
    server.finish();
    server.pump(world.nowNs);
    if (!halfClose) {
      world.run(PATIENCE_NS, program::ended);
      program.finish();
      program.pump(world.nowNs);
    }
    world.run(
        PATIENCE_NS,
        () -> program.ended() && program.allSent() && server.ended() && server.allSent());
    assertSame("server", server.receivedBytes(), forwarded, body);
    assertSame("program", program.receivedBytes(), reply, response);
    assertThat(program.ended() && program.allSent()).as("program's end").isTrue();
    assertThat(server.ended() && server.allSent()).as("server's end").isTrue();
    assertThat(program.reset || server.reset).as("reset").isFalse();
    world.run(120_000 * MS, () -> false);
    assertThat(world.port.info().connections()).as("connections left").isZero();
    assertThat(world.port.info().heldBytes()).as("bytes held").isZero();
  }

  private static void assertSame(String who, byte[] got, String head, byte[] body) {
    byte[] all = Arrays.copyOf(head.getBytes(ISO_8859_1), head.length() + body.length);
    System.arraycopy(body, 0, all, head.length(), body.length);
    assertThat(Arrays.mismatch(got, all))
        .as("first byte of %s that differs, of %s and %s", who, got.length, all.length)
        .isEqualTo(-1);
  }

  private static boolean served(PortWorld world, int bytes) {
    return !world.accepted.isEmpty() && world.accepted.get(0).receivedCount() >= bytes;
  }

  static FlowKey key(Gen gen) {
    return gen.flip()
        ? Packets.key(Ip.TCP, "127.0.0.1", 40_000, "127.0.0.1", 8118)
        : Packets.key(Ip.TCP, "::1", 40_000, "::1", 8118);
  }
}
