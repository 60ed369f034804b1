// SPDX-License-Identifier: Apache-2.0
package oasis.lab;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.BitSet;
import java.util.concurrent.TimeUnit;
import oasis.emulator.Node;
import oasis.os.linux.Netns;
import oasis.testkit.Gen;

/**
 * Datagrams that go to an echo server and come back. What is in one follows from its number alone,
 * so that none can be changed or made up unnoticed. The server answers the first of equal ones.
 */
public final class NumberedDatagrams {
  private static final int MAX_BYTES = 1300;
  private static final int BUFFER_BYTES = 4 << 20;
  private static final long SEED_STEP = 0x9e3779b97f4a7c15L;

  /** Longer than any process waits for a processor of a busy machine. */
  private static final Duration QUIET = Duration.ofSeconds(1);

  /**
   * What happened to them.
   *
   * @param sent how many
   * @param missing of which no echo came back
   * @param twice came more than once, there and back together
   * @param wrong were never sent like this
   * @param overtaken came after one of a higher number
   */
  public record Outcome(int sent, int missing, int twice, int wrong, int overtaken) {}

  /** One end: knows which it has seen. */
  private static final class Seen {
    final BitSet numbers = new BitSet();
    int twice;
    int wrong;
    int overtaken;
    volatile long lastNs = System.nanoTime();

    /** Whether this is the first of its number. */
    boolean take(ByteBuffer datagram) {
      lastNs = System.nanoTime();
      byte[] bytes = new byte[datagram.remaining()];
      datagram.get(bytes);
      int number = bytes.length < Integer.BYTES ? -1 : ByteBuffer.wrap(bytes).getInt();
      if (number < 0 || !Arrays.equals(bytes, content(number))) {
        wrong++;
        return false;
      }
      if (numbers.get(number)) {
        twice++;
        return false;
      }
      overtaken += number < numbers.length() ? 1 : 0;
      numbers.set(number);
      return true;
    }
  }

  private NumberedDatagrams() {}

  private static byte[] content(int number) {
    Gen gen = new Gen(number * SEED_STEP);
    byte[] bytes = gen.bytes(gen.range(Integer.BYTES, MAX_BYTES));
    ByteBuffer.wrap(bytes).putInt(0, number);
    return bytes;
  }

  /**
   * Sends and waits until nothing more comes back.
   *
   * @param from node of the sender
   * @param to node of the echo server
   * @param address of the server, as the sender names it
   * @param port of the server
   * @param count of datagrams
   * @param perSecond how many are sent in a second
   */
  @SuppressWarnings("try") // closing ends the readers, which have to be waited for
  public static Outcome exchange(
      Node from, Node to, String address, int port, int count, int perSecond) throws Exception {
    Seen there = new Seen();
    Seen back = new Seen();
    Thread echo;
    Thread receiver;
    // Closing the channels ends the threads.
    try (DatagramChannel server = open(to);
        DatagramChannel client = open(from)) {
      server.bind(new InetSocketAddress(port));
      client.connect(new InetSocketAddress(address, port));
      echo = reader("echo", server, there, true);
      receiver = reader("receiver", client, back, false);
      send(client, count, perSecond);
      while (System.nanoTime() - Math.max(there.lastNs, back.lastNs) < QUIET.toNanos()) {
        TimeUnit.MILLISECONDS.sleep(10);
      }
    }
    echo.join();
    receiver.join();
    return new Outcome(
        count,
        count - back.numbers.cardinality(),
        there.twice + back.twice,
        there.wrong + back.wrong,
        there.overtaken + back.overtaken);
  }

  private static DatagramChannel open(Node node) throws Exception {
    return Netns.in(
        node.namespace(),
        () ->
            DatagramChannel.open()
                .setOption(StandardSocketOptions.SO_RCVBUF, BUFFER_BYTES)
                .setOption(StandardSocketOptions.SO_SNDBUF, BUFFER_BYTES));
  }

  private static void send(DatagramChannel client, int count, int perSecond)
      throws IOException, InterruptedException {
    long began = System.nanoTime();
    for (int number = 0; number < count; number++) {
      long early = began + number * 1_000_000_000L / perSecond - System.nanoTime();
      if (early > 0) {
        TimeUnit.NANOSECONDS.sleep(early);
      }
      client.write(ByteBuffer.wrap(content(number)));
    }
  }

  private static Thread reader(String name, DatagramChannel channel, Seen seen, boolean answers) {
    Thread thread = new Thread(() -> read(channel, seen, answers), name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private static void read(DatagramChannel channel, Seen seen, boolean answers) {
    ByteBuffer buffer = ByteBuffer.allocate(65_536);
    try {
      while (true) {
        SocketAddress from = channel.receive(buffer.clear());
        if (seen.take(buffer.flip()) && answers) {
          channel.send(buffer.flip(), from);
        }
      }
    } catch (ClosedChannelException e) {
      // The end.
      return;
    } catch (IOException e) {
      seen.wrong++;
    }
  }
}
