// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.nio.ByteBuffer;

/** Where a {@link FakePool} writes what it must not forget. */
@FunctionalInterface
public interface Journal {
  /**
   * Adds one record at the end. When this returns true, the record survives the death of the
   * process.
   *
   * @param record the bytes between position and limit, only read
   * @return false when it could not be stored
   */
  boolean append(ByteBuffer record);
}
