// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import static oasis.os.linux.LinuxConstants.MSG_DONTWAIT;

import java.nio.ByteBuffer;
import oasis.os.Memory;
import oasis.os.linux.Sockets;
import oasis.os.linux.Sys;

/** Slots of 64 KiB for {@code recvmmsg}, each with the sender's address and control data. */
final class ReceiveSlots {
  /**
   * Bytes that one slot holds: the kernel aggregates up to 65,535, and a link header may precede.
   */
  static final int SLOT_BYTES = 65_536 + 64;

  /**
   * Distance of two slots. Not a power of two, or the first bytes of all slots would compete for
   * the same few lines of the processor's caches; a whole number of cache lines.
   */
  static final int STRIDE_BYTES = SLOT_BYTES + 1088;

  private final Memory memory;
  private final NativeMessages messages;
  private final int slots;
  private int used;

  ReceiveSlots(int slots) {
    this.slots = slots;
    memory = Memory.allocate(slots * STRIDE_BYTES);
    messages = new NativeMessages(slots, slots);
    for (int i = 0; i < slots; i++) {
      messages.iovec(i, memory.address() + offset(i), SLOT_BYTES);
      messages.iovecs(i, i, 1);
    }
    used = slots;
  }

  int slots() {
    return slots;
  }

  /** Receives into up to {@code most} slots without waiting: their number, or -errno. */
  int receive(int fd, int most) {
    // The kernel overwrote these lengths in the slots that it filled.
    for (int i = 0; i < used; i++) {
      messages.name(i, Sockets.SOCKADDR_IN6_BYTES);
      messages.offerControl(i);
    }
    int result = Sys.recvmmsg(fd, messages.address(0), most, MSG_DONTWAIT);
    used = Math.max(0, result);
    return result;
  }

  ByteBuffer buffer() {
    return memory.buffer();
  }

  long address() {
    return memory.address();
  }

  /** Index of the first byte of slot {@code i}. */
  int offset(int i) {
    return i * STRIDE_BYTES;
  }

  /** Bytes received into slot {@code i}, never more than it holds. */
  int bytes(int i) {
    return Math.min(messages.bytes(i), SLOT_BYTES);
  }

  /** Addresses and control data. */
  NativeMessages messages() {
    return messages;
  }
}
