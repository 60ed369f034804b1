// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.nio.ByteBuffer;

/**
 * Memory of the engine: for the packets that it writes itself, one at a time, and behind them for
 * the first packets of connections that may have to be sent again (see {@link Attempts}).
 *
 * @param buffer at least {@link #BYTES} bytes, big-endian
 * @param address native address of index 0, or 0 in tests
 */
public record Scratch(ByteBuffer buffer, long address) {
  /** Longest packet that the engine writes: a DNS answer, with headers. */
  static final int PACKET_BYTES = 8_192;

  /** Bytes the engine needs. */
  public static final int BYTES = PACKET_BYTES + Attempts.BYTES;

  public Scratch {
    if (buffer.capacity() < BYTES) {
      throw new IllegalArgumentException("scratch memory is too small");
    }
  }
}
