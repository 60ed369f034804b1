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
import oasis.testkit.NoAllocation;
import oasis.testkit.Packets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Segments of an established connection pass without an allocation, both ways. */
class RelayPathTest {
  private static final long NOW_NS = 1_000_000_000L;
  private static final int PROGRAM_ISN = 7_000;
  private static final int SERVER_ISN = 900_000;
  private static final byte[] SYN_OPTIONS = {2, 4, 5, 80, 1, 1, 4, 2, 1, 3, 3, 7};

  private final FlowKey program = new FlowKey();
  private final FlowKey server = new FlowKey();
  private final Burst in = new Burst();
  private final byte[] body = new Gen(3).bytes(1_300);
  private int given;
  private int passed;
  private int nextToProgram;
  private int nextToServer;

  private final class Counting implements PortEffects {
    @Override
    public void toProgram(Burst burst) {
      passed++;
      nextToProgram = end(burst);
    }

    @Override
    public void toServer(Burst burst) {
      passed++;
      nextToServer = end(burst);
      server.of(burst).reverse();
    }

    @Override
    public void resolve(long connection, String host, int port) {}

    @Override
    public void flush() {}
  }

  private static int end(Burst b) {
    int flags = Tcp.flags(b);
    int more = (flags & Tcp.FIN) + ((flags & Tcp.SYN) >> 1);
    return Tcp.seq(b.buffer(), b.transport()) + b.payloadBytes() + more;
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, 192.0.2.9",
    "127.0.0.1, 2001:db8::9",
    "::1, 192.0.2.9",
    "::1, 2001:db8::9",
  })
  void nothingIsAllocated(String loopback, String address) {
    Address inner4 = Address.parse("198.18.0.1");
    Address inner6 = Address.parse("fdc6:1200:4710::1");
    ByteBuffer scratch = ByteBuffer.allocateDirect(WebPort.MIN_SCRATCH_BYTES);
    WebPort port =
        new WebPort(PortConfig.defaults(1340, inner4, inner6, 5), scratch, 0, new Counting());
    program.set(Packets.key(Ip.TCP, loopback, 40_000, loopback, 8118));
    int asked = open(port, address);

    byte[] sack = ByteBuffer.allocate(12).putInt(0x0101050a).array();
    ByteBuffer selective = ByteBuffer.wrap(sack);
    selective.putInt(4, nextToProgram + 2_000).putInt(8, nextToProgram + 3_000);
    ByteBuffer[] packets = {
      Packets.tcp(program, Tcp.ACK, asked, nextToProgram, body),
      Packets.tcp(program, Tcp.ACK, asked, nextToProgram, sack, new byte[0]),
      Packets.tcp(server, Tcp.ACK | Tcp.PSH, SERVER_ISN + 1, nextToServer, body),
      Packets.tcp(server, Tcp.ACK, SERVER_ISN + 1, nextToServer, new byte[0]),
    };
    ByteBuffer[] copies = new ByteBuffer[packets.length];
    for (int i = 0; i < packets.length; i++) {
      copies[i] = ByteBuffer.allocateDirect(packets[i].capacity());
    }
    passed = 0;
    given = 0;
    NoAllocation.check(
        1_000,
        () -> {
          for (int i = 0; i < packets.length; i++) {
            pass(port, packets[i], copies[i], i >= 2);
          }
        });
    assertThat(passed).isEqualTo(given).isPositive();
  }

  /** Opens a connection and has its request answered; what the program is to send next. */
  private int open(WebPort port, String address) {
    port.onProgram(
        Packets.burst(Packets.tcp(program, Tcp.SYN, PROGRAM_ISN, 0, SYN_OPTIONS, new byte[0])),
        NOW_NS);
    byte[] head = "POST http://a.test/ HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(ISO_8859_1);
    int ours = nextToProgram;
    port.onProgram(
        Packets.burst(Packets.tcp(program, Tcp.ACK, PROGRAM_ISN + 1, ours, head)), NOW_NS);
    long id = 0;
    while (port.info().byStage().containsKey("resolving")) {
      port.onResolved(id++, List.of(Address.parse(address)), NOW_NS);
    }
    port.onServer(
        Packets.burst(
            Packets.tcp(
                server, Tcp.SYN | Tcp.ACK, SERVER_ISN, nextToServer, SYN_OPTIONS, new byte[0])),
        NOW_NS);
    port.onServer(
        Packets.burst(Packets.tcp(server, Tcp.ACK, SERVER_ISN + 1, nextToServer, new byte[0])),
        NOW_NS);
    assertThat(port.info().byStage()).containsOnlyKeys("relay");
    assertThat(port.info().heldBytes()).isZero();
    return PROGRAM_ISN + 1 + head.length;
  }

  private void pass(WebPort port, ByteBuffer packet, ByteBuffer copy, boolean fromServer) {
    given++;
    copy.put(0, packet, 0, packet.capacity());
    if (in.check(copy, 0, 0, packet.capacity()) != null) {
      throw new AssertionError("a packet of ours is refused");
    }
    if (fromServer) {
      port.onServer(in, NOW_NS);
    } else {
      port.onProgram(in, NOW_NS);
    }
  }
}
