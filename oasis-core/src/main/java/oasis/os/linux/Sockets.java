// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static oasis.os.linux.LinuxConstants.AF_INET;
import static oasis.os.linux.LinuxConstants.AF_INET6;
import static oasis.os.linux.LinuxConstants.SOL_SOCKET;
import static oasis.os.linux.LinuxConstants.SO_RCVBUF;
import static oasis.os.linux.LinuxConstants.SO_RCVBUFFORCE;
import static oasis.os.linux.LinuxConstants.SO_SNDBUF;
import static oasis.os.linux.LinuxConstants.SO_SNDBUFFORCE;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.packet.Address;
import org.jspecify.annotations.Nullable;

/**
 * Socket options and {@code struct sockaddr}. Addresses are two longs (IPv4-mapped form, see
 * FlowKey). The sockaddr methods take any buffer and do not allocate; the option methods are for
 * set-up.
 */
public final class Sockets {
  /** Bytes of {@code struct sockaddr_in}. */
  public static final int SOCKADDR_IN_BYTES = 16;

  /** Bytes of {@code struct sockaddr_in6}; no address we use is longer. */
  public static final int SOCKADDR_IN6_BYTES = 28;

  private static final long MAPPED = 0xffff_0000_0000L;
  private static final boolean LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

  private Sockets() {}

  /**
   * Writes a socket address.
   *
   * @param b big-endian buffer
   * @param family AF_INET, for which only the low 32 bits of {@code lo} count, or AF_INET6
   * @return its bytes
   */
  public static int putAddress(ByteBuffer b, int at, int family, long hi, long lo, int port) {
    b.putShort(at, nativeShort(family));
    b.putShort(at + 2, (short) port);
    if (family == AF_INET) {
      b.putInt(at + 4, (int) lo);
      b.putLong(at + 8, 0);
      return SOCKADDR_IN_BYTES;
    }
    b.putInt(at + 4, 0);
    b.putLong(at + 8, hi);
    b.putLong(at + 16, lo);
    b.putInt(at + 24, 0);
    return SOCKADDR_IN6_BYTES;
  }

  /** High half of the address in a socket address. */
  public static long addressHi(ByteBuffer b, int at) {
    return isIpv6(b, at) ? b.getLong(at + 8) : 0;
  }

  /** Low half of the address in a socket address. */
  public static long addressLo(ByteBuffer b, int at) {
    return isIpv6(b, at) ? b.getLong(at + 16) : MAPPED | b.getInt(at + 4) & 0xffff_ffffL;
  }

  /** Port in a socket address. */
  public static int port(ByteBuffer b, int at) {
    return b.getShort(at + 2) & 0xffff;
  }

  private static boolean isIpv6(ByteBuffer b, int at) {
    return b.getShort(at) == nativeShort(AF_INET6);
  }

  private static short nativeShort(int value) {
    return LITTLE ? Short.reverseBytes((short) value) : (short) value;
  }

  /** Sets an option that has to be there; the message names it. */
  public static void set(int fd, int level, int option, int value, String name) throws OsException {
    Errno.check(trySet(fd, level, option, value), "setsockopt", name);
  }

  /**
   * Sets an option that the kernel may lack.
   *
   * @return 0 or -errno
   */
  public static int trySet(int fd, int level, int option, int value) {
    Memory memory = Memory.allocate(4);
    memory.buffer().order(ByteOrder.nativeOrder()).putInt(0, value);
    return Sys.setsockopt(fd, level, option, memory, 4);
  }

  /**
   * Asks for room for what waits to be sent: beyond the system's limit where this process may, as
   * root of the first user namespace, else up to the limit.
   */
  public static void sendBuffer(int fd, int bytes) throws OsException {
    if (trySet(fd, SOL_SOCKET, SO_SNDBUFFORCE, bytes) < 0) {
      set(fd, SOL_SOCKET, SO_SNDBUF, bytes, "SO_SNDBUF");
    }
  }

  /** Asks for room for what waits to be read, as {@link #sendBuffer} does. */
  public static void receiveBuffer(int fd, int bytes) throws OsException {
    if (trySet(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes) < 0) {
      set(fd, SOL_SOCKET, SO_RCVBUF, bytes, "SO_RCVBUF");
    }
  }

  /** Binds a socket; 0 or -errno. */
  public static int bind(int fd, int family, long hi, long lo, int port) {
    Memory memory = Memory.allocate(SOCKADDR_IN6_BYTES);
    int bytes = putAddress(memory.buffer(), 0, family, hi, lo, port);
    return Sys.bind(fd, memory, bytes);
  }

  /** Connects a socket; 0 or -errno. */
  public static int connect(int fd, int family, long hi, long lo, int port) {
    Memory memory = Memory.allocate(SOCKADDR_IN6_BYTES);
    int bytes = putAddress(memory.buffer(), 0, family, hi, lo, port);
    return Sys.connect(fd, memory, bytes);
  }

  /** Port that a socket is bound to, or -errno. */
  public static int localPort(int fd) {
    Memory name = Memory.allocate(SOCKADDR_IN6_BYTES + 4 + 4);
    int result = localName(fd, name);
    return result < 0 ? result : port(name.buffer(), 0);
  }

  /** Address that a socket is bound to, or null when the kernel does not say. */
  public static @Nullable Address localAddress(int fd) {
    Memory name = Memory.allocate(SOCKADDR_IN6_BYTES + 4 + 4);
    return localName(fd, name) < 0
        ? null
        : new Address(addressHi(name.buffer(), 0), addressLo(name.buffer(), 0));
  }

  /** AF_INET or AF_INET6, whichever a bound socket is of, or -errno. */
  public static int family(int fd) {
    Memory name = Memory.allocate(SOCKADDR_IN6_BYTES + 4 + 4);
    int result = localName(fd, name);
    return result < 0 ? result : isIpv6(name.buffer(), 0) ? AF_INET6 : AF_INET;
  }

  private static int localName(int fd, Memory name) {
    ByteBuffer b = name.buffer();
    b.order(ByteOrder.nativeOrder()).putInt(32, SOCKADDR_IN6_BYTES).order(ByteOrder.BIG_ENDIAN);
    try {
      return Sys.getsockname(fd, name.address(), name.address() + 32);
    } finally {
      Reference.reachabilityFence(name);
    }
  }
}
