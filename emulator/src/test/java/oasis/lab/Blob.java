// SPDX-License-Identifier: Apache-2.0
package oasis.lab;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import oasis.testkit.Gen;

/**
 * A file of random bytes.
 *
 * @param file where it is
 * @param bytes its length
 * @param sha256 of its content, in hexadecimal digits
 */
public record Blob(Path file, long bytes, String sha256) {
  private static final int CHUNK_BYTES = 1 << 20;

  /** Writes such a file; the same seed gives the same bytes. */
  public static Blob write(Path file, long bytes, long seed) throws IOException {
    Gen gen = new Gen(seed);
    MessageDigest digest = digest();
    try (OutputStream out = new DigestOutputStream(Files.newOutputStream(file), digest)) {
      for (long left = bytes; left > 0; left -= CHUNK_BYTES) {
        out.write(gen.bytes((int) Math.min(left, CHUNK_BYTES)));
      }
    }
    return new Blob(file, bytes, HexFormat.of().formatHex(digest.digest()));
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
