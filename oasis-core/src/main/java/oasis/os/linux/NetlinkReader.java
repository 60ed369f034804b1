// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static oasis.os.linux.LinuxConstants.AF_INET;
import static oasis.os.linux.LinuxConstants.AF_INET6;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import oasis.os.HostRoutes;
import oasis.packet.Addresses;

/**
 * Reads the messages of one datagram of rtnetlink(7), or of connection tracking, out of a buffer.
 * No length is trusted: an attribute that would reach beyond its message, or a message beyond the
 * datagram, ends the reading. Nothing is allocated.
 *
 * <pre>
 * nlmsghdr:  0 length | 4 type | 6 flags | 8 sequence | 12 port | (16)
 * rtattr:    0 length | 2 type | 4 value, padded to a multiple of 4
 * rtmsg:     0 family | 1 dst_len | 2 src_len | 3 tos | 4 table | 5 protocol | 6 scope | 7 type |
 *            8 flags | (12)
 * ndmsg:     0 family | 4 ifindex | 8 state | 10 flags | 11 type | (12)
 * ifinfomsg: 0 family | 2 type | 4 index | 8 flags | 12 change | (16)
 * nfgenmsg:  0 family | 1 version | 2 resource | (4)
 * </pre>
 */
final class NetlinkReader {
  static final int NLMSG_ERROR = 2;
  static final int RTM_NEWLINK = 16;
  static final int RTM_NEWROUTE = 24;
  static final int RTM_NEWNEIGH = 28;

  /** NFNL_SUBSYS_CTNETLINK and IPCTNL_MSG_CT_NEW. */
  static final int CT_NEW = 1 << 8;

  static final int HEADER_BYTES = 16;
  static final int RTMSG_BYTES = 12;
  static final int NDMSG_BYTES = 12;
  static final int IFINFOMSG_BYTES = 16;
  static final int NFGENMSG_BYTES = 4;

  private static final int RTA_OIF = 4;
  private static final int RTA_GATEWAY = 5;
  private static final int RTA_PREFSRC = 7;
  private static final int RTA_METRICS = 8;
  private static final int RTA_VIA = 18;
  private static final int RTA_ENCAP_TYPE = 21;
  private static final int RTA_ENCAP = 22;
  private static final int RTAX_MTU = 2;
  private static final int NDA_LLADDR = 2;
  private static final int IFLA_ADDRESS = 1;
  private static final int IFLA_MTU = 4;
  private static final int IFLA_MASTER = 10;
  private static final int IFLA_LINKINFO = 18;
  private static final int IFLA_INFO_SLAVE_KIND = 4;
  private static final int IFLA_AF_SPEC = 26;
  private static final int IFLA_INET6_CONF = 2;
  private static final int DEVCONF_MTU6 = 2;
  private static final int CTA_LABELS = 22;
  private static final int LABEL_BYTES = 16;

  /** Nested attributes and attributes in network order carry flags in their upper two bits. */
  private static final int TYPE_MASK = 0x3fff;

  private static final int ATTRIBUTE_BYTES = 4;
  private static final int MAC_BYTES = 6;
  private static final boolean LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

  private ByteBuffer b = ByteBuffer.allocate(0);
  private int end;
  private int at;
  private int next;

  private int attribute;
  private int attributeEnd;
  private int nextAttribute;

  /**
   * Begins with a datagram at index 0 of a buffer.
   *
   * @param buffer big-endian
   * @param bytes length of the datagram; what lies beyond the buffer does not count
   */
  void begin(ByteBuffer buffer, int bytes) {
    b = buffer;
    end = Math.min(bytes, buffer.capacity());
    at = 0;
    next = 0;
  }

  /** Goes on to the next whole message; false when there is none. */
  boolean next() {
    if (next > end - HEADER_BYTES) {
      return false;
    }
    int length = int32(next);
    if (length < HEADER_BYTES || length > end - next) {
      return false;
    }
    at = next;
    next += aligned(length);
    return true;
  }

  /** Type of the message. */
  int type() {
    return int16(at + 4);
  }

  /** Sequence number of the request that the message answers. */
  int sequence() {
    return int32(at + 8);
  }

  /** What an NLMSG_ERROR says: 0 for success, -errno, or -EIO when it is malformed. */
  int error() {
    int error = messageBytes() < HEADER_BYTES + 4 ? -Errno.EIO : int32(at + HEADER_BYTES);
    return error > 0 ? -Errno.EIO : error;
  }

  /** Reads an RTM_NEWROUTE; false when it is malformed. */
  boolean route(HostRoutes.Route into) {
    into.clear();
    if (!attributes(RTMSG_BYTES)) {
      return false;
    }
    int family = b.get(at + HEADER_BYTES);
    into.type = b.get(at + HEADER_BYTES + 7) & 0xff;
    while (nextAttribute()) {
      switch (attributeType()) {
        case RTA_OIF -> into.interfaceIndex = value32();
        case RTA_GATEWAY -> gateway(into, family, 0);
        case RTA_VIA -> via(into);
        case RTA_PREFSRC -> source(into, family);
        case RTA_METRICS -> into.mtu = nested32(RTAX_MTU);
        case RTA_ENCAP, RTA_ENCAP_TYPE -> into.encapsulates = true;
        default -> {}
      }
    }
    return true;
  }

  private void gateway(HostRoutes.Route into, int family, int offset) {
    if (valueBytes() - offset == addressBytes(family)) {
      into.hasGateway = true;
      into.gatewayHi = hi(family, value() + offset);
      into.gatewayLo = lo(family, value() + offset);
    }
  }

  /** {@code struct rtvia}: the family of a gateway that is not the route's, then its address. */
  private void via(HostRoutes.Route into) {
    if (valueBytes() >= 2) {
      gateway(into, int16(value()), 2);
    }
  }

  private void source(HostRoutes.Route into, int family) {
    if (valueBytes() == addressBytes(family)) {
      into.sourceHi = hi(family, value());
      into.sourceLo = lo(family, value());
    }
  }

  /** Reads an RTM_NEWNEIGH; false when it is malformed. */
  boolean neighbour(HostRoutes.Neighbour into) {
    into.clear();
    if (!attributes(NDMSG_BYTES)) {
      return false;
    }
    into.interfaceIndex = int32(at + HEADER_BYTES + 4);
    into.state = int16(at + HEADER_BYTES + 8);
    while (nextAttribute()) {
      if (attributeType() == NDA_LLADDR && valueBytes() == MAC_BYTES) {
        into.hasMac = true;
        into.mac = mac();
      }
    }
    return true;
  }

  /** Reads an RTM_NEWLINK; false when it is malformed. */
  boolean link(HostRoutes.Link into) {
    into.clear();
    if (!attributes(IFINFOMSG_BYTES)) {
      return false;
    }
    into.type = int16(at + HEADER_BYTES + 2);
    into.index = int32(at + HEADER_BYTES + 4);
    into.flags = int32(at + HEADER_BYTES + 8);
    while (nextAttribute()) {
      switch (attributeType()) {
        case IFLA_MTU -> into.mtu = Math.max(0, value32());
        case IFLA_AF_SPEC -> into.mtu6 = mtu6();
        case IFLA_ADDRESS -> {
          if (valueBytes() == MAC_BYTES) {
            into.hasMac = true;
            into.mac = mac();
          }
        }
        default -> {}
      }
    }
    return true;
  }

  /** Index of the interface in an RTM_NEWLINK when it is part of another one, else 0. */
  int enslaved() {
    if (!attributes(IFINFOMSG_BYTES)) {
      return 0;
    }
    boolean hasMaster = false;
    boolean ofVrf = false;
    while (nextAttribute()) {
      switch (attributeType()) {
        case IFLA_MASTER -> hasMaster = value32() != 0;
        case IFLA_LINKINFO -> ofVrf = slaveKindIsVrf();
        default -> {}
      }
    }
    return hasMaster && !ofVrf ? int32(at + HEADER_BYTES + 4) : 0;
  }

  private boolean slaveKindIsVrf() {
    int outerNext = nextAttribute;
    int outerEnd = attributeEnd;
    boolean vrf =
        enter(IFLA_INFO_SLAVE_KIND) && valueBytes() == 4 && b.getInt(value()) == 0x7672_6600;
    nextAttribute = outerNext;
    attributeEnd = outerEnd;
    return vrf;
  }

  /**
   * The upper 64 labels of the connection in a CT_NEW, label 64 as bit 0; 0 when it has none. The
   * kernel keeps them as nft writes them: a number of 128 bits in the host's order.
   */
  long upperLabels() {
    if (!attributes(NFGENMSG_BYTES)) {
      return 0;
    }
    while (nextAttribute()) {
      if (attributeType() == CTA_LABELS && valueBytes() == LABEL_BYTES) {
        return LITTLE ? Long.reverseBytes(b.getLong(value() + 8)) : b.getLong(value());
      }
    }
    return 0;
  }

  /** The IPv6 MTU: in an array of settings, inside the IPv6 part, inside the per-family part. */
  private int mtu6() {
    int outerNext = nextAttribute;
    int outerEnd = attributeEnd;
    int mtu = 0;
    if (enter(AF_INET6) && enter(IFLA_INET6_CONF) && valueBytes() >= 4 * (DEVCONF_MTU6 + 1)) {
      mtu = Math.max(0, int32(value() + 4 * DEVCONF_MTU6));
    }
    nextAttribute = outerNext;
    attributeEnd = outerEnd;
    return mtu;
  }

  /** A 32-bit number among the attributes inside the current one; 0 when it is not there. */
  private int nested32(int type) {
    int outerNext = nextAttribute;
    int outerEnd = attributeEnd;
    int number = enter(type) ? Math.max(0, value32()) : 0;
    nextAttribute = outerNext;
    attributeEnd = outerEnd;
    return number;
  }

  /** Makes the attribute of this type inside the current one the current one. */
  private boolean enter(int type) {
    attributeEnd = value() + valueBytes();
    nextAttribute = value();
    while (nextAttribute()) {
      if (attributeType() == type) {
        return true;
      }
    }
    return false;
  }

  private int messageBytes() {
    return int32(at);
  }

  /** Begins with the attributes behind the fixed part; false when that is not whole. */
  private boolean attributes(int fixedBytes) {
    attributeEnd = at + messageBytes();
    nextAttribute = at + HEADER_BYTES + fixedBytes;
    return nextAttribute <= attributeEnd;
  }

  private boolean nextAttribute() {
    if (nextAttribute > attributeEnd - ATTRIBUTE_BYTES) {
      return false;
    }
    int length = int16(nextAttribute);
    if (length < ATTRIBUTE_BYTES || length > attributeEnd - nextAttribute) {
      return false;
    }
    attribute = nextAttribute;
    nextAttribute += aligned(length);
    return true;
  }

  private int attributeType() {
    return int16(attribute + 2) & TYPE_MASK;
  }

  private int value() {
    return attribute + ATTRIBUTE_BYTES;
  }

  private int valueBytes() {
    return int16(attribute) - ATTRIBUTE_BYTES;
  }

  private int value32() {
    return valueBytes() == 4 ? int32(value()) : 0;
  }

  private long mac() {
    return (b.getShort(value()) & 0xffffL) << 32 | b.getInt(value() + 2) & 0xffff_ffffL;
  }

  /** Bytes of an address; -1 for a family that is not ours. */
  private static int addressBytes(int family) {
    return family == AF_INET ? 4 : family == AF_INET6 ? 16 : -1;
  }

  private long hi(int family, int index) {
    return family == AF_INET ? 0 : b.getLong(index);
  }

  private long lo(int family, int index) {
    return family == AF_INET ? Addresses.v4(b.getInt(index)) : b.getLong(index + 8);
  }

  // Addresses are in network order, everything else in the host's.

  private int int16(int index) {
    short value = b.getShort(index);
    return (LITTLE ? Short.reverseBytes(value) : value) & 0xffff;
  }

  private int int32(int index) {
    int value = b.getInt(index);
    return LITTLE ? Integer.reverseBytes(value) : value;
  }

  private static int aligned(int length) {
    return length + 3 & ~3;
  }
}
