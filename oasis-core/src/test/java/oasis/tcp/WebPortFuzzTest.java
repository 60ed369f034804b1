// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Whatever arrives, nothing is thrown, and state stays within its bounds and comes to an end. */
class WebPortFuzzTest {
  private static final long SECOND_NS = 1_000_000_000L;
  private static final String[] WORDS = {
    "GET http://a.test/ HTTP/1.1", "CONNECT a.test:1 HTTP/1.1", "Host: a", "", "x: y"
  };

  @Test
  void anySegmentsInAnyOrderEndInNothing() {
    Gen.cases(200, WebPortFuzzTest::attack);
  }

  private static void attack(Gen gen) {
    Address inner = Address.parse("198.18.0.1");
    PortConfig config =
        new PortConfig(
            20, 1 << 18, 1340, inner, null, SECOND_NS, SECOND_NS, 5 * SECOND_NS, gen.anyLong());
    PortWorld world = new PortWorld(gen, config, 0, 0);
    world.names = host -> gen.flip() ? List.of(Address.parse("192.0.2.9")) : List.of();
    Tap tap = new Tap();
    world.tap = tap;
    for (int i = 0; i < 400; i++) {
      boolean server = tap.toServer != null && gen.chance(0.4);
      Burst last = server ? tap.toServer : tap.toProgram;
      FlowKey key =
          last != null && gen.chance(0.9)
              ? new FlowKey().of(last).reverse()
              : Packets.key(Ip.TCP, "127.0.0.1", 1000 + gen.below(30), "127.0.0.1", 8118);
      int near = last == null ? 0 : Tcp.ack(last.buffer(), last.transport());
      int ack = last == null ? 0 : Tcp.seq(last.buffer(), last.transport()) + gen.below(3);
      int seq = gen.chance(0.8) ? near + gen.range(-2, 2) : gen.anyInt();
      int flags = gen.chance(0.7) ? Tcp.ACK | gen.pick(0, Tcp.SYN, Tcp.FIN) : gen.below(256);
      byte[] payload =
          gen.flip()
              ? (gen.pick(List.of(WORDS)) + (char) 13 + (char) 10).getBytes(ISO_8859_1)
              : gen.bytes(gen.below(2000));
      byte[] options = gen.bytes(4 * gen.below(11));
      ByteBuffer packet = Packets.tcp(key, flags, seq, ack, options, payload);
      if (server) {
        world.fromServer(packet);
      } else {
        world.fromProgram(packet);
      }
      world.run(gen.range(0L, SECOND_NS / 10), () -> false);
      assertThat(world.port.info().connections()).isLessThanOrEqualTo(20);
      assertThat(world.port.info().heldBytes()).isBetween(0L, 1L << 19);
    }
    world.run(400 * SECOND_NS, () -> false);
    assertThat(world.port.info().connections()).as("left").isZero();
    assertThat(world.port.info().heldBytes()).as("held").isZero();
  }

  /** The last packets that went out. */
  static final class Tap {
    @Nullable Burst toServer;
    @Nullable Burst toProgram;
  }
}
