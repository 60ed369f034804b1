// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/** A journal in memory, which a test can make fail. */
final class MemoryJournal implements Journal {
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();
  boolean works = true;
  int records;

  @Override
  public boolean append(ByteBuffer record) {
    if (works) {
      byte[] bytes = new byte[record.remaining()];
      record.duplicate().get(bytes);
      written.writeBytes(bytes);
      records++;
    }
    return works;
  }

  byte[] bytes() {
    return written.toByteArray();
  }

  int size() {
    return written.size();
  }

  void clear() {
    written.reset();
  }
}
