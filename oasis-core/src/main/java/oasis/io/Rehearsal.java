// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.util.List;
import oasis.os.CommandRunner;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;
import oasis.os.linux.Netns;
import oasis.os.linux.Sys;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A daemon's packet path plays before there is an audience: a few thousand packets go through
 * objects of the same classes on a stage of their own, so that the virtual machine has compiled the
 * code when the first packet of a program waits for it. A path that has never run takes several
 * times as long.
 *
 * <p>The stage is a network namespace without a name, with one Ethernet link whose far end sends
 * everything back; nothing leaves it, nothing of the host is changed, and it vanishes with the
 * threads that play there. Without CAP_SYS_ADMIN there is no rehearsal.
 */
public final class Rehearsal implements AutoCloseable {
  /** The stage's link. */
  static final String LINK = "stage0";

  /** Where the entry node of an overlay seems to be, at the far end. */
  public static final Endpoint ENTRY = Endpoint.ipv4(192, 0, 2, 1, Reflector.ENTRY_PORT);

  private static final Logger LOG = LoggerFactory.getLogger(Rehearsal.class);
  private static final String HOST = "192.0.2.2";
  private static final String FAR_LINK = "stage1";
  private static final String FAR_MAC = "02:00:00:00:00:01";
  private static final long LIMIT_NS = 6_000_000_000L;
  private static final int ANSWER_MS = 100;
  private static final int PUT_AWAY_MS = 1000;
  private static final int SCHED_IDLE = 5;
  private static final int MISSES = 5;
  private static final int ROOM_BYTES = 2048;

  /** What plays. Threads that it starts play on the same stage; it ends them itself. */
  @FunctionalInterface
  public interface Play {
    /** Plays once, on the stage's thread. */
    void run(Rehearsal stage) throws Exception;
  }

  private final Play play;
  private final CommandRunner runner = new LinuxCommandRunner();
  private final Thread thread = new Thread(this::perform, "rehearsal");
  private volatile long endNs;
  private volatile boolean over;

  /** Nothing happens before {@link #begin}. */
  public Rehearsal(Play play) {
    this.play = play;
    thread.setDaemon(true);
  }

  /**
   * Lets the play run in the background, for some seconds at most; whatever goes wrong there is
   * nobody's trouble. Once.
   */
  public void begin() {
    endNs = System.nanoTime() + LIMIT_NS;
    thread.start();
  }

  /** Ends the play, and waits a moment until it has put away what it opened. */
  @Override
  public void close() {
    over = true;
    try {
      thread.join(PUT_AWAY_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void perform() {
    long begin = System.nanoTime();
    try {
      Netns.leaveForNew();
      // For all threads that play: what the host's programs send goes first.
      Sys.schedSetscheduler(0, SCHED_IDLE, Memory.allocate(Integer.BYTES).address());
      build();
      try (Reflector reflector = Reflector.open(FAR_LINK)) {
        Thread farEnd = new Thread(() -> reflect(reflector), "rehearsal-far-end");
        farEnd.setDaemon(true);
        farEnd.start();
        try {
          play.run(this);
        } finally {
          over = true;
          farEnd.join();
        }
      }
      LOG.debug("Rehearsed for {} ms", (System.nanoTime() - begin) / 1_000_000);
    } catch (Exception e) {
      LOG.debug("No rehearsal: {}", e.toString());
    }
  }

  private void build() throws OsException {
    commands(
        List.of(
            "link set lo up",
            "link add " + LINK + " type veth peer name " + FAR_LINK + " address " + FAR_MAC,
            "link set " + LINK + " up",
            "link set " + FAR_LINK + " up",
            "addr add " + HOST + "/24 dev " + LINK,
            "neigh add 192.0.2.1 lladdr " + FAR_MAC + " dev " + LINK + " nud permanent",
            "route add default via 192.0.2.1 dev " + LINK));
  }

  private void reflect(Reflector reflector) {
    while (!over) {
      reflector.turn();
    }
  }

  /** Runs commands on the stage. */
  public CommandRunner runner() {
    return runner;
  }

  /** Runs commands of {@code ip} on the stage. */
  public void commands(List<String> lines) throws OsException {
    runner.check(List.of("ip", "-batch", "-"), String.join("\n", lines) + "\n");
  }

  /**
   * A program that sends a datagram and waits for an answer, again and again.
   *
   * @param to where to, an IPv4 address
   * @param payload what it sends
   * @param rounds how often, unless time runs out or nobody answers
   * @return how many answers came
   */
  public int talk(InetSocketAddress to, byte[] payload, int rounds) throws IOException {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.connect(to);
      socket.setSoTimeout(ANSWER_MS);
      DatagramPacket question = new DatagramPacket(payload, payload.length);
      DatagramPacket answer = new DatagramPacket(new byte[ROOM_BYTES], ROOM_BYTES);
      int answers = 0;
      int misses = 0;
      while (answers < rounds && misses < MISSES && !over && System.nanoTime() - endNs < 0) {
        socket.send(question);
        try {
          socket.receive(answer);
          answers++;
        } catch (SocketTimeoutException e) {
          misses++;
        }
      }

      return answers;
    }
  }

  /** An address and a port. */
  public static InetSocketAddress at(String address, int port) throws IOException {
    return new InetSocketAddress(InetAddress.getByName(address), port);
  }
}
