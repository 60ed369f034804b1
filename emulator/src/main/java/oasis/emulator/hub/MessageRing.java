// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.hub;

import static oasis.os.linux.LinuxConstants.MSG_DONTWAIT;
import static oasis.os.linux.LinuxConstants.MSG_TRUNC;
import static oasis.os.linux.LinuxConstants.SO_TIMESTAMPNS;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import oasis.os.Memory;
import oasis.os.linux.Sys;

/**
 * A ring of packets that is also the kernel's array of messages: {@code recvmmsg} fills slots and
 * {@code sendmmsg} sends the same slots, so no byte is copied on the way and nothing is allocated.
 *
 * <pre>
 * struct mmsghdr, 64 bytes on 64-bit Linux      struct cmsghdr + timespec, 32 bytes
 *   0 name      8 name length                     0 length   8 level   12 type
 *  16 iovec    24 iovec count                    16 seconds 24 nanoseconds
 *  32 control  40 control length
 *  48 flags    56 bytes received
 * </pre>
 *
 * Confined to one thread.
 */
public final class MessageRing {
  private static final int MESSAGE_BYTES = 64;
  private static final int IOVEC_BYTES = 16;
  private static final int CONTROL_BYTES = 64;
  private static final int STAMP_BYTES = 32;
  private static final long NS_PER_S = 1_000_000_000L;

  /** What {@link #stampNs} gives when the kernel attached none. */
  public static final long NO_STAMP = Long.MIN_VALUE;

  private final int mask;
  private final int slotBytes;
  private final Memory messages;
  private final Memory iovecs;
  private final Memory controls;
  private final Memory frames;
  private final ByteBuffer message;
  private final ByteBuffer iovec;
  private final ByteBuffer control;

  /**
   * @param slots a power of two
   * @param slotBytes longest frame
   */
  public MessageRing(int slots, int slotBytes) {
    mask = slots - 1;
    this.slotBytes = slotBytes;
    messages = Memory.allocate(slots * MESSAGE_BYTES);
    iovecs = Memory.allocate(slots * IOVEC_BYTES);
    controls = Memory.allocate(slots * CONTROL_BYTES);
    frames = Memory.allocate(Math.multiplyExact(slots, slotBytes));
    message = messages.buffer().duplicate().order(ByteOrder.nativeOrder());
    iovec = iovecs.buffer().duplicate().order(ByteOrder.nativeOrder());
    control = controls.buffer().duplicate().order(ByteOrder.nativeOrder());
    for (int i = 0; i < slots; i++) {
      message.putLong(i * MESSAGE_BYTES + 16, iovecs.address() + (long) i * IOVEC_BYTES);
      message.putLong(i * MESSAGE_BYTES + 24, 1);
      iovec.putLong(i * IOVEC_BYTES, frames.address() + (long) i * slotBytes);
      prepareToReceive(i);
    }
  }

  int slots() {
    return mask + 1;
  }

  /** The slot of a position that only grows. */
  int slot(long position) {
    return (int) position & mask;
  }

  /** Makes a slot ready for the next packet. */
  public void prepareToReceive(int slot) {
    iovec.putLong(slot * IOVEC_BYTES + 8, slotBytes);
    message.putLong(slot * MESSAGE_BYTES + 32, controls.address() + (long) slot * CONTROL_BYTES);
    message.putLong(slot * MESSAGE_BYTES + 40, CONTROL_BYTES);
    message.putInt(slot * MESSAGE_BYTES + 48, 0);
  }

  void prepareToSend(int slot, int bytes) {
    iovec.putLong(slot * IOVEC_BYTES + 8, bytes);
    message.putLong(slot * MESSAGE_BYTES + 32, 0);
    message.putLong(slot * MESSAGE_BYTES + 40, 0);
  }

  /** Receives into up to {@code count} slots from {@code slot}, none past the ring's end. */
  public int receive(int fd, int slot, int count) {
    return Sys.recvmmsg(fd, messages.address() + (long) slot * MESSAGE_BYTES, count, MSG_DONTWAIT);
  }

  /** Sends up to {@code count} slots from {@code slot}, none past the ring's end. */
  public int send(int fd, int slot, int count) {
    return Sys.sendmmsg(fd, messages.address() + (long) slot * MESSAGE_BYTES, count, MSG_DONTWAIT);
  }

  /** Length of the packet in a slot. */
  public int bytes(int slot) {
    return message.getInt(slot * MESSAGE_BYTES + 56);
  }

  /** The first 8 bytes of the packet in a slot, big-endian. */
  public long firstLong(int slot) {
    return frames.buffer().getLong(slot * slotBytes);
  }

  boolean truncated(int slot) {
    return (message.getInt(slot * MESSAGE_BYTES + 48) & MSG_TRUNC) != 0;
  }

  /** When the kernel received the packet, CLOCK_REALTIME in ns, or {@link #NO_STAMP}. */
  public long stampNs(int slot) {
    int at = slot * CONTROL_BYTES;
    if (message.getLong(slot * MESSAGE_BYTES + 40) < STAMP_BYTES
        || control.getInt(at + 12) != SO_TIMESTAMPNS) {
      return NO_STAMP;
    }
    return control.getLong(at + 16) * NS_PER_S + control.getLong(at + 24);
  }

  /** Copies the packet in another ring's slot into a slot. */
  void copy(int slot, MessageRing from, int fromSlot, int bytes) {
    frames.buffer().put(slot * slotBytes, from.frames.buffer(), fromSlot * from.slotBytes, bytes);
  }

  /** Writes a frame into a slot, for senders that make their own packets. */
  public void fill(int slot, byte[] frame) {
    frames.buffer().put(slot * slotBytes, frame);
    prepareToSend(slot, frame.length);
  }
}
