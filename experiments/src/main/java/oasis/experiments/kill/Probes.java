// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import oasis.os.OsException;
import oasis.os.linux.Netns;

/**
 * What a program that looks up a name, or opens a connection, just then would have met: each kind
 * of probe is repeated by a thread of its own, with a new socket each time, until it has succeeded
 * for a while.
 */
final class Probes {
  private static final int ATTEMPT_MS = 150;
  private static final int PAUSE_MS = 15;
  private static final int STEADY_MS = 500;
  private static final double NS_PER_MS = 1e6;
  private static final byte[] GET = "GET /small HTTP/1.0\r\n\r\n".getBytes(US_ASCII);
  private static final byte[] ANSWER = "HTTP/1.1 200".getBytes(US_ASCII);

  private Probes() {}

  /** Kinds of probes: what is asked for, and by which address family. */
  enum Kind {
    /** A name that no rule matches. */
    DNS_PLAIN(true, KillNetwork.DNS, KillNetwork.PLAIN_NAME, 0),
    DNS_PLAIN6(true, KillNetwork.DNS6, KillNetwork.PLAIN_NAME, 0),
    /** A name that a rule matches. */
    DNS_RULED(true, KillNetwork.DNS, KillNetwork.name(0), 0),
    /** A connection that no rule matches. */
    TCP_PLAIN(false, KillNetwork.WEB, "", KillNetwork.PLAIN_PORT),
    /** A connection that a header rule matches. */
    TCP_RULED(false, KillNetwork.WEB, "", KillNetwork.RULED_PORT),
    TCP_RULED6(false, KillNetwork.WEB6, "", KillNetwork.RULED_PORT);

    private final boolean dns;
    private final String server;
    private final String name;
    private final int port;

    Kind(boolean dns, String server, String name, int port) {
      this.dns = dns;
      this.server = server;
      this.name = name;
      this.port = port;
    }

    /** Whether it is a look-up, not a connection. */
    boolean dns() {
      return dns;
    }

    /** One attempt; it succeeds only with a whole answer. */
    boolean works(int ms) {
      try {
        InetAddress address = InetAddress.getByName(server);
        return dns
            ? !Lookup.ask(address, name, Lookup.A, ms).isEmpty()
            : fetches(new InetSocketAddress(address, port), ms);
      } catch (IOException e) {
        return false;
      }
    }

    private static boolean fetches(InetSocketAddress server, int ms) throws IOException {
      try (Socket socket = new Socket()) {
        socket.setSoTimeout(ms);
        socket.connect(server, ms);
        socket.getOutputStream().write(GET);
        byte[] begin = socket.getInputStream().readNBytes(ANSWER.length);
        return java.util.Arrays.equals(begin, ANSWER);
      }
    }
  }

  /**
   * Probes from now on.
   *
   * @param namespace the host's
   * @param blowNs when it happened, {@link System#nanoTime}
   * @param longestMs after which a kind is given up
   * @return for each kind the ms from the blow until from then on each attempt of half a second
   *     succeeded; {@code longestMs} when that did not come
   */
  static Map<Kind, Double> recovery(String namespace, long blowNs, long longestMs)
      throws OsException {
    Map<Kind, FutureTask<Double>> tasks = new EnumMap<>(Kind.class);
    for (Kind kind : Kind.values()) {
      FutureTask<Double> task =
          new FutureTask<>(() -> Netns.in(namespace, () -> recovery(kind, blowNs, longestMs)));
      tasks.put(kind, task);
      Thread thread = new Thread(task, "probe-" + kind);
      thread.setDaemon(true);
      thread.start();
    }
    Map<Kind, Double> recovered = new EnumMap<>(Kind.class);
    for (Map.Entry<Kind, FutureTask<Double>> task : tasks.entrySet()) {
      recovered.put(task.getKey(), join(task.getValue()));
    }
    return recovered;
  }

  private static double recovery(Kind kind, long blowNs, long longestMs)
      throws InterruptedException {
    double good = -1;
    while (true) {
      boolean works = kind.works(ATTEMPT_MS);
      double now = (System.nanoTime() - blowNs) / NS_PER_MS;
      if (!works) {
        good = -1;
      } else if (good < 0) {
        good = now;
      }
      if (good >= 0 && now - good >= STEADY_MS) {
        return good;
      }
      if (now > longestMs) {
        return longestMs;
      }
      Thread.sleep(PAUSE_MS);
    }
  }

  /** The kinds that do not work now, given a second. */
  static List<Kind> failing(String namespace) throws OsException {
    List<Kind> failing = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      FutureTask<Boolean> task =
          new FutureTask<>(() -> Netns.in(namespace, () -> kind.works(1000)));
      new Thread(task, "probe-" + kind).start();
      if (!join(task)) {
        failing.add(kind);
      }
    }
    return failing;
  }

  private static <T> T join(FutureTask<T> task) throws OsException {
    try {
      return task.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OsException("interrupted", e);
    } catch (ExecutionException e) {
      throw new OsException("a probe failed: " + e.getCause(), e);
    }
  }
}
