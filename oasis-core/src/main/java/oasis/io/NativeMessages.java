// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import oasis.os.Memory;

/**
 * An array of {@code struct mmsghdr}, each with room for a socket address and for control data, and
 * an array of {@code struct iovec} that they share; in the layout of 64-bit Linux.
 *
 * <pre>
 * mmsghdr:  0 name | 8 name length | 16 iovecs | 24 number of iovecs | 32 control | 40 control
 *           length | 48 flags | 56 bytes received or sent | (64)
 * cmsghdr:  0 length | 8 level | 12 type | 16 data
 * </pre>
 */
final class NativeMessages {
  static final int CMSG_DATA = 16;

  private static final int MESSAGE_BYTES = 64;
  private static final int IOVEC_BYTES = 16;
  private static final int NAME_BYTES = 32;
  private static final int CONTROL_BYTES = 64;

  private final Memory memory;
  private final ByteBuffer b;
  private final int iovecs;
  private final int names;
  private final int controls;

  /** Makes {@code count} messages that use {@code iovecCount} iovecs between them. */
  NativeMessages(int count, int iovecCount) {
    iovecs = count * MESSAGE_BYTES;
    names = iovecs + iovecCount * IOVEC_BYTES;
    controls = names + count * NAME_BYTES;
    memory = Memory.allocate(controls + count * CONTROL_BYTES);
    b = memory.buffer().duplicate().order(ByteOrder.nativeOrder());
  }

  /** Native address of message {@code i}. */
  long address(int i) {
    return memory.address() + (long) i * MESSAGE_BYTES;
  }

  void iovec(int index, long address, long bytes) {
    int at = iovecs + index * IOVEC_BYTES;
    b.putLong(at, address);
    b.putLong(at + 8, bytes);
  }

  /** Lets message {@code i} consist of {@code count} iovecs from {@code first} on. */
  void iovecs(int i, int first, int count) {
    int at = i * MESSAGE_BYTES;
    b.putLong(at + 16, memory.address() + iovecs + (long) first * IOVEC_BYTES);
    b.putLong(at + 24, count);
  }

  /** Big-endian memory of all socket addresses; see {@link #nameAt}. */
  ByteBuffer names() {
    return memory.buffer();
  }

  /** Index in {@link #names()} of the socket address of message {@code i}. */
  int nameAt(int i) {
    return names + i * NAME_BYTES;
  }

  /** Gives message {@code i} the first {@code bytes} of its address memory; 0 for no address. */
  void name(int i, int bytes) {
    int at = i * MESSAGE_BYTES;
    b.putLong(at, bytes == 0 ? 0 : memory.address() + nameAt(i));
    b.putInt(at + 8, bytes);
  }

  /** Gives message {@code i} the address of message {@code other}. */
  void nameOf(int i, int other) {
    b.putLong(i * MESSAGE_BYTES, b.getLong(other * MESSAGE_BYTES));
    b.putInt(i * MESSAGE_BYTES + 8, b.getInt(other * MESSAGE_BYTES + 8));
  }

  /** Offers message {@code i} its whole control memory to be filled by the kernel. */
  void offerControl(int i) {
    control(i, CONTROL_BYTES);
  }

  void noControl(int i) {
    control(i, 0);
  }

  /** Gives message {@code i} one control message that holds a 16-bit number. */
  void control(int i, int level, int type, int value) {
    int c = controls + i * CONTROL_BYTES;
    b.putLong(c, CMSG_DATA + 2);
    b.putInt(c + 8, level);
    b.putInt(c + 12, type);
    b.putShort(c + CMSG_DATA, (short) value);
    control(i, CMSG_DATA + 8);
  }

  private void control(int i, int bytes) {
    int at = i * MESSAGE_BYTES;
    b.putLong(at + 32, bytes == 0 ? 0 : memory.address() + controls + (long) i * CONTROL_BYTES);
    b.putLong(at + 40, bytes);
  }

  /**
   * Reads the 32-bit number of the first control message that message {@code i} came with.
   *
   * @return the number, or {@code otherwise} when the control message is another one
   */
  int controlInt(int i, int level, int type, int otherwise) {
    int c = controls + i * CONTROL_BYTES;
    if (b.getLong(i * MESSAGE_BYTES + 40) < CMSG_DATA + 4
        || b.getLong(c) < CMSG_DATA + 4
        || b.getInt(c + 8) != level
        || b.getInt(c + 12) != type) {
      return otherwise;
    }
    return b.getInt(c + CMSG_DATA);
  }

  /** Bytes that were received into message {@code i}. */
  int bytes(int i) {
    return b.getInt(i * MESSAGE_BYTES + 56);
  }
}
