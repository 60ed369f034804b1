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
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Which program measures: two builds of the same sources and libraries are the same. */
final class Build {
  private Build() {}

  /** A short text that differs when any class or resource of this program does. */
  static String now() throws IOException {
    return of(System.getProperty("java.class.path"));
  }

  /**
   * As {@link #now}, of another class path. Names of folders, order and times do not count; entries
   * that are not there, which Java ignores, are left out.
   */
  static String of(String classPath) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String entry : classPath.split(File.pathSeparator, -1)) {
      Path path = Path.of(entry);
      if (Files.isDirectory(path)) {
        addFolder(lines, path);
      } else if (Files.isRegularFile(path)) {
        addArchive(lines, path);
      }
    }
    Collections.sort(lines);
    return HexFormat.of().toHexDigits((int) crc(String.join("\n", lines).getBytes(UTF_8)));
  }

  private static void addFolder(List<String> lines, Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> found = Files.walk(folder)) {
      files = found.filter(Files::isRegularFile).toList();
    }
    for (Path file : files) {
      lines.add(folder.relativize(file) + " " + crc(Files.readAllBytes(file)));
    }
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

  private static long crc(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return crc.getValue();
  }
}
