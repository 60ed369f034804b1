// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static oasis.os.linux.LinuxConstants.AF_INET;
import static oasis.os.linux.LinuxConstants.AF_INET6;
import static oasis.os.linux.LinuxConstants.AF_UNSPEC;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import oasis.os.HostRoutes;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.packet.Addresses;

/**
 * Asks the kernel by rtnetlink (rtnetlink(7)). The kernel answers while the request is being
 * written, so a question is two system calls and never waits for an answer; it may wait for the
 * lock that changes of the host's network hold. It needs no privilege.
 */
public final class RouteSocket implements HostRoutes, AutoCloseable {
  private static final int RTM_GETLINK = 18;
  private static final int RTM_GETROUTE = 26;
  private static final int RTM_GETNEIGH = 30;
  private static final int NLM_F_REQUEST = 1;
  private static final int RTA_DST = 1;
  private static final int RTA_MARK = 16;
  private static final int NDA_DST = 1;
  private static final int IFLA_EXT_MASK = 29;
  private static final int RTEXT_FILTER_SKIP_STATS = 8;

  private static final int REQUEST_BYTES = 128;
  private static final int ANSWER_BYTES = 32 * 1024;

  /** Late answers to earlier questions that are passed over before one counts as lost. */
  private static final int MAX_READS = 16;

  private final int fd;
  private final Memory request = Memory.allocate(REQUEST_BYTES);
  private final ByteBuffer native32 = request.buffer().duplicate().order(ByteOrder.nativeOrder());
  private final Memory answer = Memory.allocate(ANSWER_BYTES);
  private final NetlinkReader reader = new NetlinkReader();
  private int length;
  private int sequence;

  private RouteSocket(int fd) {
    this.fd = fd;
  }

  /** Opens a socket in the network namespace of the calling thread. */
  public static RouteSocket open() throws OsException {
    return new RouteSocket(Netlink.open(Netlink.ROUTE, 0));
  }

  @Override
  public int route(long hi, long lo, int mark, Route into) {
    boolean v4 = Addresses.isV4(hi, lo);
    begin(RTM_GETROUTE, NetlinkReader.RTMSG_BYTES, v4 ? AF_INET : AF_INET6);
    native32.put(NetlinkReader.HEADER_BYTES + 1, (byte) (v4 ? 32 : 128));
    putAddress(RTA_DST, hi, lo);
    if (mark != 0) {
      put32(RTA_MARK, mark);
    }
    int result = ask(NetlinkReader.RTM_NEWROUTE);
    return result == 0 && !reader.route(into) ? -Errno.EIO : result;
  }

  @Override
  public int neighbour(int interfaceIndex, long hi, long lo, Neighbour into) {
    boolean v4 = Addresses.isV4(hi, lo);
    begin(RTM_GETNEIGH, NetlinkReader.NDMSG_BYTES, v4 ? AF_INET : AF_INET6);
    native32.putInt(NetlinkReader.HEADER_BYTES + 4, interfaceIndex);
    putAddress(NDA_DST, hi, lo);
    int result = ask(NetlinkReader.RTM_NEWNEIGH);
    return result == 0 && !reader.neighbour(into) ? -Errno.EIO : result;
  }

  @Override
  public int link(int interfaceIndex, Link into) {
    begin(RTM_GETLINK, NetlinkReader.IFINFOMSG_BYTES, AF_UNSPEC);
    native32.putInt(NetlinkReader.HEADER_BYTES + 4, interfaceIndex);
    put32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    int result = ask(NetlinkReader.RTM_NEWLINK);
    return result == 0 && !reader.link(into) ? -Errno.EIO : result;
  }

  /** Begins a request whose fixed part begins with the family and is zero otherwise. */
  private void begin(int type, int fixedBytes, int family) {
    length = NetlinkReader.HEADER_BYTES + fixedBytes;
    for (int i = 0; i < length; i += 4) {
      native32.putInt(i, 0);
    }
    native32.putShort(4, (short) type);
    native32.putShort(6, (short) NLM_F_REQUEST);
    native32.putInt(8, ++sequence);
    native32.put(NetlinkReader.HEADER_BYTES, (byte) family);
  }

  private void putAddress(int type, long hi, long lo) {
    boolean v4 = Addresses.isV4(hi, lo);
    attribute(type, v4 ? 4 : 16);
    if (v4) {
      request.buffer().putInt(length, (int) lo);
      length += 4;
    } else {
      request.buffer().putLong(length, hi).putLong(length + 8, lo);
      length += 16;
    }
  }

  private void put32(int type, int value) {
    attribute(type, 4);
    native32.putInt(length, value);
    length += 4;
  }

  private void attribute(int type, int valueBytes) {
    native32.putShort(length, (short) (4 + valueBytes));
    native32.putShort(length + 2, (short) type);
    length += 4;
  }

  /** Sends the request. Returns 0 when the reader stands on the answer, else -errno. */
  private int ask(int answerType) {
    native32.putInt(0, length);
    long sent = Sys.write(fd, request.address(), length);
    if (sent < 0) {
      return (int) sent;
    }
    for (int i = 0; i < MAX_READS; i++) {
      long bytes = Sys.read(fd, answer.address(), ANSWER_BYTES);
      if (bytes < 0) {
        return (int) bytes;
      }
      reader.begin(answer.buffer(), (int) bytes);
      while (reader.next()) {
        if (reader.sequence() != sequence) {
          continue;
        }
        if (reader.type() == NetlinkReader.NLMSG_ERROR) {
          int error = reader.error();
          return error == 0 ? -Errno.EIO : error;
        }
        if (reader.type() == answerType) {
          return 0;
        }
      }
    }
    return -Errno.EIO;
  }

  @Override
  public void close() {
    Sys.close(fd);
  }
}
