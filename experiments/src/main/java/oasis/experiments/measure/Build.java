// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.measure;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import oasis.os.OsException;

/** Which program measures: two builds of the same sources and libraries are the same. */
final class Build {
  /** A program in class folders, as tests run it: they may change while it runs. */
  static final String UNPACKAGED = "unpackaged";

  private Build() {}

  /** A short text that differs when any class or resource of this program does. */
  static String now() throws IOException {
    Path own = Path.of(Build.class.getProtectionDomain().getCodeSource().getLocation().getPath());
    return Files.isDirectory(own) ? UNPACKAGED : of(System.getProperty("java.class.path"));
  }

  /**
   * As {@link #now}, of the archives of a class path. Their names, order and times do not count.
   */
  static String of(String classPath) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String entry : classPath.split(File.pathSeparator, -1)) {
      Path path = Path.of(entry);
      if (Files.isRegularFile(path)) {
        addArchive(lines, path);
      }
    }
    Collections.sort(lines);
    CRC32 crc = new CRC32();
    crc.update(String.join("\n", lines).getBytes(UTF_8));
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }

  private static void addArchive(List<String> lines, Path file) throws IOException {
    try (ZipFile archive = new ZipFile(file.toFile())) {
      for (ZipEntry entry : Collections.list(archive.entries())) {
        if (!entry.isDirectory()) {
          lines.add(entry.getName() + " " + entry.getCrc());
        }
      }
    }
  }

  /**
   * Refuses to go on with what another build has measured. What is not packaged is not compared.
   *
   * @param file where that one has written down what it was
   * @throws OsException when it was another one, or has not said which
   */
  static void requireSame(Path file, String now) throws OsException, IOException {
    String before = Files.exists(file) ? Files.readString(file).strip() : "";
    if (!before.equals(now) && !before.equals(UNPACKAGED) && !now.equals(UNPACKAGED)) {
      throw new OsException(
          "the run in "
              + file.getParent()
              + " was measured by another version of this program: its figures do not go together"
              + " with new ones");
    }
  }
}
