// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static oasis.os.linux.LinuxConstants.AF_UNIX;
import static oasis.os.linux.LinuxConstants.SOCK_CLOEXEC;
import static oasis.os.linux.LinuxConstants.SOCK_STREAM;
import static oasis.os.linux.LinuxConstants.SOL_SOCKET;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import oasis.os.Memory;
import oasis.os.OsException;

/**
 * A Unix socket by which two processes hand messages and open files to each other (SCM_RIGHTS of
 * unix(7)). A file that was received is the very one of the sender: a socket keeps its queue, a TUN
 * device lives on. Blocking, with a time limit for each step. Confined to one thread.
 *
 * <p>A message is its length and its number of files (4 bytes each), then one byte for each 250
 * files, which those come with, then its bytes.
 */
public final class DescriptorSocket implements AutoCloseable {
  /** Longest message. */
  public static final int MOST_BYTES = 1 << 30;

  /** Most files of a message. */
  public static final int MOST_FILES = 1 << 18;

  // The kernel takes at most 253 at once (SCM_MAX_FD).
  private static final int FILES_AT_ONCE = 250;

  private static final int SUN_PATH_BYTES = 108;
  private static final int SO_RCVTIMEO = 20;
  private static final int SO_SNDTIMEO = 21;
  private static final int SCM_RIGHTS = 1;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MSG_CMSG_CLOEXEC = 0x4000_0000;
  private static final int MSG_CTRUNC = 8;
  private static final int EPIPE = 32;
  private static final int ECONNRESET = 104;
  private static final int CHUNK_BYTES = 1 << 16;

  // struct msghdr of 64-bit Linux, one iovec, one byte, one cmsghdr with its files.
  private static final int IOVEC = 56;
  private static final int BYTE = IOVEC + 16;
  private static final int CONTROL = BYTE + 8;
  private static final int CMSG_DATA = 16;
  private static final int MESSAGE_BYTES = CONTROL + CMSG_DATA + 4 * FILES_AT_ONCE;

  private int fd;
  private final Memory message = Memory.allocate(MESSAGE_BYTES);
  private final ByteBuffer m = message.buffer().duplicate().order(ByteOrder.nativeOrder());
  private final Memory chunk = Memory.allocate(CHUNK_BYTES);

  /**
   * A message as it came.
   *
   * @param bytes its content
   * @param files its open files, which belong to the receiver
   */
  @SuppressWarnings("ArrayRecordComponent") // Messages are taken apart, never compared.
  public record Message(byte[] bytes, int[] files) {
    /** Closes all files. */
    public void discard() {
      for (int each : files) {
        Sys.close(each);
      }
    }
  }

  private DescriptorSocket(int fd) {
    this.fd = fd;
  }

  /**
   * Waits at a path for others to connect.
   *
   * @param path does not exist yet; at most 107 bytes long
   */
  public static DescriptorSocket listen(Path path) throws OsException {
    DescriptorSocket socket = open();
    try {
      Memory address = address(path);
      Errno.check(Sys.bind(socket.fd, address, address.bytes()), "bind", path.toString());
      Errno.check(Sys.listen(socket.fd, 1), "listen", path.toString());
      return socket;
    } catch (OsException e) {
      socket.close();
      throw e;
    }
  }

  /** Connects to who listens at a path. */
  public static DescriptorSocket connect(Path path) throws OsException {
    DescriptorSocket socket = open();
    try {
      Memory address = address(path);
      Errno.check(Sys.connect(socket.fd, address, address.bytes()), "connect", path.toString());
      return socket;
    } catch (OsException e) {
      socket.close();
      throw e;
    }
  }

  private static DescriptorSocket open() throws OsException {
    return new DescriptorSocket(
        Errno.check(Sys.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket", "AF_UNIX"));
  }

  /** {@code struct sockaddr_un}, with the zero byte behind the path. */
  private static Memory address(Path path) throws OsException {
    byte[] bytes = path.toString().getBytes(UTF_8);
    if (bytes.length >= SUN_PATH_BYTES) {
      throw new OsException("the path of a Unix socket is too long: " + path);
    }
    Memory address = Memory.allocate(2 + bytes.length + 1);
    address.buffer().order(ByteOrder.nativeOrder()).putShort(0, (short) AF_UNIX);
    address.buffer().put(2, bytes);
    return address;
  }

  /** The next one who connects. */
  public DescriptorSocket accept(Duration patience) throws OsException {
    patience(patience);
    int one = Sys.accept(fd, SOCK_CLOEXEC);
    return new DescriptorSocket(Errno.check(one, "accept", "on a Unix socket"));
  }

  /** How long each of the following calls waits for the other side; a step of it, at least. */
  public void patience(Duration patience) throws OsException {
    Memory time = Memory.allocate(16);
    time.buffer().order(ByteOrder.nativeOrder());
    time.buffer().putLong(0, patience.toSeconds()).putLong(8, patience.toNanosPart() / 1000);
    for (int option : new int[] {SO_RCVTIMEO, SO_SNDTIMEO}) {
      Errno.check(
          Sys.setsockopt(fd, SOL_SOCKET, option, time, time.bytes()), "setsockopt", "SO_RCVTIMEO");
    }
  }

  /** Sends a message with open files, which stay open here. */
  public void send(byte[] bytes, int... files) throws OsException {
    if (bytes.length > MOST_BYTES || files.length > MOST_FILES) {
      throw new OsException("a message is too long: " + bytes.length + ", " + files.length);
    }
    write(ByteBuffer.allocate(8).putInt(bytes.length).putInt(files.length).array());
    for (int at = 0; at < files.length; at += FILES_AT_ONCE) {
      int count = Math.min(FILES_AT_ONCE, files.length - at);
      prepare(count);
      m.putLong(CONTROL, CMSG_DATA + 4L * count);
      m.putInt(CONTROL + 8, SOL_SOCKET);
      m.putInt(CONTROL + 12, SCM_RIGHTS);
      for (int i = 0; i < count; i++) {
        m.putInt(CONTROL + CMSG_DATA + 4 * i, files[at + i]);
      }
      check(Sys.sendmsg(fd, message.address(), MSG_NOSIGNAL), "sendmsg");
    }
    write(bytes);
  }

  /** Lays a message of one byte out, with room for so many files. */
  private void prepare(int files) {
    long base = message.address();
    for (int at = 0; at < IOVEC; at += 8) {
      m.putLong(at, 0);
    }
    m.putLong(16, base + IOVEC);
    m.putLong(24, 1);
    m.putLong(32, base + CONTROL);
    // CMSG_SPACE: rounded up to 8
    m.putLong(40, CMSG_DATA + (4L * files + 7 & ~7L));
    m.putLong(IOVEC, base + BYTE);
    m.putLong(IOVEC + 8, 1);
  }

  /** Waits for the next message. */
  public Message receive() throws OsException {
    ByteBuffer head = ByteBuffer.wrap(read(8));
    int length = head.getInt();
    int count = head.getInt();
    if (length < 0 || length > MOST_BYTES || count < 0 || count > MOST_FILES) {
      throw new OsException(
          "a message says that it is %d bytes, %d files".formatted(length, count));
    }
    int[] files = new int[count];
    int have = 0;
    boolean whole = false;
    try {
      while (have < count) {
        have = receiveFiles(files, have, Math.min(FILES_AT_ONCE, count - have));
      }
      byte[] bytes = read(length);
      whole = true;
      return new Message(bytes, files);
    } finally {
      for (int i = 0; i < have && !whole; i++) {
        Sys.close(files[i]);
      }
    }
  }

  /** Receives so many files; returns how many there are then. */
  private int receiveFiles(int[] files, int have, int count) throws OsException {
    prepare(FILES_AT_ONCE);
    long n = Sys.recvmsg(fd, message.address(), MSG_CMSG_CLOEXEC);
    check(n == 0 ? -ECONNRESET : n, "recvmsg");
    long length = m.getLong(40) == 0 ? 0 : m.getLong(CONTROL);
    int came =
        length < CMSG_DATA || m.getInt(CONTROL + 12) != SCM_RIGHTS
            ? 0
            : (int) (length - CMSG_DATA) / 4;
    for (int i = 0; i < Math.min(came, count); i++) {
      files[have + i] = m.getInt(CONTROL + CMSG_DATA + 4 * i);
    }
    if (came != count || (m.getInt(48) & MSG_CTRUNC) != 0) {
      for (int i = 0; i < Math.min(came, count); i++) {
        Sys.close(files[have + i]);
      }
      throw new OsException(
          "only %d of %d files were received: this process may open too few"
              .formatted(came, count));
    }
    return have + came;
  }

  private void write(byte[] bytes) throws OsException {
    for (int at = 0; at < bytes.length; ) {
      int length = Math.min(CHUNK_BYTES, bytes.length - at);
      chunk.buffer().put(0, bytes, at, length);
      at += (int) check(Sys.write(fd, chunk.address(), length), "write");
    }
  }

  private byte[] read(int bytes) throws OsException {
    byte[] all = new byte[bytes];
    for (int at = 0; at < bytes; ) {
      long n = Sys.read(fd, chunk.address(), Math.min(CHUNK_BYTES, bytes - at));
      check(n == 0 ? -ECONNRESET : n, "read");
      chunk.buffer().get(0, all, at, (int) n);
      at += (int) n;
    }
    return all;
  }

  private static long check(long result, String call) throws OsException {
    if (result == -Errno.EAGAIN) {
      throw new OsException("the other process does not answer");
    }
    if (result == -ECONNRESET || result == -EPIPE) {
      throw new OsException("the other process has gone");
    }
    if (result < 0) {
      throw new OsException(call + " on a Unix socket: " + Errno.text((int) -result));
    }
    return result;
  }

  @Override
  public void close() {
    if (fd >= 0) {
      Sys.close(fd);
      fd = -1;
    }
  }
}
