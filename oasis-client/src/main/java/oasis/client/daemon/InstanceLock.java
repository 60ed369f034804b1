// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import oasis.os.FileErrors;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;

/**
 * A lock file that one process at a time holds; the kernel lets go when the process dies by any
 * means. The file stays (deleting it would let two processes hold two files of one name) and holds
 * the process id of its last holder, for the message to the second.
 */
final class InstanceLock implements AutoCloseable {
  private static final int MAX_PID_BYTES = 20;

  private final FileChannel file;

  private InstanceLock(FileChannel file) {
    this.file = file;
  }

  /**
   * Takes the lock, or says who holds it.
   *
   * @param path the lock file; its directory exists
   * @param what what the lock stands for, such as {@code in this network namespace}
   * @throws OsException one line when another client holds it or the file cannot be used
   */
  static InstanceLock take(Path path, String what) throws OsException {
    FileChannel file = null;
    try {
      file =
          FileChannel.open(
              path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      if (tryLock(file) == null) {
        String pid = holder(file);
        file.close();
        throw new OsException("a client" + pid + " runs already " + what + "; stop it first");
      }
      file.truncate(0);
      file.write(ByteBuffer.wrap(Long.toString(ProcessHandle.current().pid()).getBytes(US_ASCII)));
      return new InstanceLock(file);
    } catch (IOException e) {
      throw new OsException(path + ": cannot be locked: " + FileErrors.reason(e), e);
    }
  }

  /**
   * The lock file of the network namespace that this process lives in; two namespaces may share one
   * file system.
   *
   * @param directory where lock files are
   */
  static Path forNamespace(Path directory) throws OsException {
    try {
      // The link reads net:[4026531840].
      String link = Files.readSymbolicLink(Path.of("/proc/self/ns/net")).toString();
      return directory.resolve("client-" + link.replaceAll("[^0-9]", "") + ".lock");
    } catch (IOException e) {
      throw new OsException("/proc/self/ns/net: " + e.getMessage(), e);
    }
  }

  private static @Nullable FileLock tryLock(FileChannel file) throws IOException {
    try {
      return file.tryLock();
    } catch (OverlappingFileLockException e) {
      return null; // held by this process
    }
  }

  private static String holder(FileChannel file) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(MAX_PID_BYTES);
    file.read(bytes, 0);
    String pid = new String(bytes.array(), 0, bytes.position(), US_ASCII);
    return pid.matches("[0-9]+") ? " (process " + pid + ")" : "";
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      // The lock goes with the process at the latest.
    }
  }
}
