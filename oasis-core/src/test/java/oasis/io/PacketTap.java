// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static oasis.os.linux.LinuxConstants.AF_PACKET;
import static oasis.os.linux.LinuxConstants.ETH_P_ALL;
import static oasis.os.linux.LinuxConstants.PACKET_IGNORE_OUTGOING;
import static oasis.os.linux.LinuxConstants.PACKET_VNET_HDR;
import static oasis.os.linux.LinuxConstants.SOCK_CLOEXEC;
import static oasis.os.linux.LinuxConstants.SOCK_NONBLOCK;
import static oasis.os.linux.LinuxConstants.SOCK_RAW;
import static oasis.os.linux.LinuxConstants.SOL_PACKET;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;
import oasis.os.Memory;
import oasis.os.linux.Errno;
import oasis.os.linux.Poller;
import oasis.os.linux.Sockets;
import oasis.os.linux.Sys;
import oasis.testkit.TestNamespace;

/**
 * A packet socket on one interface that puts anything on the wire, and sees everything that comes
 * in: virtio header, link header and packet. For tests.
 */
final class PacketTap implements AutoCloseable {
  private static final int SOCKADDR_LL_BYTES = 20;

  private final int fd;
  private final Memory memory = Memory.allocate(70_000);
  private final Poller poller = new Poller();
  private int sentBytes;

  private PacketTap(int fd) {
    this.fd = fd;
    poller.add(fd);
  }

  static PacketTap open(TestNamespace namespace, String device) throws Exception {
    return namespace.in(() -> open(Sys.ifNameToIndex(device)));
  }

  private static PacketTap open(int index) throws Exception {
    int fd = Sys.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    Errno.check(fd, "socket", "for a tap");
    Sockets.set(fd, SOL_PACKET, PACKET_VNET_HDR, 1, "PACKET_VNET_HDR");
    Sockets.set(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, "PACKET_IGNORE_OUTGOING");
    Sockets.receiveBuffer(fd, 16 << 20);
    Sockets.sendBuffer(fd, 8 << 20);
    Memory address = Memory.allocate(SOCKADDR_LL_BYTES);
    ByteBuffer b = address.buffer().putShort(2, (short) ETH_P_ALL);
    b.order(ByteOrder.nativeOrder()).putShort(0, (short) AF_PACKET).putInt(4, index);
    Errno.check(Sys.bind(fd, address, SOCKADDR_LL_BYTES), "bind", "of a tap");
    return new PacketTap(fd);
  }

  /** Sends virtio header, link header and packet. */
  void send(byte[] frame) throws Exception {
    memory.buffer().put(0, frame);
    sentBytes = frame.length;
    Errno.check((int) Sys.write(fd, memory.address(), frame.length), "write", "to a tap");
  }

  /** Sends what was sent last, without allocating; nothing may have been received since. */
  void sendAgain() {
    if (Sys.write(fd, memory.address(), sentBytes) != sentBytes) {
      throw new IllegalStateException("not sent");
    }
  }

  /** The next frame, virtio header first; none when nothing comes for so long. */
  Optional<byte[]> receive(int waitMillis) {
    if (poller.await(waitMillis * 1_000_000L) <= 0) {
      return Optional.empty();
    }
    int bytes = (int) Sys.read(fd, memory.address(), memory.bytes());
    if (bytes <= 0) {
      return Optional.empty();
    }
    byte[] frame = new byte[bytes];
    memory.buffer().get(0, frame);
    return Optional.of(frame);
  }

  /** A virtio header that offloads nothing, an Ethernet header, and the packet. */
  static byte[] plain(byte[] link, byte[] packet) {
    byte[] frame = Arrays.copyOf(new byte[10], 10 + link.length + packet.length);
    System.arraycopy(link, 0, frame, 10, link.length);
    System.arraycopy(packet, 0, frame, 10 + link.length, packet.length);
    return frame;
  }

  /** An Ethernet header. */
  static byte[] ethernet(String to, String from, boolean v4) {
    ByteBuffer b = ByteBuffer.allocate(14).put(mac(to)).put(mac(from));
    return b.putShort((short) (v4 ? 0x0800 : 0x86dd)).array();
  }

  private static byte[] mac(String text) {
    byte[] mac = new byte[6];
    for (int i = 0; i < 6; i++) {
      mac[i] = (byte) Integer.parseInt(text.substring(3 * i, 3 * i + 2), 16);
    }
    return mac;
  }

  @Override
  public void close() {
    Sys.close(fd);
  }
}
