// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import oasis.os.FileErrors;

/** Reads a flow log and its older files, the oldest line first. For one thread. */
final class FlowLogReader {
  private static final List<String> ALWAYS = List.of("{\"event\":\"start\"", "{\"event\":\"lost\"");

  private final OuterTuple asked;
  private final FlowHistory into;
  private boolean first = true;
  private long unreadable;

  /**
   * @param asked what lines are looked for
   */
  FlowLogReader(OuterTuple asked, FlowHistory into) {
    this.asked = asked;
    this.into = into;
  }

  /**
   * Reads all files; it may be written and rotated meanwhile.
   *
   * @throws IOException in one line
   */
  void read(Path file) throws IOException {
    ArrayDeque<BufferedReader> files = new ArrayDeque<>();
    try {
      open(file, files);
      read(files, file);
    } finally {
      for (BufferedReader each : files) {
        each.close();
      }
    }
  }

  private void read(ArrayDeque<BufferedReader> files, Path file) throws IOException {
    try {
      for (BufferedReader each : files) {
        lines(each);
      }
    } catch (IOException e) {
      throw new IOException(file + ": cannot be read: " + FileErrors.reason(e), e);
    }
  }

  /** Opens the newest first: one that is renamed meanwhile is met again, but none is missed. */
  private static void open(Path file, ArrayDeque<BufferedReader> files) throws IOException {
    Set<Object> seen = new HashSet<>();
    List<Path> paths = new ArrayList<>(List.of(file));
    for (int i = 1; i <= FlowLogSettings.MAX_KEPT + 1; i++) {
      paths.add(FlowFile.numbered(file, i));
    }
    for (Path each : paths) {
      try {
        if (seen.add(Files.getAttribute(each, "unix:ino"))) {
          files.addFirst(
              new BufferedReader(new InputStreamReader(Files.newInputStream(each), ISO_8859_1)));
        }
      } catch (NoSuchFileException e) {
        if (!each.equals(file)) {
          return;
        }
        throw new IOException(file + ": there is no such file", e);
      } catch (IOException e) {
        throw new IOException(each + ": cannot be read: " + FileErrors.reason(e), e);
      }
    }
  }

  private void lines(BufferedReader in) throws IOException {
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      if (first || ALWAYS.stream().anyMatch(line::startsWith) || asked.mayConcern(line)) {
        FlowLine read = FlowLine.parse(line.getBytes(ISO_8859_1));
        if (read == null) {
          unreadable++;
        } else {
          first = false;
          into.add(read);
        }
      } else if (!line.startsWith("{") || !line.endsWith("}")) {
        unreadable++;
      }
    }
  }

  /** Lines that are none, as one that a crash tore, or of another format. */
  long unreadable() {
    return unreadable;
  }
}
