// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.queues;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import oasis.io.Endpoint;
import oasis.io.LinuxDatagramPort;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.os.linux.Netns;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.Ip;

/**
 * A client of an exit node that sends UDP packets, each with the time at which it was sent, some at
 * a time and at a mean rate. What goes together leaves as one burst, as from a real client. One
 * thread opens it and another may run it.
 */
final class Sender implements AutoCloseable {
  private static final int UDP_AT = Ip.V4_BYTES;
  private static final int TIME_AT = UDP_AT + 8;
  private static final int DONT_FRAGMENT = 0x4000;
  private static final double NS_PER_S = 1e9;

  private final LinuxDatagramPort port;
  private final Kind kind;
  private final Memory memory;
  private final Burst burst = new Burst();

  /**
   * What it sends.
   *
   * @param source inner source address
   * @param server where it goes
   * @param serverPort and to which port
   * @param ipBytes of each packet
   * @param together packets that are sent at once
   */
  record Kind(String source, String server, int serverPort, int ipBytes, int together) {}

  private Sender(LinuxDatagramPort port, Kind kind) {
    this.port = port;
    this.kind = kind;
    memory = Memory.allocate(kind.together() * kind.ipBytes());
    for (int i = 0; i < kind.together(); i++) {
      writeHeaders(i * kind.ipBytes());
    }
  }

  /** Opens the socket in a network namespace, to an exit node. */
  static Sender open(String namespace, String exit, int exitPort, Kind kind) throws OsException {
    Address address = Address.parse(exit);
    Endpoint peer = new Endpoint(address.hi(), address.lo(), exitPort);
    try {
      return Netns.in(
          namespace, () -> new Sender(LinuxDatagramPort.open(Endpoint.anyIpv4(0), peer, 0), kind));
    } catch (OsException e) {
      throw e;
    } catch (Exception e) {
      throw new OsException("a sender: " + e.getMessage(), e);
    }
  }

  private void writeHeaders(int at) {
    ByteBuffer m = memory.buffer();
    m.putShort(at, (short) 0x4500).putShort(at + 2, (short) kind.ipBytes());
    m.putShort(at + 6, (short) DONT_FRAGMENT);
    m.put(at + 8, (byte) 64).put(at + 9, (byte) Ip.UDP);
    m.putInt(at + 12, (int) Address.parse(kind.source()).lo());
    m.putInt(at + 16, (int) Address.parse(kind.server()).lo());
    m.putShort(at + 10, (short) Checksum.finish(Checksum.sum(m, at, Ip.V4_BYTES, 0)));
    m.putShort(at + UDP_AT, (short) kind.serverPort());
    m.putShort(at + UDP_AT + 2, (short) kind.serverPort());
    m.putShort(at + UDP_AT + 4, (short) (kind.ipBytes() - UDP_AT));
  }

  /**
   * Sends until a time.
   *
   * @param mbits mean rate of IP bytes
   * @param fromNs from when on bytes are counted
   * @param untilNs when it ends
   * @param random draws when exactly within its interval each burst leaves
   * @return bytes sent in the time that counts
   */
  long run(double mbits, long fromNs, long untilNs, SplittableRandom random) {
    double intervalNs = kind.together() * kind.ipBytes() * 8 / (mbits * 1e6) * NS_PER_S;
    long begin = System.nanoTime();
    long counted = 0;
    for (long i = 0; ; i++) {
      long due = begin + (long) (intervalNs * (i + random.nextDouble()));
      for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
      long now = System.nanoTime();
      if (now - untilNs >= 0) {
        return counted;
      }
      send(now);
      counted += now - fromNs >= 0 ? (long) kind.together() * kind.ipBytes() : 0;
    }
  }

  private void send(long now) {
    ByteBuffer m = memory.buffer();
    int udpBytes = kind.ipBytes() - UDP_AT;
    for (int i = 0; i < kind.together(); i++) {
      int at = i * kind.ipBytes();
      m.putLong(at + TIME_AT, now);
      m.putShort(at + UDP_AT + 6, (short) 0);
      long pseudo = Checksum.pseudo(m, at, Ip.UDP, udpBytes);
      int checksum = Checksum.finish(Checksum.sum(m, at + UDP_AT, udpBytes, pseudo));
      m.putShort(at + UDP_AT + 6, (short) (checksum == 0 ? 0xffff : checksum));
      if (burst.check(m, memory.address(), at, kind.ipBytes()) != null) {
        throw new IllegalStateException("a packet of its own is broken");
      }
      port.add(burst);
    }
    port.flush();
  }

  @Override
  public void close() {
    port.close();
  }
}
