// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.hub;

import static oasis.os.linux.LinuxConstants.AF_PACKET;
import static oasis.os.linux.LinuxConstants.ETH_P_ALL;
import static oasis.os.linux.LinuxConstants.PACKET_IGNORE_OUTGOING;
import static oasis.os.linux.LinuxConstants.PACKET_STATISTICS;
import static oasis.os.linux.LinuxConstants.SOCK_CLOEXEC;
import static oasis.os.linux.LinuxConstants.SOCK_RAW;
import static oasis.os.linux.LinuxConstants.SOL_PACKET;
import static oasis.os.linux.LinuxConstants.SOL_SOCKET;
import static oasis.os.linux.LinuxConstants.SO_RCVBUFFORCE;
import static oasis.os.linux.LinuxConstants.SO_SNDBUFFORCE;
import static oasis.os.linux.LinuxConstants.SO_TIMESTAMPNS;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.os.linux.Errno;
import oasis.os.linux.Sys;

/**
 * A packet socket on one Ethernet device: whole frames, with the kernel's receive stamps, without
 * what we sent ourselves. Closed by its owner; {@link #overruns} from one thread at a time.
 */
final class PacketSocket implements AutoCloseable {
  private static final int BUFFER_BYTES = 16 << 20;
  private static final int SOCKADDR_LL_BYTES = 20;

  private final int fd;
  private final Memory scratch = Memory.allocate(32);
  private final ByteBuffer bytes = scratch.buffer().duplicate().order(ByteOrder.nativeOrder());
  private long overruns;

  private PacketSocket(int fd) {
    this.fd = fd;
  }

  /** Opens a socket that receives and sends on a device in the calling thread's namespace. */
  static PacketSocket open(String device) throws OsException {
    return open(device, ETH_P_ALL);
  }

  /** Opens a socket that only sends. */
  static PacketSocket openToSend(String device) throws OsException {
    return open(device, 0);
  }

  private static PacketSocket open(String device, int protocol) throws OsException {
    // Protocol 0 until it is bound: nothing of other devices is queued meanwhile.
    int fd =
        Errno.check(Sys.socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "packet socket", device);
    PacketSocket socket = new PacketSocket(fd);
    try {
      socket.set(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, "PACKET_IGNORE_OUTGOING");
      socket.set(SOL_SOCKET, SO_TIMESTAMPNS, 1, "SO_TIMESTAMPNS");
      socket.set(SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES, "SO_RCVBUFFORCE");
      socket.set(SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_BYTES, "SO_SNDBUFFORCE");
      socket.bind(device, protocol);
      return socket;
    } catch (OsException e) {
      socket.close();
      throw e;
    }
  }

  private void set(int level, int option, int value, String name) throws OsException {
    bytes.putInt(0, value);
    Errno.check(Sys.setsockopt(fd, level, option, scratch.address(), 4), "setsockopt", name);
  }

  private void bind(String device, int protocol) throws OsException {
    int index = Errno.check(Sys.ifNameToIndex(device), "if_nametoindex", device);
    for (int i = 0; i < SOCKADDR_LL_BYTES; i++) {
      bytes.put(i, (byte) 0);
    }
    bytes.putShort(0, (short) AF_PACKET);
    bytes.put(2, (byte) (protocol >>> 8));
    bytes.put(3, (byte) protocol);
    bytes.putInt(4, index);
    Errno.check(Sys.bind(fd, scratch.address(), SOCKADDR_LL_BYTES), "bind packet socket", device);
  }

  int fd() {
    return fd;
  }

  /** Packets that the kernel dropped because this socket's buffer was full, since it was opened. */
  synchronized long overruns() {
    // struct tpacket_stats: packets, drops; reading resets them.
    bytes.putInt(0, 0);
    bytes.putInt(4, 0);
    bytes.putInt(8, 8);
    int result =
        Sys.getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, scratch.address(), scratch.address() + 8);
    if (result == 0) {
      overruns += Integer.toUnsignedLong(bytes.getInt(4));
    }
    return overruns;
  }

  @Override
  public void close() {
    Sys.close(fd);
  }
}
