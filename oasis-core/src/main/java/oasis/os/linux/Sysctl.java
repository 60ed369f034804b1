// SPDX-License-Identifier: Apache-2.0
package oasis.os.linux;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import oasis.os.OsException;

/**
 * Kernel settings below {@code /proc/sys}, in the network namespace of the calling thread. Names
 * are paths with slashes ({@code net/ipv4/conf/oas0/rp_filter}), because a device's name may hold a
 * dot.
 */
public final class Sysctl {
  private static final int MAX_BYTES = 4096;
  private static final Path ROOT = Path.of("/proc/sys");

  private Sysctl() {}

  /** Reads a setting, without the line's end. */
  public static String read(String name) throws OsException {
    try (InputStream in = Files.newInputStream(file(name))) {
      // In one read: a second one, from the middle, may find the end where there is more.
      byte[] bytes = new byte[MAX_BYTES];
      int length = in.read(bytes);
      return new String(bytes, 0, Math.max(0, length), US_ASCII).strip();
    } catch (IOException e) {
      throw new OsException("sysctl " + name + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** Writes a setting. */
  public static void write(String name, String value) throws OsException {
    try {
      Files.writeString(file(name), value);
    } catch (IOException e) {
      throw new OsException("sysctl " + name + " = " + value + ": " + e.getMessage(), e);
    }
  }

  private static Path file(String name) throws OsException {
    Path file = ROOT.resolve(name).normalize();
    if (!file.startsWith(ROOT) || file.equals(ROOT)) {
      throw new OsException("sysctl " + name + ": not the name of a setting");
    }
    return file;
  }
}
