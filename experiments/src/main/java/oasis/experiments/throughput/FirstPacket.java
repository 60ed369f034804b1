// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.function.Predicate;
import oasis.emulator.Node;
import oasis.emulator.Program;
import oasis.experiments.measure.Traffic;
import oasis.os.OsException;
import oasis.os.linux.Netns;
import oasis.packet.Addresses;
import oasis.packet.Checksum;

/**
 * Finds out when a packet is carried for the first time. A responder in the server's node answers a
 * datagram with the address it came from, which tells the way it took. Confined to one thread, but
 * for the responder's own.
 */
final class FirstPacket implements AutoCloseable {
  private static final int PORT = 7007;
  private static final long PERIOD_MS = 5;
  private static final long LIMIT_NS = 20_000_000_000L;
  private static final double NS_PER_MS = 1e6;
  private static final int IP_BYTES = 20;
  private static final int UDP_BYTES = 8;

  /** An address that a client may use inside of its tunnel. */
  private static final String INNER = "10.1.1.1";

  private final Lab lab;
  private final ProtocolFamily family;
  private final InetSocketAddress server;
  private final InetAddress client;
  private final DatagramChannel responder;

  /**
   * Starts the responder.
   *
   * @param ipv6 whether it has an address of IPv6
   */
  FirstPacket(Lab lab, boolean ipv6) throws OsException {
    this.lab = lab;
    family = ipv6 ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET;
    server = new InetSocketAddress(ipv6 ? Lab.SERVER6 : Lab.SERVER, PORT);
    client = new InetSocketAddress(ipv6 ? Lab.CLIENT6 : Lab.CLIENT, 0).getAddress();
    responder = open(lab.server());
    try {
      responder.bind(server);
    } catch (IOException e) {
      close();
      throw new OsException("responder: " + e.getMessage(), e);
    }
    Thread thread = new Thread(this::respond, "first-packet-responder");
    thread.setDaemon(true);
    thread.start();
  }

  private DatagramChannel open(Node node) throws OsException {
    try {
      return Netns.in(node.namespace(), () -> DatagramChannel.open(family));
    } catch (OsException e) {
      throw e;
    } catch (Exception e) {
      throw new OsException("socket in " + node.name() + ": " + e.getMessage(), e);
    }
  }

  private void respond() {
    ByteBuffer buffer = ByteBuffer.allocate(2048);
    try {
      while (true) {
        buffer.clear();
        InetSocketAddress from = (InetSocketAddress) responder.receive(buffer);
        String text = from.getAddress().getHostAddress() + " " + from.getPort();
        responder.send(ByteBuffer.wrap(text.getBytes(US_ASCII)), from);
      }
    } catch (ClosedChannelException e) {
      return; // the end
    } catch (IOException e) {
      System.err.println("oasis experiment: responder: " + e.getMessage());
    }
  }

  /**
   * Sends a datagram each 5 ms, each as a flow of its own, until the server saw one of them come
   * from the exit node; or, for the mediated underlay, from a port of the client's NAT.
   *
   * @param program the client
   * @param mediated whether it carries packets by the underlay
   * @param beginNs when it was started
   * @return ms from {@code beginNs} to the answer
   */
  double throughClient(Program program, boolean mediated, long beginNs) throws OsException {
    String direct = client.getHostAddress() + " ";
    Predicate<String> carried =
        mediated
            ? seen ->
                Integer.parseInt(seen.substring(seen.indexOf(' ') + 1)) >= Traffic.FIRST_NAT_PORT
            : seen -> !seen.startsWith(direct);
    try (Selector selector = Selector.open()) {
      try {
        while (program.isAlive() && System.nanoTime() - beginNs < LIMIT_NS) {
          DatagramChannel channel = open(lab.client());
          channel.configureBlocking(false);
          channel.register(selector, SelectionKey.OP_READ);
          send(channel, new byte[1], server);
          if (answered(selector, carried)) {
            return (System.nanoTime() - beginNs) / NS_PER_MS;
          }
        }
      } finally {
        for (SelectionKey key : selector.keys()) {
          key.channel().close();
        }
      }
    } catch (IOException e) {
      throw new OsException("first packet of the client: " + e.getMessage(), e);
    }
    throw none(program);
  }

  /** Before and while the client starts, its host may refuse to send. */
  private static void send(DatagramChannel channel, byte[] bytes, InetSocketAddress to) {
    try {
      channel.send(ByteBuffer.wrap(bytes), to);
    } catch (IOException e) {
      return; // as good as lost: the next one follows
    }
  }

  private static boolean answered(Selector selector, Predicate<String> carried) throws IOException {
    selector.select(PERIOD_MS);
    boolean found = false;
    for (SelectionKey key : selector.selectedKeys()) {
      ByteBuffer answer = ByteBuffer.allocate(64);
      DatagramChannel channel = (DatagramChannel) key.channel();
      if (channel.receive(answer) != null) {
        found |= carried.test(US_ASCII.decode(answer.flip()).toString());
        channel.close();
      }
    }
    selector.selectedKeys().clear();
    return found;
  }

  /**
   * Sends a datagram with a packet inside each 5 ms to the exit node, until one comes back with the
   * answer inside.
   *
   * @param program the exit node
   * @param port its port for clients
   * @param beginNs when it was started
   * @return ms from {@code beginNs} to the answer
   */
  double throughExit(Program program, int port, long beginNs) throws OsException {
    InetSocketAddress exit = new InetSocketAddress(Lab.EXIT, port);
    byte[] packet = packet();
    ByteBuffer answer = ByteBuffer.allocate(2048);
    try (DatagramChannel channel = open(lab.client());
        Selector selector = Selector.open()) {
      channel.configureBlocking(false);
      channel.register(selector, SelectionKey.OP_READ);
      while (program.isAlive() && System.nanoTime() - beginNs < LIMIT_NS) {
        send(channel, packet, exit);
        selector.select(PERIOD_MS);
        selector.selectedKeys().clear();
        // An empty datagram only says that the node is there.
        if (channel.receive(answer.clear()) != null && answer.position() > IP_BYTES + UDP_BYTES) {
          return (System.nanoTime() - beginNs) / NS_PER_MS;
        }
      }
    } catch (IOException e) {
      throw new OsException("first packet of the exit node: " + e.getMessage(), e);
    }
    throw none(program);
  }

  private static OsException none(Program program) throws OsException {
    String error = program.errors().lines().findFirst().orElse("no message");
    return new OsException(
        program.name()
            + (program.isAlive()
                ? " carried no packet in 20 s"
                : " ended before it carried a packet")
            + ": "
            + error);
  }

  /** One byte of UDP to the responder, without a UDP checksum (RFC 768). */
  private static byte[] packet() {
    ByteBuffer b = ByteBuffer.allocateDirect(IP_BYTES + UDP_BYTES + 1);
    b.putShort(0, (short) 0x4500).putShort(2, (short) b.capacity());
    b.put(8, (byte) 64).put(9, (byte) 17);
    b.putInt(12, (int) Addresses.parse(INNER).lo());
    b.putInt(16, (int) Addresses.parse(Lab.SERVER).lo());
    b.putShort(10, (short) Checksum.finish(Checksum.sum(b, 0, IP_BYTES, 0)));
    b.putShort(IP_BYTES, (short) PORT).putShort(IP_BYTES + 2, (short) PORT);
    b.putShort(IP_BYTES + 4, (short) (UDP_BYTES + 1));
    byte[] bytes = new byte[b.capacity()];
    b.get(0, bytes);
    return bytes;
  }

  @Override
  public void close() {
    try {
      responder.close();
    } catch (IOException e) {
      return; // nothing depends on it
    }
  }
}
