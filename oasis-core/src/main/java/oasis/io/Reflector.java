// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static oasis.os.linux.LinuxConstants.AF_PACKET;
import static oasis.os.linux.LinuxConstants.ETH_P_IP;
import static oasis.os.linux.LinuxConstants.PACKET_VNET_HDR;
import static oasis.os.linux.LinuxConstants.SOCK_CLOEXEC;
import static oasis.os.linux.LinuxConstants.SOCK_NONBLOCK;
import static oasis.os.linux.LinuxConstants.SOCK_RAW;
import static oasis.os.linux.LinuxConstants.SOL_PACKET;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.os.linux.Errno;
import oasis.os.linux.Poller;
import oasis.os.linux.Sockets;
import oasis.os.linux.Sys;
import oasis.packet.VirtioHeader;

/**
 * The far end of an Ethernet link that sends each IPv4 packet of UDP and TCP back to who sent it:
 * addresses and ports change places, so that checksums stay right. So does the packet inside a
 * datagram to {@link #ENTRY_PORT}, as if an overlay had carried it to such a far end. A connection
 * of TCP meets itself (RFC 9293 section 3.5, simultaneous open) and reads what it writes.
 *
 * <p>Confined to one thread.
 */
final class Reflector implements AutoCloseable {
  /** UDP port of the overlay's entry node. */
  static final int ENTRY_PORT = 4700;

  private static final int ROOM_BYTES = VirtioHeader.BYTES + 14 + 65_536;
  private static final int SOCKADDR_LL_BYTES = 20;
  private static final int ETHERNET_BYTES = 14;
  private static final int UDP_BYTES = 8;
  private static final int IP_BYTES = 20;
  private static final int TCP = 6;
  private static final int UDP = 17;

  private final int fd;
  private final Memory memory = Memory.allocate(ROOM_BYTES);
  private final ByteBuffer b = memory.buffer();
  private final Poller poller = new Poller();

  private Reflector(int fd) {
    this.fd = fd;
    poller.add(fd);
  }

  /** Takes its place at an interface of the calling thread's network namespace. */
  static Reflector open(String device) throws OsException {
    int fd =
        Errno.check(
            Sys.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
            "socket",
            "for " + device);
    try {
      Sockets.set(fd, SOL_PACKET, PACKET_VNET_HDR, 1, "PACKET_VNET_HDR");
      // struct sockaddr_ll: family (host order), protocol (network order), interface (host order)
      Memory address = Memory.allocate(SOCKADDR_LL_BYTES);
      address.buffer().putShort(2, (short) ETH_P_IP);
      int index = Errno.check(Sys.ifNameToIndex(device), "if_nametoindex", device);
      address.buffer().order(ByteOrder.nativeOrder()).putShort(0, (short) AF_PACKET);
      address.buffer().putInt(4, index);
      Errno.check(Sys.bind(fd, address, SOCKADDR_LL_BYTES), "bind", device);
      return new Reflector(fd);
    } catch (OsException | RuntimeException e) {
      Sys.close(fd);
      throw e;
    }
  }

  /** Waits for packets, a tenth of a second at most, and sends them back. */
  void turn() {
    poller.await(100_000_000L);
    for (long bytes = read(); bytes > 0; bytes = read()) {
      if (reflect((int) bytes)) {
        Sys.write(fd, memory.address(), bytes);
      }
    }
  }

  private long read() {
    return Sys.read(fd, memory.address(), ROOM_BYTES);
  }

  private boolean reflect(int bytes) {
    int ip = VirtioHeader.BYTES + ETHERNET_BYTES;
    swap(VirtioHeader.BYTES, 6);
    int datagram = turnAround(ip, bytes);
    if (datagram < 0) {
      return false;
    }
    // The ports have changed places already.
    if (datagram > 0 && (b.getShort(datagram) & 0xffff) == ENTRY_PORT) {
      // Of a burst, the header says how long each datagram's payload is.
      int each = Short.reverseBytes(b.getShort(4)) & 0xffff;
      int step = each == 0 ? bytes : each;
      for (int at = datagram + UDP_BYTES; at < bytes; at += step) {
        turnAround(at, Math.min(bytes, at + step));
      }
    }
    return true;
  }

  /**
   * Lets addresses and ports change places.
   *
   * @return where the UDP header is, 0 of TCP, negative when it is neither
   */
  private int turnAround(int ip, int end) {
    if (end - ip < IP_BYTES + UDP_BYTES || b.get(ip) >>> 4 != 4) {
      return -1;
    }
    int transport = ip + ((b.get(ip) & 15) << 2);
    int protocol = b.get(ip + 9);
    if (protocol != UDP && protocol != TCP || transport + UDP_BYTES > end) {
      return -1;
    }
    swap(ip + 12, 4);
    swap(transport, 2);
    return protocol == UDP ? transport : 0;
  }

  private void swap(int at, int bytes) {
    for (int i = at; i < at + bytes; i++) {
      byte first = b.get(i);
      b.put(i, b.get(i + bytes));
      b.put(i + bytes, first);
    }
  }

  @Override
  public void close() {
    Sys.close(fd);
  }
}
