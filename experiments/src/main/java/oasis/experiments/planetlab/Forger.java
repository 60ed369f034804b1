// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.planetlab;

import java.util.SplittableRandom;
import oasis.experiments.measure.Pause;
import oasis.io.LinuxRawPort;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.os.linux.Netns;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.packet.TcpFrame;

/** Sends segments to the port that no program has sent. */
final class Forger implements AutoCloseable {
  /** The addresses from which handshakes are begun: the kernel's resets to them are dropped. */
  static final String STRANGERS = "127.66.0.0/16";

  private static final Address HOST = Address.parse("127.0.0.1");
  private static final Address FIRST_STRANGER = Address.parse("127.66.0.1");
  private static final int FIRST_PORT = 20_000;
  private static final int PORTS = 100;
  private static final int MAX_BYTES = 1_600;
  private static final int MAX_PAYLOAD = 1_000;
  private static final int BATCH = 250;
  private static final long PAUSE_MS = 5;

  /** No window is so long. */
  private static final int FAR = 1 << 26;

  /** All windows are longer. */
  private static final int NEAR = 10_000;

  private static final int[] FLAGS = {
    Tcp.ACK, Tcp.RST, Tcp.RST | Tcp.ACK, Tcp.FIN | Tcp.ACK, Tcp.SYN, Tcp.SYN | Tcp.ACK, 0
  };

  private final LinuxRawPort raw;
  private final SplittableRandom random;
  private final Memory memory = Memory.allocate(BATCH * MAX_BYTES);
  private final Burst burst = new Burst();
  private final FlowKey key = new FlowKey();
  private int begun;

  private Forger(LinuxRawPort raw, long seed) {
    this.raw = raw;
    random = new SplittableRandom(seed);
  }

  static Forger open(String namespace, long seed) throws OsException {
    try {
      return new Forger(Netns.in(namespace, () -> LinuxRawPort.open(0)), seed);
    } catch (OsException e) {
      throw e;
    } catch (Exception e) {
      throw new OsException("raw socket: " + e.getMessage(), e);
    }
  }

  /** Begins handshakes that nobody will finish, each time others. */
  void halfOpen(int number) throws OsException {
    for (int i = 0; i < number; i++, begun++) {
      Address from = new Address(FIRST_STRANGER.hi(), FIRST_STRANGER.lo() + begun / PORTS);
      name(from, FIRST_PORT + begun % PORTS);
      int at = i % BATCH * MAX_BYTES;
      int bytes =
          TcpFrame.writeSyn(
              key, memory.buffer(), at, random.nextInt(), 0, Tcp.SYN, 65_535, 1460, 7, true);
      send(at, bytes, i);
    }
    raw.flush();
  }

  /** Sends segments with any numbers and flags in the name of a program's connection. */
  void guess(int programPort, int number) throws OsException {
    name(HOST, programPort);
    for (int i = 0; i < number; i++) {
      int flags = FLAGS[random.nextInt(FLAGS.length)];
      int payload = random.nextInt(2) * random.nextInt(MAX_PAYLOAD);
      one(i, random.nextInt(), random.nextInt(), flags, payload);
    }
    raw.flush();
  }

  /**
   * Sends segments in the name of a program's connection that are far from what it may send now.
   *
   * @param next number of the program's next byte
   */
  void outside(int programPort, int next, int number) throws OsException {
    name(HOST, programPort);
    for (int i = 0; i < number; i++) {
      int sequence = next + random.nextInt(FAR, Integer.MAX_VALUE);
      int flags = FLAGS[random.nextInt(FLAGS.length)];
      one(i, sequence, random.nextInt(), flags, random.nextInt(2) * random.nextInt(MAX_PAYLOAD));
    }
    raw.flush();
  }

  /**
   * Sends segments in the name of a program's connection that lie in its window but are not what
   * comes next: resets and attempts to begin anew, which must not end it (RFC 5961).
   *
   * @param next number of the program's next byte
   * @param data whether to send bytes of a body, too, with which a server does as it likes
   */
  void inside(int programPort, int next, int number, boolean data) throws OsException {
    name(HOST, programPort);
    for (int i = 0; i < number; i++) {
      int sequence = next + 1 + random.nextInt(NEAR);
      boolean bytes = data && random.nextBoolean();
      int flags = bytes ? Tcp.ACK : random.nextBoolean() ? Tcp.RST : Tcp.SYN;
      one(i, sequence, random.nextInt(), flags, bytes ? random.nextInt(MAX_PAYLOAD) : 0);
    }
    raw.flush();
  }

  private void one(int i, int sequence, int ack, int flags, int payload) throws OsException {
    int at = i % BATCH * MAX_BYTES;
    int window = random.nextInt(65_536);
    send(at, TcpFrame.write(key, memory.buffer(), at, sequence, ack, flags, window, payload), i);
  }

  private void name(Address from, int port) {
    key.set(from.hi(), from.lo(), HOST.hi(), HOST.lo(), Ip.TCP, port, PortNetwork.PORT);
  }

  private void send(int at, int bytes, int i) throws OsException {
    if (burst.check(memory.buffer(), memory.address(), at, bytes) != null) {
      throw new OsException("a forged segment is none");
    }
    raw.add(burst);
    if (i % BATCH == BATCH - 1) {
      raw.flush();
      Pause.ms(PAUSE_MS);
    }
  }

  @Override
  public void close() {
    raw.close();
  }
}
