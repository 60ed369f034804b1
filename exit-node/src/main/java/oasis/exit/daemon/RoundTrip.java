// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.security.SecureRandom;
import oasis.io.KeyFile;
import oasis.os.FileErrors;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Checksum;
import oasis.packet.Icmp;
import oasis.packet.Ip;
import oasis.packet.Sealer;
import oasis.packet.SharedKey;
import oasis.packet.Trailer;
import oasis.packet.TrailerMac;
import oasis.packet.Unsealer;
import org.jspecify.annotations.Nullable;

/**
 * The round trips of a client that has no TUN device: a keep-alive, which the node itself answers,
 * and a ping that goes out by the node. What gets lost is sent again. Confined to one thread.
 *
 * <p>The socket is not connected, because Java sends no empty datagram from a connected one.
 */
final class RoundTrip implements AutoCloseable {
  private static final long NS_PER_S = 1_000_000_000L;
  private static final long NS_PER_MS = 1_000_000L;
  private static final long AGAIN_NS = 500 * NS_PER_MS;
  private static final int MOST_BYTES = 2048;
  private static final int TTL = 64;
  private static final int PAYLOAD_BYTES = 16;

  /** Where the ping comes from, inside: addresses of documents, which nobody else has. */
  private static final Address INNER4 = Address.parse("192.0.2.77");

  private static final Address INNER6 = Address.parse("2001:db8::77");

  private final InetSocketAddress node;
  private final int seconds;
  private final long endNs;
  private final @Nullable Sealer sealer;
  private final @Nullable Unsealer unsealer;
  private final DatagramChannel channel;
  private final Selector selector;
  private final ByteBuffer received = ByteBuffer.allocate(MOST_BYTES);

  /** Whether what has been received is what was waited for. */
  private interface Wanted {
    boolean is(ByteBuffer datagram) throws IOException;
  }

  private RoundTrip(
      InetSocketAddress node,
      int seconds,
      @Nullable SharedKey key,
      DatagramChannel channel,
      Selector selector) {
    this.node = node;
    this.seconds = seconds;
    this.channel = channel;
    this.selector = selector;
    endNs = System.nanoTime() + seconds * NS_PER_S;
    TrailerMac mac = new TrailerMac();
    sealer =
        key == null ? null : new Sealer(key, SharedKey.Role.CLIENT, KeyFile.freshCounter(), mac);
    unsealer = key == null ? null : new Unsealer(key, SharedKey.Role.CLIENT, mac);
  }

  /**
   * Prepares; nothing is sent yet.
   *
   * @param seconds how long all round trips together may take from now on
   * @param key of this host as a client, or null when it has none
   */
  static RoundTrip to(InetSocketAddress node, int seconds, @Nullable SharedKey key)
      throws IOException {
    DatagramChannel channel = DatagramChannel.open();
    try {
      channel.configureBlocking(false);
      Selector selector = Selector.open();
      channel.register(selector, SelectionKey.OP_READ);
      return new RoundTrip(node, seconds, key, channel, selector);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw new IOException("cannot send to " + text(node) + ": " + e.getMessage(), e);
    }
  }

  /**
   * The time that a keep-alive takes.
   *
   * @throws IOException in one line, when no answer comes
   */
  long keepAliveNs() throws IOException {
    return exchange(
        ByteBuffer.allocate(0),
        datagram -> !datagram.hasRemaining(),
        "no echo from %s within %d s: it does not run, or this host is not one of its clients");
  }

  /**
   * The time that a ping takes to a host behind the node and back.
   *
   * @throws IOException in one line, when no answer comes or an error does
   */
  long pingNs(Address destination) throws IOException {
    byte[] nonce = new byte[PAYLOAD_BYTES];
    new SecureRandom().nextBytes(nonce);
    ByteBuffer request = echoRequest(destination, nonce);
    return exchange(
        request,
        datagram -> isAnswer(datagram, destination, nonce),
        "no answer to a ping to " + destination + " by %s within %d s");
  }

  private void send(ByteBuffer request) throws IOException {
    try {
      channel.send(sealed(request), node);
    } catch (IOException e) {
      throw new IOException("cannot send to " + text(node) + ": " + FileErrors.reason(e), e);
    }
  }

  private static String text(InetSocketAddress node) {
    return node.getHostString() + ":" + node.getPort();
  }

  private long exchange(ByteBuffer request, Wanted wanted, String failure) throws IOException {
    while (System.nanoTime() < endNs) {
      long sent = System.nanoTime();
      send(request);
      if (awaits(wanted, Math.min(endNs, sent + AGAIN_NS))) {
        return System.nanoTime() - sent;
      }
    }
    throw new IOException(failure.formatted(text(node), seconds));
  }

  private boolean awaits(Wanted wanted, long until) throws IOException {
    for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
      selector.select(Math.max(1, left / NS_PER_MS));
      selector.selectedKeys().clear();
      for (SocketAddress from = receive(); from != null; from = receive()) {
        if (from.equals(node) && opened(received.flip()) && wanted.is(received)) {
          return true;
        }
      }
    }
    return false;
  }

  /** The datagram that carries a packet, or a keep-alive when there is none. */
  private ByteBuffer sealed(ByteBuffer packet) {
    int bytes = packet.remaining();
    if (sealer == null) {
      return packet.duplicate();
    }
    ByteBuffer datagram = ByteBuffer.allocate(bytes + Trailer.BYTES).put(packet.duplicate());
    sealer.seal(datagram, 0, bytes, datagram, 0, 0, datagram, bytes);
    return datagram.rewind();
  }

  /** Takes the trailer away; false for a datagram that should have a good one and has not. */
  private boolean opened(ByteBuffer datagram) {
    if (unsealer == null) {
      return true;
    }
    int bytes = datagram.remaining();
    boolean good = Trailer.ends(datagram, 0, bytes) && unsealer.open(datagram, 0, bytes) == null;
    datagram.limit(good ? bytes - Trailer.BYTES : bytes);
    return good;
  }

  private @Nullable SocketAddress receive() throws IOException {
    return channel.receive(received.clear());
  }

  /** RFC 792 and RFC 4443, with the header around it. */
  private static ByteBuffer echoRequest(Address destination, byte[] nonce) {
    boolean v4 = destination.isV4();
    int header = v4 ? Ip.V4_BYTES : Ip.V6_BYTES;
    int icmpBytes = Icmp.BYTES + nonce.length;
    ByteBuffer b = ByteBuffer.allocate(header + icmpBytes);
    if (v4) {
      b.putShort((short) 0x4500).putShort((short) b.capacity()).putInt(0);
      b.put((byte) TTL).put((byte) Ip.ICMP).putShort((short) 0);
      b.putInt((int) INNER4.lo()).putInt((int) destination.lo());
      b.putShort(10, (short) Checksum.finish(Checksum.sum(b, 0, header, 0)));
    } else {
      b.putInt(0x60000000).putShort((short) icmpBytes).put((byte) Ip.ICMP6).put((byte) TTL);
      b.putLong(INNER6.hi()).putLong(INNER6.lo());
      b.putLong(destination.hi()).putLong(destination.lo());
    }
    b.put((byte) (v4 ? Icmp.ECHO_REQUEST : Icmp.V6_ECHO_REQUEST)).put((byte) 0);
    b.putShort((short) 0).putInt(0x4f410001).put(nonce);
    long pseudo = v4 ? 0 : Checksum.pseudo(b, 0, Ip.ICMP6, icmpBytes);
    b.putShort(header + 2, (short) Checksum.finish(Checksum.sum(b, header, icmpBytes, pseudo)));
    return b.flip();
  }

  /** An ICMP error ends the waiting; what is neither is not for us. */
  private static boolean isAnswer(ByteBuffer b, Address destination, byte[] nonce)
      throws IOException {
    boolean v4 = destination.isV4();
    int header = v4 ? Ip.V4_BYTES : Ip.V6_BYTES;
    boolean known =
        b.remaining() >= header + Icmp.BYTES
            && Ip.version(b, 0) == (v4 ? 4 : 6)
            && (v4 ? b.get(0) == 0x45 && b.get(9) == (byte) Ip.ICMP : b.get(6) == (byte) Ip.ICMP6);
    if (!known) {
      return false;
    }
    int type = Icmp.type(b, header);
    if (Icmp.isError(v4 ? Ip.ICMP : Ip.ICMP6, type)) {
      throw new IOException(
          "%s answers a ping to %s with an error (ICMP type %d, code %d)"
              .formatted(
                  Addresses.text(Ip.srcHi(b, 0), Ip.srcLo(b, 0)),
                  destination,
                  type,
                  Icmp.code(b, header)));
    }
    ByteBuffer payload = b.duplicate().position(header + Icmp.BYTES);
    return type == (v4 ? Icmp.ECHO_REPLY : Icmp.V6_ECHO_REPLY)
        && payload.equals(ByteBuffer.wrap(nonce));
  }

  @Override
  public void close() throws IOException {
    selector.close();
    channel.close();
  }
}
