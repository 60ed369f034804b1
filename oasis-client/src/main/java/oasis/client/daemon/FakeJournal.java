// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.function.Predicate;
import oasis.flow.Journal;

/**
 * The file in which fake addresses outlive the client, SIGKILL included: programs keep them for
 * longer than any TTL says. Records go to the kernel at once, but not to the disk: a crash of the
 * whole host ends the programs as well. Confined to the data loop once it runs.
 */
final class FakeJournal implements Journal, AutoCloseable {
  /** Names of the files inside the state directory, one for each address family. */
  static final String NAME4 = "fakes.journal";

  static final String NAME6 = "fakes6.journal";

  /** Size above which the journal is written anew in brief; a full pool's brief is about 12 MiB. */
  static final long BRIEF_ABOVE_BYTES = 32L << 20;

  /** A longer file is not ours, or was never made brief: it is set aside. */
  private static final long MAX_BYTES = 128L << 20;

  private final Path path;
  private FileChannel file;
  private long bytes;

  private FakeJournal(Path path, FileChannel file) throws IOException {
    this.path = path;
    this.file = file;
    this.bytes = file.size();
  }

  /** Opens a journal and makes it when it is missing. */
  static FakeJournal open(Path path) throws IOException {
    if (Files.exists(path) && Files.size(path) > MAX_BYTES) {
      Files.move(path, sibling(path, ".too-long"), StandardCopyOption.REPLACE_EXISTING);
    }
    return new FakeJournal(path, channel(path));
  }

  private static Path sibling(Path path, String ending) {
    return path.resolveSibling(path.getFileName() + ending);
  }

  private static FileChannel channel(Path path) throws IOException {
    // Only its owner may read it: it tells what was visited.
    FileChannel channel =
        FileChannel.open(
            path,
            EnumSet.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    channel.position(channel.size());
    return channel;
  }

  /** Everything in the file. */
  ByteBuffer read() throws IOException {
    return ByteBuffer.wrap(Files.readAllBytes(path));
  }

  /** Bytes in the file. */
  long bytes() {
    return bytes;
  }

  @Override
  public boolean append(ByteBuffer record) {
    ByteBuffer rest = record.duplicate();
    try {
      while (rest.hasRemaining()) {
        file.write(rest);
      }
      bytes += record.remaining();
      return true;
    } catch (IOException e) {
      takeBack();
      return false; // a full disk: the pool counts it and the name is not faked
    }
  }

  /** A full disk may have taken half a record; a reader would skip it, but need not have to. */
  private void takeBack() {
    try {
      file.truncate(bytes);
    } catch (IOException e) {
      // The reader has to skip it.
    }
  }

  /**
   * Replaces the file in one step.
   *
   * @param writer writes the new records; false when it could not
   * @return false when the old file stands
   */
  boolean replace(Predicate<Journal> writer) {
    // In memory first: thousands of small writes would stop the data loop longer.
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    Journal memory =
        record -> {
          byte[] copy = new byte[record.remaining()];
          record.duplicate().get(copy);
          all.writeBytes(copy);
          return true;
        };
    if (!writer.test(memory)) {
      return false;
    }
    Path fresh = sibling(path, ".new");
    try {
      Files.deleteIfExists(fresh);
      FakeJournal brief = new FakeJournal(fresh, channel(fresh));
      if (!brief.append(ByteBuffer.wrap(all.toByteArray()))) {
        brief.close();
        Files.deleteIfExists(fresh);
        return false;
      }
      Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      file.close();
      file = brief.file;
      bytes = brief.bytes;
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      // Every record is with the kernel already.
    }
  }
}
