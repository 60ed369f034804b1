// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import oasis.packet.Address;

/** Builds rtnetlink datagrams, plainly, for tests. */
final class NetlinkMessages {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** Adds a message: header, fixed part, attributes. */
  NetlinkMessages message(int type, int sequence, byte[]... parts) {
    byte[] body = join(parts);
    byte[] header = new byte[16];
    nativeOrder(header)
        .putInt(16 + body.length)
        .putShort((short) type)
        .putShort((short) 0)
        .putInt(sequence);
    out.writeBytes(header);
    out.writeBytes(padded(body));
    return this;
  }

  byte[] bytes() {
    return out.toByteArray();
  }

  static byte[] rtmsg(int family, int type) {
    return new byte[] {(byte) family, 24, 0, 0, (byte) 254, 3, 0, (byte) type, 0, 0, 0, 0};
  }

  static byte[] ndmsg(int family, int index, int state) {
    byte[] bytes = new byte[12];
    nativeOrder(bytes).putInt(family).putInt(index).putShort((short) state);
    return bytes;
  }

  static byte[] ifinfomsg(int type, int index, int flags) {
    byte[] bytes = new byte[16];
    nativeOrder(bytes).putShort((short) 0).putShort((short) type).putInt(index).putInt(flags);
    return bytes;
  }

  static byte[] attribute(int type, byte[]... parts) {
    byte[] value = join(parts);
    byte[] bytes = new byte[4 + value.length];
    nativeOrder(bytes).putShort((short) bytes.length).putShort((short) type).put(value);
    return padded(bytes);
  }

  static byte[] int32(int... values) {
    byte[] bytes = new byte[4 * values.length];
    nativeOrder(bytes).asIntBuffer().put(values);
    return bytes;
  }

  static byte[] int16(int value) {
    byte[] bytes = new byte[2];
    nativeOrder(bytes).putShort((short) value);
    return bytes;
  }

  static byte[] address(String text) {
    Address a = Address.parse(text);
    return a.isV4()
        ? ByteBuffer.allocate(4).putInt((int) a.lo()).array()
        : ByteBuffer.allocate(16).putLong(a.hi()).putLong(a.lo()).array();
  }

  static byte[] mac(long mac) {
    return ByteBuffer.allocate(6).putShort((short) (mac >>> 32)).putInt((int) mac).array();
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private static byte[] padded(byte[] bytes) {
    return join(bytes, new byte[-bytes.length & 3]);
  }

  private static ByteBuffer nativeOrder(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
  }
}
