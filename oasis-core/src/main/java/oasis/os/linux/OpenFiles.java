// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import java.io.File;
import java.lang.ref.Reference;
import java.nio.ByteOrder;
import oasis.os.Memory;
import oasis.os.OsException;

/** How many files this process may have open (RLIMIT_NOFILE of getrlimit(2)). */
public final class OpenFiles {
  private static final int RLIMIT_NOFILE = 7;

  /** What the rest of the program may open meanwhile. */
  private static final int SPARE = 100;

  private OpenFiles() {}

  /**
   * Sees to it that this process can open so many files more: raises its soft limit as far as the
   * hard one where that is needed.
   *
   * @param more number of files
   * @param what who needs them, the begin of the message: {@code holding 5 ports}
   * @throws OsException with one line, when the hard limit is too low
   */
  public static void allow(int more, String what) throws OsException {
    // struct rlimit64 { soft; hard; }, unsigned: no limit is the greatest number
    Memory limit = Memory.allocate(16);
    var b = limit.buffer().order(ByteOrder.nativeOrder());
    try {
      Errno.check(Sys.prlimit(0, RLIMIT_NOFILE, 0, limit.address()), "prlimit", "RLIMIT_NOFILE");
      long needed = (long) open() + more + SPARE;
      if (Long.compareUnsigned(b.getLong(0), needed) >= 0) {
        return;
      }
      long hard = b.getLong(8);
      if (Long.compareUnsigned(hard, needed) < 0) {
        throw new OsException(
            what
                + " takes "
                + needed
                + " open files, but this process may have "
                + hard
                + " at most: raise its hard limit (ulimit -Hn, LimitNOFILE=)");
      }
      b.putLong(0, hard);
      Errno.check(Sys.prlimit(0, RLIMIT_NOFILE, limit.address(), 0), "prlimit", "RLIMIT_NOFILE");
    } finally {
      Reference.reachabilityFence(limit);
    }
  }

  private static int open() {
    String[] files = new File("/proc/self/fd").list();
    return files == null ? 0 : files.length;
  }
}
