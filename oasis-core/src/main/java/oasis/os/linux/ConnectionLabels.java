// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static oasis.os.linux.LinuxConstants.AF_INET;
import static oasis.os.linux.LinuxConstants.AF_INET6;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.packet.Addresses;
import oasis.packet.FlowKey;
import oasis.packet.Ip;

/**
 * Reads the labels of tracked connections by netlink (ctnetlink, {@code
 * linux/netfilter/nfnetlink_conntrack.h}). The kernel answers while the request is being written,
 * so a question is two system calls and waits for nothing. Needs CAP_NET_ADMIN. Confined to one
 * thread; allocates nothing.
 */
public final class ConnectionLabels implements AutoCloseable {
  /** NFNL_SUBSYS_CTNETLINK and IPCTNL_MSG_CT_GET. */
  private static final int CT_GET = 1 << 8 | 1;

  private static final int NLM_F_REQUEST = 1;
  private static final int NLA_F_NESTED = 0x8000;
  private static final int CTA_TUPLE_REPLY = 2;
  private static final int CTA_TUPLE_IP = 1;
  private static final int CTA_TUPLE_PROTO = 2;
  private static final int CTA_IP_V4_SRC = 1;
  private static final int CTA_IP_V4_DST = 2;
  private static final int CTA_IP_V6_SRC = 3;
  private static final int CTA_IP_V6_DST = 4;
  private static final int CTA_PROTO_NUM = 1;
  private static final int CTA_PROTO_SRC_PORT = 2;
  private static final int CTA_PROTO_DST_PORT = 3;
  private static final int CTA_PROTO_ICMP_ID = 4;
  private static final int CTA_PROTO_ICMPV6_ID = 7;
  private static final int ECHO_REPLY = 0;
  private static final int ECHO_REPLY6 = 129;

  private static final int REQUEST_BYTES = 256;
  private static final int ANSWER_BYTES = 8 * 1024;

  /** Late answers to earlier questions that are passed over before one counts as lost. */
  private static final int MAX_READS = 16;

  private final int fd;
  private final Memory request = Memory.allocate(REQUEST_BYTES);
  private final ByteBuffer native32 = request.buffer().duplicate().order(ByteOrder.nativeOrder());
  private final Memory answer = Memory.allocate(ANSWER_BYTES);
  private final NetlinkReader reader = new NetlinkReader();
  private int length;
  private int sequence;

  private ConnectionLabels(int fd) {
    this.fd = fd;
  }

  /** Opens a socket in the network namespace of the calling thread. */
  public static ConnectionLabels open() throws OsException {
    return new ConnectionLabels(Netlink.open(Netlink.NETFILTER, 0));
  }

  /**
   * The upper 64 labels of a connection, label 64 as bit 0.
   *
   * <p>It is looked for by what its answers will look like: so it is found by a packet that has
   * left the host's own translation behind.
   *
   * @param key of a packet of the connection's first direction, as it left the host
   * @return 0 also when the kernel tracks no such connection or does not answer
   */
  public long upper(FlowKey key) {
    begin(key);
    native32.putInt(0, length);
    if (Sys.write(fd, request.address(), length) < 0) {
      return 0;
    }
    for (int i = 0; i < MAX_READS; i++) {
      long bytes = Sys.read(fd, answer.address(), ANSWER_BYTES);
      if (bytes < 0) {
        return 0;
      }
      reader.begin(answer.buffer(), (int) bytes);
      while (reader.next()) {
        if (reader.sequence() == sequence) {
          return reader.type() == NetlinkReader.CT_NEW ? reader.upperLabels() : 0;
        }
      }
    }
    return 0;
  }

  private void begin(FlowKey key) {
    boolean v4 = Addresses.isV4(key.dstHi, key.dstLo);
    length = NetlinkReader.HEADER_BYTES + NetlinkReader.NFGENMSG_BYTES;
    for (int i = 0; i < length; i += 4) {
      native32.putInt(i, 0);
    }
    native32.putShort(4, (short) CT_GET);
    native32.putShort(6, (short) NLM_F_REQUEST);
    native32.putInt(8, ++sequence);
    native32.put(NetlinkReader.HEADER_BYTES, (byte) (v4 ? AF_INET : AF_INET6));
    int tuple = nest(CTA_TUPLE_REPLY);
    int addresses = nest(CTA_TUPLE_IP);
    putAddress(v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, v4, key.dstHi, key.dstLo);
    putAddress(v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, v4, key.srcHi, key.srcLo);
    end(addresses);
    int protocol = nest(CTA_TUPLE_PROTO);
    put8(CTA_PROTO_NUM, key.protocol());
    if (key.protocol() == Ip.ICMP || key.protocol() == Ip.ICMP6) {
      int id = v4 ? CTA_PROTO_ICMP_ID : CTA_PROTO_ICMPV6_ID;
      put16(id, key.sport());
      put8(id + 1, v4 ? ECHO_REPLY : ECHO_REPLY6);
      put8(id + 2, 0);
    } else {
      put16(CTA_PROTO_SRC_PORT, key.dport());
      put16(CTA_PROTO_DST_PORT, key.sport());
    }
    end(protocol);
    end(tuple);
  }

  private int nest(int type) {
    int at = length;
    native32.putShort(at + 2, (short) (type | NLA_F_NESTED));
    length += 4;
    return at;
  }

  private void end(int nested) {
    native32.putShort(nested, (short) (length - nested));
  }

  private void putAddress(int type, boolean v4, long hi, long lo) {
    attribute(type, v4 ? 4 : 16);
    if (v4) {
      request.buffer().putInt(length, (int) lo);
      length += 4;
    } else {
      request.buffer().putLong(length, hi).putLong(length + 8, lo);
      length += 16;
    }
  }

  /** In network order, padded. */
  private void put16(int type, int value) {
    attribute(type, 2);
    request.buffer().putInt(length, value << 16);
    length += 4;
  }

  private void put8(int type, int value) {
    attribute(type, 1);
    request.buffer().putInt(length, value << 24);
    length += 4;
  }

  private void attribute(int type, int valueBytes) {
    native32.putShort(length, (short) (4 + valueBytes));
    native32.putShort(length + 2, (short) type);
    length += 4;
  }

  @Override
  public void close() {
    Sys.close(fd);
  }
}
