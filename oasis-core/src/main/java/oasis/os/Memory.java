// SPDX-License-Identifier: Apache-2.0
package oasis.os;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;

/**
 * Memory that Java and the kernel both see: a direct buffer (big-endian, used by absolute index
 * only) and the native address of its index 0. Allocated at start-up, never on the packet path.
 *
 * @param buffer the memory; keeps it alive
 * @param address native address of index 0
 */
public record Memory(ByteBuffer buffer, long address) {
  /** Allocates zeroed memory. */
  public static Memory allocate(int bytes) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(bytes);
    return new Memory(buffer, Pointer.nativeValue(Native.getDirectBufferPointer(buffer)));
  }

  /** Size in bytes. */
  public int bytes() {
    return buffer.capacity();
  }
}
