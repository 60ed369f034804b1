// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Predicate;
import oasis.flow.Journal;

/**
 * A journal in one append-only file. An appended record is in the kernel's hands when {@link
 * #append} returns, so it survives the death of this process, however violent; it is not forced to
 * the disk, because a machine that loses power takes the programs that knew the fakes with it, and
 * the data loop must not wait for a disk.
 *
 * <p>Usual start: {@code open}, {@link #read} into the pool's {@code restore}, then {@link
 * #compact}. Confined to one thread.
 */
public final class FileJournal implements Journal, Closeable {
  private final Path path;
  private FileChannel channel;

  private FileJournal(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /** Opens a journal; makes an empty one if there is none. Its folder must exist. */
  public static FileJournal open(Path path) throws IOException {
    FileChannel channel = channel(path, StandardOpenOption.WRITE);
    try {
      channel.position(channel.size());
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    return new FileJournal(path, channel);
  }

  /** All bytes of the journal. */
  public ByteBuffer read() throws IOException {
    return ByteBuffer.wrap(Files.readAllBytes(path));
  }

  /** Size of the file, to judge when to {@link #compact}. */
  public long bytes() throws IOException {
    return channel.size();
  }

  @Override
  public boolean append(ByteBuffer record) {
    try {
      writeAll(channel, record.duplicate());
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Replaces the journal by what {@code writer} appends to a new file. The new file is forced to
   * the disk before it takes the old one's name in one step, so that after a crash at any moment
   * either the old or the new journal is there, whole.
   *
   * @param writer gets the new journal; false when it could not write all
   * @throws IOException when the old journal is still in use because the new one cannot be written
   */
  public void compact(Predicate<Journal> writer) throws IOException {
    Path fresh = path.resolveSibling(path.getFileName() + ".new");
    FileChannel next = channel(fresh, StandardOpenOption.TRUNCATE_EXISTING);
    try {
      writeAll(next, gather(writer));
      next.force(true);
      Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException | RuntimeException e) {
      next.close();
      Files.deleteIfExists(fresh);
      throw e;
    }
    channel.close();
    channel = next;
    forceFolder();
  }

  /** All records in memory, because thousands of small writes would stop the data loop longer. */
  private static ByteBuffer gather(Predicate<Journal> writer) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    Journal memory =
        record -> {
          byte[] bytes = new byte[record.remaining()];
          record.duplicate().get(bytes);
          all.writeBytes(bytes);
          return true;
        };
    if (!writer.test(memory)) {
      throw new IOException("the new journal is not complete");
    }
    return ByteBuffer.wrap(all.toByteArray());
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  /** Makes the new name durable; some systems cannot open a folder, and then the name waits. */
  private void forceFolder() {
    Path folder = path.toAbsolutePath().getParent();
    if (folder == null) {
      return;
    }
    try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
      names.force(true);
    } catch (IOException e) {
      // The rename is done and ordered behind the data; only power loss could undo it, and then
      // the old journal is there.
      return;
    }
  }

  /**
   * Opens a file for writing; one that it makes only its owner may read: it tells what was visited.
   */
  private static FileChannel channel(Path path, StandardOpenOption option) throws IOException {
    Set<StandardOpenOption> options =
        EnumSet.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, option);
    boolean posix = path.getFileSystem().supportedFileAttributeViews().contains("posix");
    return posix
        ? FileChannel.open(
            path,
            options,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))
        : FileChannel.open(path, options);
  }

  private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
    long begin = channel.position();
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      // A full disk may have taken half the record: a reader would skip it, but need not have to.
      channel.truncate(begin);
      throw e;
    }
  }
}
