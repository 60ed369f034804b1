// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Copies a program's output to a file, byte for byte, and its lines to a listener. */
final class OutputPump implements Runnable {
  private static final int BUFFER_BYTES = 65_536;
  private static final int LONGEST_LINE_BYTES = 65_536;

  private final InputStream from;
  private final Path to;
  private final Consumer<String> listener;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();

  /**
   * @param from the program's output
   * @param to the file, which must not exist or is overwritten
   * @param listener gets each line without its end; longer ones than 64 KiB in pieces
   */
  OutputPump(InputStream from, Path to, Consumer<String> listener) {
    this.from = from;
    this.to = to;
    this.listener = listener;
  }

  @Override
  public void run() {
    byte[] buffer = new byte[BUFFER_BYTES];
    try (OutputStream file = Files.newOutputStream(to)) {
      for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
        file.write(buffer, 0, n);
        split(buffer, n);
      }
    } catch (IOException e) {
      // The stream of a killed program ends like this; a full disk has to be seen.
      if (!"Stream closed".equals(e.getMessage())) {
        listener.accept("(output lost: " + e.getMessage() + ")");
      }
    }
    if (line.size() > 0) {
      endLine();
    }
  }

  private void split(byte[] buffer, int n) {
    for (int i = 0; i < n; i++) {
      if (buffer[i] == '\n') {
        endLine();
      } else {
        line.write(buffer[i]);
        if (line.size() == LONGEST_LINE_BYTES) {
          endLine();
        }
      }
    }
  }

  private void endLine() {
    String text = line.toString(UTF_8);
    line.reset();
    listener.accept(text.endsWith("\r") ? text.substring(0, text.length() - 1) : text);
  }
}
