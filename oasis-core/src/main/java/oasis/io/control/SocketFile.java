// SPDX-License-Identifier: Apache-2.0
package oasis.io.control;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/**
 * The socket's place in the file system. It is bound inside a private directory, given its mode,
 * and moved to its path in one step: at no moment can another user connect, or see half a socket.
 */
final class SocketFile {
  private static final int MAX_PATH_BYTES = 90;

  /** Of a file's mode: what it is, and that it is a socket (stat(2), S_IFMT and S_IFSOCK). */
  private static final int TYPE = 0170000;

  private static final int SOCKET = 0140000;

  private final Path path;
  private final Path hidden;
  private @Nullable Object key;
  private volatile boolean left;

  private SocketFile(Path path, Path hidden) {
    this.path = path;
    this.hidden = hidden;
  }

  /**
   * @param replacing whether another process may listen there, which then loses its place
   */
  static SocketFile prepare(Path socket, boolean replacing) throws IOException {
    Path path = socket.toAbsolutePath().normalize();
    if (path.toString().getBytes(StandardCharsets.UTF_8).length > MAX_PATH_BYTES) {
      throw new IOException(
          "the path of a Unix socket may have %d bytes: %s".formatted(MAX_PATH_BYTES, path));
    }
    Path directory = path.getParent();
    if (directory == null) {
      throw new IOException("not a path for a socket: " + path);
    }
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    refuseIfTaken(path, replacing);
    SocketFile file = new SocketFile(path, directory.resolve("." + path.getFileName() + ".new"));
    // A start that was killed leaves it.
    Files.deleteIfExists(file.bindAt());
    Files.deleteIfExists(file.hidden);
    Files.createDirectory(
        file.hidden,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    return file;
  }

  private static void refuseIfTaken(Path path, boolean replacing) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!isSocket(path)) {
      throw new IOException(path + " exists and is not a socket; remove it or name another path");
    }
    if (!replacing && listens(path)) {
      throw new IOException("another process listens at " + path);
    }
  }

  private static boolean isSocket(Path path) throws IOException {
    Object mode = Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    return ((Integer) mode & TYPE) == SOCKET;
  }

  /** See {@link ControlServer#removeStale}. */
  static boolean remove(Path path) throws IOException {
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS) && !isSocket(path)) {
      throw new IOException(path + " is no control socket; it stays");
    }
    return Files.deleteIfExists(path);
  }

  private static boolean listens(Path path) {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return channel.connect(UnixDomainSocketAddress.of(path));
    } catch (IOException e) {
      return false;
    }
  }

  /** The final path. */
  Path path() {
    return path;
  }

  /** Where to bind. */
  Path bindAt() {
    return hidden.resolve("s");
  }

  /** Gives the bound socket its mode and its path. */
  void publish() throws IOException {
    Files.setPosixFilePermissions(bindAt(), PosixFilePermissions.fromString("rw-------"));
    key = key(bindAt());
    Files.move(bindAt(), path, StandardCopyOption.ATOMIC_MOVE);
    Files.delete(hidden);
  }

  /** Leaves the path to another process, which puts a socket of its own there. */
  void leave() {
    left = true;
  }

  /** Removes what is ours: not a socket that someone else has put there since. */
  void discard() {
    try {
      if (left) {
        return;
      }
      if (key == null) {
        Files.deleteIfExists(bindAt());
        Files.deleteIfExists(hidden);
      } else if (Files.exists(path) && key.equals(key(path))) {
        Files.delete(path);
      }
    } catch (IOException e) {
      // A socket file that stays is harmless: the next start sees that nobody listens.
    }
  }

  private static @Nullable Object key(Path file) throws IOException {
    return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
  }
}
