// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.restart;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import oasis.emulator.Node;
import oasis.emulator.Program;
import oasis.experiments.measure.Pause;
import oasis.experiments.restart.Step.Download;
import oasis.os.OsException;

/** Downloads of one file, each by a curl of its own. */
final class Curls implements AutoCloseable {
  private static final long BEGUN_BYTES = 50_000;
  private static final int BEGUN_TRIES = 500;
  private static final long PAUSE_MS = 20;
  private static final Duration LONGEST = Duration.ofSeconds(60);

  private final List<Path> files = new ArrayList<>();
  private final List<Program> programs = new ArrayList<>();

  /** Starts all. */
  Curls(Node node, Path directory, String url) throws OsException, IOException {
    for (int i = 0; i < Plan.BEGUN; i++) {
      Path file = directory.resolve("download-" + i);
      Files.deleteIfExists(file);
      files.add(file);
      String rate = Integer.toString(Plan.BYTES_PER_SECOND);
      String longest = Long.toString(LONGEST.toSeconds());
      programs.add(
          node.start(
              "curl", "-sSN", "-m", longest, "--limit-rate", rate, "-o", file.toString(), url));
    }
  }

  /** Waits until all have got something. */
  void awaitBegun() throws OsException, IOException {
    for (int i = 0; i < BEGUN_TRIES; i++) {
      boolean all = true;
      for (Path file : files) {
        all &= Files.exists(file) && Files.size(file) > BEGUN_BYTES;
      }
      if (all) {
        return;
      }
      Pause.ms(PAUSE_MS);
    }
    throw new OsException("the downloads do not begin");
  }

  /** How many have not ended. */
  int running() {
    return (int) programs.stream().filter(Program::isAlive).count();
  }

  /**
   * Waits for all and says what became of them.
   *
   * @param digest of the right file
   */
  List<Download> end(byte[] digest) throws OsException, IOException {
    List<Download> downloads = new ArrayList<>();
    for (int i = 0; i < programs.size(); i++) {
      int status = programs.get(i).waitFor(LONGEST.plusSeconds(5));
      Path file = files.get(i);
      boolean whole = Files.exists(file) && MessageDigest.isEqual(digest, sha256(file));
      downloads.add(new Download(status, whole));
    }
    return downloads;
  }

  /** The SHA-256 of a file. */
  static byte[] sha256(Path file) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
        in.transferTo(OutputStream.nullOutputStream());
      }
      return digest.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() throws IOException {
    programs.forEach(Program::close);
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
  }
}
