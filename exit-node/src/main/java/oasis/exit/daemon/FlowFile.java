// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A file of lines that is rotated by its size: it is renamed to {@code .1}, {@code .1} to {@code
 * .2}, and so on. Lines are gathered and written in batches. A line that was torn by a crash or a
 * full disk spoils no other one. Confined to one thread.
 */
final class FlowFile implements AutoCloseable {
  private static final int BATCH_BYTES = 32 << 10;

  private final Path file;
  private final StringBuilder batch = new StringBuilder();
  private long maxBytes;
  private int kept;
  private FileChannel channel;
  private long bytes;
  private boolean torn;
  private int lines;
  private long failed;

  /**
   * Opens the file for appending; one that is made is readable by its owner only.
   *
   * @param maxBytes size at which the file is rotated
   * @param kept older files that are kept
   */
  FlowFile(Path file, long maxBytes, int kept) throws IOException {
    this.file = file;
    this.maxBytes = maxBytes;
    this.kept = kept;
    channel = open();
  }

  /** Takes other limits. */
  void limits(long maxBytes, int kept) {
    this.maxBytes = maxBytes;
    this.kept = kept;
  }

  private FileChannel open() throws IOException {
    if (!Files.exists(file)) {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    try (FileChannel before = FileChannel.open(file, StandardOpenOption.READ)) {
      bytes = before.size();
      ByteBuffer last = ByteBuffer.allocate(1);
      torn = bytes > 0 && (before.read(last, bytes - 1) < 1 || last.get(0) != '\n');
    }
    return FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
  }

  /** Takes a line of ASCII with its line end; it is in the file after {@link #flush}. */
  void append(CharSequence line) throws IOException {
    if (bytes + batch.length() > 0 && bytes + batch.length() + line.length() > maxBytes) {
      try {
        flush();
        rotate();
      } catch (IOException e) {
        failed++;
        throw e;
      }
    }
    batch.append(line);
    lines++;
    if (batch.length() >= BATCH_BYTES) {
      flush();
    }
  }

  /** Writes what was gathered. After a failure that is gone, and counted. */
  void flush() throws IOException {
    if (batch.length() == 0) {
      return;
    }
    ByteBuffer out = ByteBuffer.wrap((torn ? "\n" + batch : batch.toString()).getBytes(US_ASCII));
    try {
      torn = true;
      while (out.hasRemaining()) {
        bytes += channel.write(out);
      }
      torn = false;
    } finally {
      failed += torn ? lines : 0;
      lines = 0;
      batch.setLength(0);
    }
  }

  /** Lines that could not be written. */
  long failed() {
    return failed;
  }

  /** Goes on in the file of that name: somebody may have moved the one that was open. */
  void reopen() throws IOException {
    FileChannel before = channel;
    channel = open();
    before.close();
  }

  private void rotate() throws IOException {
    if (Files.exists(file)) { // else a former try got so far and could not open the next one
      shift();
    }
    reopen();
  }

  private void shift() throws IOException {
    for (int i = kept + 1; Files.deleteIfExists(numbered(i)); i++) {
      // Fewer are to be kept than before.
    }
    for (int i = kept; i > 1; i--) {
      if (Files.exists(numbered(i - 1))) {
        Files.move(numbered(i - 1), numbered(i), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    if (kept > 0) {
      Files.move(file, numbered(1), StandardCopyOption.REPLACE_EXISTING);
    } else {
      Files.delete(file);
    }
  }

  private Path numbered(int i) {
    return numbered(file, i);
  }

  /** Where the i-th older file lies. */
  static Path numbered(Path file, int i) {
    return file.resolveSibling(file.getFileName() + "." + i);
  }

  @Override
  public void close() throws IOException {
    try (FileChannel last = channel) {
      flush();
      last.force(false);
    }
  }
}
