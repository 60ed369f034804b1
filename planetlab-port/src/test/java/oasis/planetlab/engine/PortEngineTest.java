// SPDX-License-Identifier: Apache-2.0
package oasis.planetlab.engine;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Replies;
import oasis.packet.Tcp;
import oasis.tcp.PortConfig;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

/** Port and client call each other, but never while the other is at work. */
class PortEngineTest {
  private static final long NOW_NS = 1_000_000_000L;
  private static final String SERVER = "192.0.2.9";
  private static final String INNER = "198.18.0.1";
  private static final FlowKey PROGRAM = Packets.key(Ip.TCP, "127.0.0.1", 40_000, "127.0.0.1", 80);

  private final ByteBuffer clients = ByteBuffer.allocateDirect(Replies.MAX_BYTES);
  private final List<byte[]> given = new ArrayList<>();
  private final List<byte[]> waiting = new ArrayList<>();
  private final StringBuilder said = new StringBuilder();
  private boolean clientAtWork;
  private boolean rulesRefuse;
  private boolean clientRefuses;
  private int firstToProgram;
  private final PortEngine engine =
      new PortEngine(
          PortConfig.defaults(1340, Address.parse(INNER), null, 5),
          List.of(Address.parse("192.0.2.53")),
          ByteBuffer.allocateDirect(PortEngine.SCRATCH_BYTES),
          0,
          new Client());

  private final class Client implements PortEngine.Output {
    @Override
    public void toProgram(Burst burst) {
      waiting.add(Packets.bytes(burst));
    }

    @Override
    public void toClient(Burst burst, long nowNs) {
      assertThat(clientAtWork).as("the client is at work").isFalse();
      given.add(Packets.bytes(burst));
      if (clientRefuses) {
        clientAtWork = true;
        int bytes = Replies.tcpReset(burst, clients, 0);
        engine.onClient(Packets.burst(clients.limit(bytes)), nowNs);
        clients.clear().put(0, new byte[Replies.MAX_BYTES]); // the next packet is written over it
        clientAtWork = false;
      }
    }

    @Override
    public void flushPrograms() {
      for (byte[] packet : waiting) {
        Burst b = Packets.burst(Packets.direct(packet));
        byte[] payload = new byte[b.payloadBytes()];
        b.buffer().get(b.length() - payload.length, payload);
        said.append(new String(payload, ISO_8859_1));
        if ((Tcp.flags(b) & Tcp.SYN) != 0) {
          firstToProgram = Tcp.seq(b.buffer(), b.transport()) + 1;
        }
      }
      waiting.clear();
    }

    @Override
    public void flush() {
      assertThat(clientAtWork).as("the client is at work").isFalse();
      engine.settle(NOW_NS);
      flushPrograms();
    }

    @Override
    public boolean refuses(String host, int port) {
      assertThat(clientAtWork).as("the client is at work").isFalse();
      return rulesRefuse && !given.isEmpty(); // not yet when it is only about the name
    }
  }

  private void endBatch() {
    engine.settle(NOW_NS);
    new Client().flushPrograms();
  }

  private void fromProgram(int flags, int seq, int ack, String text) {
    ByteBuffer packet = Packets.tcp(PROGRAM, flags, seq, ack, text.getBytes(ISO_8859_1));
    engine.onProgram(Packets.burst(packet), NOW_NS);
    endBatch();
  }

  private void fromServer(int sport, int flags, int seq, int ack) {
    FlowKey key = Packets.key(Ip.TCP, SERVER, sport, INNER, 50_000);
    clientAtWork = true;
    engine.onClient(Packets.burst(Packets.tcp(key, flags, seq, ack, new byte[0])), NOW_NS);
    clientAtWork = false;
  }

  private String ask() {
    fromProgram(Tcp.SYN, 99, 0, "");
    fromProgram(Tcp.ACK, 100, firstToProgram, "GET http://" + SERVER + "/ HTTP/1.0\r\n\r\n");
    return said.toString();
  }

  @Test
  void whatThePortSaysWhileTheClientIsAtWorkWaitsInOrder() {
    for (int i = 0; i < 500; i++) {
      fromServer(1_000 + i, Tcp.ACK, 1, i); // of no connection: each is reset
    }
    assertThat(given).isEmpty();
    endBatch();
    assertThat(given).hasSize(500);
    for (int i = 0; i < 500; i++) {
      assertThat(Packets.burst(Packets.direct(given.get(i))).buffer().getInt(24)).isEqualTo(i);
    }
    assertThat(engine.dropped()).isZero();
  }

  @Test
  void whatFindsNoRoomToWaitIsCounted() {
    for (int i = 0; i < 1_100; i++) {
      fromServer(1_000 + i, Tcp.ACK, 1, i);
    }
    endBatch();
    assertThat(given.size() + engine.dropped()).isEqualTo(1_000); // resets in a second
    assertThat(given.size()).isGreaterThan(500);
  }

  @Test
  void aRuleThatBlocksAnAddressIsForbidden() {
    clientRefuses = true;
    rulesRefuse = true;
    assertThat(ask()).startsWith("HTTP/1.1 403 ").contains("error=http_request_denied");
  }

  @Test
  void aResetOfTheClientIsNoWordOfTheServer() {
    clientRefuses = true;
    assertThat(ask()).startsWith("HTTP/1.1 502 ").contains("error=destination_ip_unroutable");
  }

  @Test
  void aServerThatRefusesIsSaidTo() {
    assertThat(ask()).isEmpty();
    Burst syn = Packets.burst(Packets.direct(given.get(0)));
    FlowKey back = new FlowKey().of(syn).reverse();
    int ack = Tcp.seq(syn.buffer(), syn.transport()) + 1;
    ByteBuffer reset = Packets.tcp(back, Tcp.RST | Tcp.ACK, 0, ack, new byte[0]);
    engine.onClient(Packets.burst(reset), NOW_NS);
    endBatch();
    assertThat(said.toString()).startsWith("HTTP/1.1 502 ").contains("error=connection_refused");
  }
}
