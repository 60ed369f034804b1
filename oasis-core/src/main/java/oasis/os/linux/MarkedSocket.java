// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static oasis.os.linux.LinuxConstants.AF_INET;
import static oasis.os.linux.LinuxConstants.AF_INET6;
import static oasis.os.linux.LinuxConstants.SOCK_CLOEXEC;
import static oasis.os.linux.LinuxConstants.SOCK_STREAM;
import static oasis.os.linux.LinuxConstants.SOL_SOCKET;
import static oasis.os.linux.LinuxConstants.SO_MARK;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import oasis.os.Memory;
import oasis.packet.Address;

/**
 * A TCP connection whose packets carry a firewall mark, which no socket of the JDK can. Everything
 * has to be over by one deadline, however slowly the other side goes on. Only what TLS over a
 * socket needs is there. Confined to one thread.
 */
public final class MarkedSocket extends Socket {
  private static final int SO_RCVTIMEO = 20;
  private static final int SO_SNDTIMEO = 21;
  private static final int TIMEVAL_BYTES = 16;
  private static final int EINTR = 4;
  private static final int EINPROGRESS = 115;
  private static final int CHUNK = 16 << 10;

  private final InetAddress peer;
  private final int peerPort;
  private final long deadlineNs;
  private final int fd;
  private final Memory memory = Memory.allocate(CHUNK);
  private boolean closed;

  private MarkedSocket(int fd, Address to, int port, long deadlineNs) throws UnknownHostException {
    this.fd = fd;
    this.deadlineNs = deadlineNs;
    peer = inet(to);
    peerPort = port;
  }

  /**
   * Connects.
   *
   * @param mark firewall mark of the packets
   * @param deadlineNs by {@link System#nanoTime}: when all of it must be over
   */
  public static MarkedSocket connect(Address to, int port, int mark, long deadlineNs)
      throws IOException {
    int family = to.isV4() ? AF_INET : AF_INET6;
    int fd = Sys.socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      throw new IOException("socket: " + Errno.text(-fd));
    }
    MarkedSocket socket = new MarkedSocket(fd, to, port, deadlineNs);
    try {
      socket.checked(Sockets.trySet(fd, SOL_SOCKET, SO_MARK, mark), "SO_MARK");
      socket.limit(SO_SNDTIMEO);
      socket.checked(Sockets.connect(fd, family, to.hi(), to.lo(), port), "connect");
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private static InetAddress inet(Address address) throws UnknownHostException {
    ByteBuffer bytes = ByteBuffer.allocate(address.isV4() ? 4 : 16);
    if (address.isV4()) {
      bytes.putInt((int) address.lo());
    } else {
      bytes.putLong(address.hi()).putLong(address.lo());
    }
    return InetAddress.getByAddress(bytes.array());
  }

  /** Lets the next call take no longer than until the deadline. */
  private void limit(int option) throws IOException {
    long leftNs = deadlineNs - System.nanoTime();
    if (closed) {
      throw new IOException("closed");
    }
    if (leftNs <= 0) {
      throw late();
    }
    Memory timeval = Memory.allocate(TIMEVAL_BYTES);
    ByteBuffer time = timeval.buffer().order(ByteOrder.nativeOrder());
    time.putLong(0, leftNs / 1_000_000_000L);
    time.putLong(8, Math.max(1, leftNs % 1_000_000_000L / 1_000)); // 0 would mean for ever
    checked(Sys.setsockopt(fd, SOL_SOCKET, option, timeval, TIMEVAL_BYTES), "setsockopt");
  }

  private long checked(long result, String call) throws IOException {
    if (result == -Errno.EAGAIN || result == -EINPROGRESS) {
      throw late();
    }
    if (result < 0) {
      throw new IOException(call + ": " + Errno.text((int) -result));
    }
    return result;
  }

  private static IOException late() {
    return new SocketTimeoutException("it took too long");
  }

  private int read(byte[] into, int at, int length) throws IOException {
    Objects.checkFromIndexSize(at, length, into.length);
    if (length == 0) {
      return 0;
    }
    long read;
    do {
      limit(SO_RCVTIMEO);
      read = Sys.read(fd, memory.address(), Math.min(length, CHUNK));
    } while (read == -EINTR);
    checked(read, "read");
    memory.buffer().get(0, into, at, (int) read);
    return read == 0 ? -1 : (int) read;
  }

  private void write(byte[] from, int at, int length) throws IOException {
    Objects.checkFromIndexSize(at, length, from.length);
    int done = 0;
    while (done < length) {
      int part = Math.min(CHUNK, length - done);
      memory.buffer().put(0, from, at + done, part);
      limit(SO_SNDTIMEO);
      long written = Sys.write(fd, memory.address(), part);
      if (written != -EINTR) {
        done += (int) checked(written, "write");
      }
    }
  }

  @Override
  public InputStream getInputStream() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return MarkedSocket.this.read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] into, int at, int length) throws IOException {
        return MarkedSocket.this.read(into, at, length);
      }
    };
  }

  @Override
  public OutputStream getOutputStream() {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        MarkedSocket.this.write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] from, int at, int length) throws IOException {
        MarkedSocket.this.write(from, at, length);
      }
    };
  }

  @Override
  public InetAddress getInetAddress() {
    return peer;
  }

  @Override
  public int getPort() {
    return peerPort;
  }

  @Override
  public boolean isConnected() {
    return true;
  }

  @Override
  public boolean isBound() {
    return true;
  }

  @Override
  public boolean isClosed() {
    return closed;
  }

  /** Nothing: the deadline rules. */
  @Override
  public void setSoTimeout(int ms) {}

  @Override
  public int getSoTimeout() {
    return 0;
  }

  /** Nothing: {@link #close} ends both directions. */
  @Override
  public void shutdownInput() {}

  /** Nothing: {@link #close} ends both directions. */
  @Override
  public void shutdownOutput() {}

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      Sys.close(fd);
    }
  }
}
