// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import oasis.packet.SharedKey;

/**
 * A file of keys: one {@code NUMBER SECRET [NAME]} a line; empty lines and what follows {@code #}
 * do not count. Only its owner may be able to read it. Stateless.
 */
public final class KeyFile {
  /** Most keys of a file. */
  public static final int MAX_KEYS = 100_000;

  private static final int MAX_BYTES = 16 << 20;

  /** What nobody but the owner may be able to do. */
  private static final Set<PosixFilePermission> OTHERS =
      EnumSet.of(
          PosixFilePermission.GROUP_READ,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE);

  private KeyFile() {}

  /**
   * Reads a file.
   *
   * @return at least one key, each with a number of its own
   * @throws IOException with one line that names the file, and the line of a mistake in it
   */
  public static List<SharedKey> read(Path file) throws IOException {
    byte[] bytes;
    if (Files.isDirectory(file)) {
      throw new IOException(file + ": it is a directory; a file with keys must be there");
    }
    try (InputStream in = Files.newInputStream(file)) {
      Set<PosixFilePermission> who = EnumSet.copyOf(Files.getPosixFilePermissions(file));
      who.retainAll(OTHERS);
      if (!who.isEmpty()) {
        throw new IOException(
            Files.isRegularFile(file)
                ? file + ": others can read or write it; run chmod 600 " + file
                : file + ": others can read or write it, and it is no ordinary file");
      }
      bytes = in.readNBytes(MAX_BYTES + 1);
    } catch (NoSuchFileException e) {
      throw new IOException(file + ": there is no such key file", e);
    }
    if (bytes.length > MAX_BYTES) {
      throw new IOException(file + ": longer than " + MAX_BYTES + " bytes");
    }
    return parse(file.toString(), new String(bytes, StandardCharsets.UTF_8));
  }

  /**
   * The first counter of a sealer: the wall clock in nanoseconds since 1970. No earlier run has
   * reached it, since nobody sends a datagram each nanosecond, unless the clock was put back.
   */
  public static long freshCounter() {
    return ChronoUnit.NANOS.between(Instant.EPOCH, Instant.now());
  }

  /** Reads the one key of a client's file. */
  public static SharedKey readOne(Path file) throws IOException {
    List<SharedKey> keys = read(file);
    if (keys.size() > 1) {
      throw new IOException(file + ": a client's key file holds one key");
    }
    return keys.get(0);
  }

  private static List<SharedKey> parse(String file, String text) throws IOException {
    List<SharedKey> keys = new ArrayList<>();
    Map<Integer, Integer> lineOf = new HashMap<>();
    int number = 0;
    for (String line : text.split("\n", -1)) {
      number++;
      String written = line.replaceFirst("#.*", "").strip();
      if (written.isEmpty()) {
        continue;
      }
      SharedKey key;
      try {
        key = SharedKey.parse(written);
      } catch (IllegalArgumentException e) {
        throw new IOException(file + ", line " + number + ": " + e.getMessage(), e);
      }
      Integer before = lineOf.put(key.id(), number);
      if (before != null) {
        throw new IOException(
            "%s, line %d: key %d stands in line %d already"
                .formatted(file, number, key.id(), before));
      }
      keys.add(key);
    }
    if (keys.isEmpty()) {
      throw new IOException(file + ": it holds no key");
    }
    if (keys.size() > MAX_KEYS) {
      throw new IOException(file + ": more than " + MAX_KEYS + " keys");
    }
    return keys;
  }
}
