// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.calibration;

import static oasis.os.linux.LinuxConstants.AF_INET;
import static oasis.os.linux.LinuxConstants.MSG_DONTWAIT;
import static oasis.os.linux.LinuxConstants.MSG_ERRQUEUE;
import static oasis.os.linux.LinuxConstants.POLLIN;
import static oasis.os.linux.LinuxConstants.SOCK_CLOEXEC;
import static oasis.os.linux.LinuxConstants.SOCK_DGRAM;
import static oasis.os.linux.LinuxConstants.SOL_SOCKET;
import static oasis.os.linux.LinuxConstants.SO_RCVBUFFORCE;
import static oasis.os.linux.LinuxConstants.SO_SNDBUFFORCE;
import static oasis.os.linux.LinuxConstants.SO_TIMESTAMPING;
import static oasis.os.linux.LinuxConstants.SO_TIMESTAMPNS;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import oasis.emulator.Node;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.os.linux.Errno;
import oasis.os.linux.Netns;
import oasis.os.linux.Sys;
import oasis.packet.Address;

/** A UDP socket in a node, with kernel time stamps. Confined to one thread after it was opened. */
final class UdpSocket implements AutoCloseable {
  /** Linux, include/uapi/linux/net_tstamp.h: TX_SOFTWARE, SOFTWARE, OPT_ID, OPT_TSONLY. */
  private static final int TRANSMIT_STAMPS = 1 << 1 | 1 << 4 | 1 << 7 | 1 << 11;

  private static final int BUFFER_BYTES = 16 << 20;
  private static final int CONTROL_BYTES = 256;
  private static final int SOCKADDR_BYTES = 16;
  private static final long NS_PER_S = 1_000_000_000L;

  private final int fd;
  private final Memory scratch = Memory.allocate(64 + CONTROL_BYTES);
  private final ByteBuffer bytes = scratch.buffer().duplicate().order(ByteOrder.nativeOrder());

  private UdpSocket(int fd) {
    this.fd = fd;
  }

  /** Opens a socket that receives at a port of a node, with receive stamps. */
  static UdpSocket receiver(Node node, int port) throws OsException {
    UdpSocket socket = open(node);
    try {
      socket.set(SO_TIMESTAMPNS, 1, "SO_TIMESTAMPNS");
      socket.address(node, port);
      Errno.check(Sys.bind(socket.fd, socket.scratch.address(), SOCKADDR_BYTES), "bind", "probe");
      return socket;
    } catch (OsException e) {
      socket.close();
      throw e;
    }
  }

  /** Opens a socket that sends to a port of another node. */
  static UdpSocket sender(Node node, Node to, int port, boolean stamps) throws OsException {
    UdpSocket socket = open(node);
    try {
      if (stamps) {
        socket.set(SO_TIMESTAMPING, TRANSMIT_STAMPS, "SO_TIMESTAMPING");
      }
      socket.address(to, port);
      Errno.check(
          Sys.connect(socket.fd, socket.scratch.address(), SOCKADDR_BYTES), "connect", "probe");
      return socket;
    } catch (OsException e) {
      socket.close();
      throw e;
    }
  }

  private static UdpSocket open(Node node) throws OsException {
    try {
      UdpSocket socket =
          Netns.in(
              node.namespace(),
              () ->
                  new UdpSocket(
                      Errno.check(
                          Sys.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket", "probe")));
      socket.set(SO_RCVBUFFORCE, BUFFER_BYTES, "SO_RCVBUFFORCE");
      socket.set(SO_SNDBUFFORCE, BUFFER_BYTES, "SO_SNDBUFFORCE");
      return socket;
    } catch (OsException e) {
      throw e;
    } catch (Exception e) {
      throw new OsException("probe in " + node.name() + ": " + e.getMessage(), e);
    }
  }

  private void set(int option, int value, String name) throws OsException {
    bytes.putInt(0, value);
    Errno.check(Sys.setsockopt(fd, SOL_SOCKET, option, scratch.address(), 4), "setsockopt", name);
  }

  /** struct sockaddr_in: family in host order, port and address big-endian. */
  private void address(Node node, int port) {
    int address = (int) Address.parse(node.address4()).lo();
    ByteBuffer big = scratch.buffer();
    big.putLong(0, 0).putLong(8, 0);
    bytes.putShort(0, (short) AF_INET);
    big.putShort(2, (short) port).putInt(4, address);
  }

  int fd() {
    return fd;
  }

  /** Waits until something can be read. */
  void awaitInput(long timeOutNs) {
    bytes.putInt(0, fd).putShort(4, (short) POLLIN).putShort(6, (short) 0);
    bytes.putLong(8, timeOutNs / NS_PER_S).putLong(16, timeOutNs % NS_PER_S);
    Sys.ppoll(scratch.address(), 1, scratch.address() + 8);
  }

  /**
   * When the next packet whose stamp was not read yet left this node, CLOCK_REALTIME in ns; -1 when
   * there is none. The stamps come in the order of the packets.
   */
  long nextTransmitStampNs() {
    for (int i = 0; i < 64; i += 8) {
      bytes.putLong(i, 0);
    }
    bytes.putLong(32, scratch.address() + 64).putLong(40, CONTROL_BYTES);
    if (Sys.recvmsg(fd, scratch.address(), MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
      return -1;
    }
    // The first control message is struct scm_timestamping: three times, the first by software.
    boolean stamped = bytes.getLong(40) >= 64 && bytes.getInt(64 + 12) == SO_TIMESTAMPING;
    return stamped ? bytes.getLong(64 + 16) * NS_PER_S + bytes.getLong(64 + 24) : -1;
  }

  @Override
  public void close() {
    Sys.close(fd);
  }
}
