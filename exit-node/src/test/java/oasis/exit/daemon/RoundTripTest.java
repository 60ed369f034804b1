// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.util.function.UnaryOperator;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.Sealer;
import oasis.packet.SharedKey;
import oasis.packet.Trailer;
import oasis.packet.TrailerMac;
import oasis.packet.Unsealer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Round trips to a stand-in for an exit node on loopback, which answers in some way. */
@Timeout(20)
class RoundTripTest {
  private static final Address FAR = Address.parse("203.0.113.9");
  private static final Address FAR6 = Address.parse("2001:db8:9::9");

  private DatagramChannel node;

  @BeforeEach
  void openNode() throws IOException {
    node = DatagramChannel.open();
    node.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  @AfterEach
  void closeNode() throws IOException {
    node.close();
  }

  private InetSocketAddress address() throws IOException {
    return (InetSocketAddress) node.getLocalAddress();
  }

  /** Lets the node answer each datagram; null is no answer. */
  private void answer(UnaryOperator<ByteBuffer> with) {
    Thread thread =
        new Thread(
            () -> {
              ByteBuffer buffer = ByteBuffer.allocateDirect(2048);
              try {
                while (true) {
                  SocketAddress from = node.receive(buffer.clear());
                  ByteBuffer answer = with.apply(buffer.flip());
                  if (answer != null) {
                    node.send(answer, from);
                  }
                }
              } catch (ClosedChannelException e) {
                return; // the test is over
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  /** An echo reply to a request that is right in every checksum. */
  private static ByteBuffer reply(ByteBuffer request) {
    Burst burst = new Burst();
    assertThat(burst.check(request, 0, 0, request.limit())).isNull();
    assertThat(Checksum.isGood(burst)).isTrue();
    boolean v4 = request.get(0) == 0x45;
    ByteBuffer b = ByteBuffer.allocate(request.limit()).put(request.duplicate()).flip();
    int address = v4 ? 12 : 8;
    int bytes = v4 ? 4 : 16;
    for (int i = 0; i < bytes; i++) {
      b.put(address + i, request.get(address + bytes + i));
      b.put(address + bytes + i, request.get(address + i));
    }
    b.put(v4 ? 20 : 40, (byte) (v4 ? 0 : 129));
    return b;
  }

  @Test
  void keepAliveAndPingOfBothFamiliesComeBack() throws IOException {
    answer(datagram -> datagram.hasRemaining() ? reply(datagram) : datagram);
    try (RoundTrip trip = RoundTrip.to(address(), 5, null)) {
      assertThat(trip.keepAliveNs()).isBetween(1L, 5_000_000_000L);
      assertThat(trip.pingNs(FAR)).isBetween(1L, 5_000_000_000L);
      assertThat(trip.pingNs(FAR6)).isBetween(1L, 5_000_000_000L);
    }
  }

  @Test
  void nodeThatEchoesButDoesNotForwardIsToldApart() throws IOException {
    answer(datagram -> datagram.hasRemaining() ? null : datagram);
    try (RoundTrip trip = RoundTrip.to(address(), 1, null)) {
      assertThat(trip.keepAliveNs()).isPositive();
      assertThatThrownBy(() -> trip.pingNs(FAR))
          .hasMessageContaining("no answer to a ping to 203.0.113.9");
    }
  }

  @Test
  void answerToSomebodyElsesPingIsNotTaken() throws IOException {
    answer(
        datagram -> {
          ByteBuffer other = reply(datagram);
          return other.put(other.limit() - 1, (byte) ~other.get(other.limit() - 1));
        });
    try (RoundTrip trip = RoundTrip.to(address(), 1, null)) {
      assertThatThrownBy(() -> trip.pingNs(FAR)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void errorFromTheWayIsNamed() throws IOException {
    answer(
        datagram -> {
          ByteBuffer error = reply(datagram);
          return error.put(20, (byte) 3).put(21, (byte) 13);
        });
    try (RoundTrip trip = RoundTrip.to(address(), 5, null)) {
      assertThatThrownBy(() -> trip.pingNs(FAR))
          .hasMessage(
              "203.0.113.9 answers a ping to 203.0.113.9 with an error (ICMP type 3, code 13)");
    }
  }

  @Test
  void hostWithAKeyTalksSealedAndTakesNothingElse() throws IOException {
    SharedKey key = SharedKey.parse("7 " + "5a".repeat(32));
    TrailerMac mac = new TrailerMac();
    Unsealer unsealer = new Unsealer(key, SharedKey.Role.NODE, mac);
    Sealer sealer = new Sealer(key, SharedKey.Role.NODE, 1, mac);
    answer(
        datagram -> {
          int bytes = datagram.limit();
          assertThat(Trailer.ends(datagram, 0, bytes)).isTrue();
          if (unsealer.open(datagram, 0, bytes) != null) {
            return null;
          }
          datagram.limit(bytes - Trailer.BYTES);
          ByteBuffer plain = datagram.hasRemaining() ? reply(datagram) : datagram;
          ByteBuffer sealed = ByteBuffer.allocate(plain.limit() + Trailer.BYTES).put(plain);
          sealer.seal(sealed, 0, sealed.position(), sealed, 0, 0, sealed, sealed.position());
          return sealed.rewind();
        });
    try (RoundTrip trip = RoundTrip.to(address(), 5, key)) {
      assertThat(trip.keepAliveNs()).isPositive();
      assertThat(trip.pingNs(FAR)).isPositive();
    }
    try (RoundTrip trip = RoundTrip.to(address(), 1, SharedKey.parse("7 " + "5b".repeat(32)))) {
      assertThatThrownBy(trip::keepAliveNs).hasMessageContaining("no echo");
    }
  }

  @Test
  void nodeThatTakesThisHostForNobodyIsMuteAndSaysSo() throws IOException {
    try (RoundTrip trip = RoundTrip.to(address(), 1, null)) {
      assertThatThrownBy(trip::keepAliveNs).hasMessageContaining("not one of its clients");
    }
  }
}
