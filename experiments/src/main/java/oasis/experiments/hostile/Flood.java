// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import oasis.os.OsException;
import oasis.os.linux.Netns;
import org.jspecify.annotations.Nullable;

/** Sends hostile datagrams by one UDP socket for each sender, at a pace. */
final class Flood implements AutoCloseable {
  private static final double NS_PER_S = 1e9;
  private static final long NEAR_NS = 200_000;

  private final Fuzzer fuzzer;
  private final Oracle oracle;
  private final List<DatagramChannel> sockets;
  private final @Nullable Trailers trailers;
  private final byte[] datagram = new byte[Fuzzer.ROOM + Trailers.BYTES];
  private final Map<Kind, Long> kinds = new EnumMap<>(Kind.class);
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(Fuzzer.ROOM + Trailers.BYTES);
  private volatile long sent;
  private volatile boolean enough;
  private long refused;
  private double seconds;
  private int length;

  private Flood(
      Fuzzer fuzzer, Oracle oracle, List<DatagramChannel> sockets, @Nullable Trailers trailers) {
    this.trailers = trailers;
    this.fuzzer = fuzzer;
    this.oracle = oracle;
    this.sockets = sockets;
  }

  /**
   * Opens the sockets.
   *
   * @param trailers for clients with keys, or null when they have none
   */
  static Flood open(
      String namespace,
      List<Sender> senders,
      Fuzzer fuzzer,
      Oracle oracle,
      @Nullable Trailers trailers)
      throws OsException {
    try {
      return new Flood(fuzzer, oracle, Netns.in(namespace, () -> sockets(senders)), trailers);
    } catch (Exception e) {
      throw new OsException("the attacker's sockets: " + e.getMessage(), e);
    }
  }

  private static List<DatagramChannel> sockets(List<Sender> senders) throws IOException {
    List<DatagramChannel> sockets = new ArrayList<>();
    for (Sender sender : senders) {
      DatagramChannel socket = DatagramChannel.open();
      socket.bind(new InetSocketAddress(sender.address(), sender.port()));
      socket.connect(new InetSocketAddress(HostileNetwork.EXIT, HostileNetwork.PORT));
      sockets.add(socket);
    }
    return sockets;
  }

  /**
   * Sends at least so many, and goes on until {@link #enough} was called.
   *
   * @param perSecond the pace; what was missed is made up for
   */
  void run(long least, int perSecond) throws IOException {
    long begin = System.nanoTime();
    long number = 0;
    while (number < least || !enough) {
      long due = begin + (long) (number * NS_PER_S / perSecond);
      long early = due - System.nanoTime();
      if (early > NEAR_NS) {
        LockSupport.parkNanos(early);
      }
      fuzzer.next();
      make();
      kinds.merge(fuzzer.kind, 1L, Long::sum);
      send();
      sent = ++number;
    }
    seconds = (System.nanoTime() - begin) / NS_PER_S;
  }

  /** Makes the datagram, and shows it to the oracle if it is one that may be taken at all. */
  private void make() {
    Trailers seals = trailers;
    System.arraycopy(fuzzer.bytes, 0, datagram, 0, fuzzer.length);
    length = fuzzer.length;
    if (seals == null) {
      oracle.expect(fuzzer.bytes, fuzzer.length, fuzzer.sender);
      return;
    }
    int client = fuzzer.sender % Sender.CLIENTS;
    boolean replays = fuzzer.kind == Kind.REPLAYED;
    boolean forged = fuzzer.kind == Kind.FORGED || replays;
    int replayed = replays ? seals.replay(datagram) : -1;
    if (replayed >= 0) {
      length = replayed;
      return;
    }
    length = seals.seal(datagram, fuzzer.length, client, forged);
    if (!forged) {
      oracle.expect(fuzzer.bytes, fuzzer.length, client);
    }
  }

  private void send() throws IOException {
    buffer.clear().put(datagram, 0, length).flip();
    try {
      sockets.get(fuzzer.sender).write(buffer);
    } catch (PortUnreachableException e) {
      refused++; // an error of the one before, and this one is not sent
    }
  }

  /** From now on it may end; any thread. */
  void enough() {
    enough = true;
  }

  /** Datagrams so far; any thread. */
  long sent() {
    return sent;
  }

  /** Those that were not sent, since the one before was answered with "port unreachable". */
  long refused() {
    return refused;
  }

  /** How long it took. */
  double seconds() {
    return seconds;
  }

  /** How many of each kind. */
  Map<String, Long> kinds() {
    Map<String, Long> words = new TreeMap<>();
    kinds.forEach((kind, number) -> words.put(kind.word(), number));
    return words;
  }

  @Override
  public void close() throws IOException {
    for (DatagramChannel socket : sockets) {
      socket.close();
    }
  }
}
