// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import java.nio.ByteBuffer;
import oasis.os.OsException;
import oasis.packet.Burst;
import org.jspecify.annotations.Nullable;

/** A UDP socket with UDP_GRO and UDP_SEGMENT where the kernel has them. */
public final class LinuxDatagramPort implements DatagramPort {
  /**
   * Opens a socket in the network namespace of the calling thread.
   *
   * @param local address and port to bind; port 0 lets the kernel choose
   * @param peer the only peer, or null for a socket that is not connected
   * @param mark firewall mark of what it sends (SO_MARK), 0 for none
   */
  public static LinuxDatagramPort open(Endpoint local, @Nullable Endpoint peer, int mark)
      throws OsException {
    throw new UnsupportedOperationException("being written " + local + peer + mark);
  }

  /** What the kernel offloads for us, for the log: {@code GSO, GRO} or less. */
  public String offloads() {
    return "";
  }

  @Override
  public int fd() {
    return -1;
  }

  @Override
  public int localPort() {
    return 0;
  }

  @Override
  public int slots() {
    return 0;
  }

  @Override
  public int receive() {
    return 0;
  }

  @Override
  public ByteBuffer buffer(int i) {
    return ByteBuffer.allocate(0);
  }

  @Override
  public long address(int i) {
    return 0;
  }

  @Override
  public int offset(int i) {
    return 0;
  }

  @Override
  public int bytes(int i) {
    return 0;
  }

  @Override
  public int datagramBytes(int i) {
    return 0;
  }

  @Override
  public long sourceHi(int i) {
    return 0;
  }

  @Override
  public long sourceLo(int i) {
    return 0;
  }

  @Override
  public int sourcePort(int i) {
    return 0;
  }

  @Override
  public void add(Burst burst) {}

  @Override
  public void add(Burst burst, long hi, long lo, int port) {}

  @Override
  public void sendEmpty() {}

  @Override
  public void sendEmpty(long hi, long lo, int port) {}

  @Override
  public void flush() {}

  @Override
  public PortCounters counters() {
    return new PortCounters();
  }

  @Override
  public void close() {}
}
