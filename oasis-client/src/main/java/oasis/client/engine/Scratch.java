// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.nio.ByteBuffer;

/**
 * Memory in which the engine writes its own packets, one at a time.
 *
 * @param buffer at least {@link #BYTES} bytes, big-endian
 * @param address native address of index 0, or 0 in tests
 */
public record Scratch(ByteBuffer buffer, long address) {
  /** Bytes the engine needs: the longest DNS answer it writes, with headers. */
  public static final int BYTES = 8_192;

  public Scratch {
    if (buffer.capacity() < BYTES) {
      throw new IllegalArgumentException("scratch memory is too small");
    }
  }
}
