// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import oasis.io.control.ControlClient;
import oasis.io.control.Response;
import oasis.os.OsException;
import oasis.os.linux.DescriptorSocket;
import oasis.os.linux.OpenFiles;
import org.jspecify.annotations.Nullable;

/**
 * The exit node that runs, as seen by the one that is to replace it. The new one asks by the
 * control socket; the old one connects to a socket of the new one, and then, message by message:
 *
 * <pre>
 * old: its open files, and what they are      it goes on carrying
 * new: READY, once all is prepared
 * old: the state of its engine                it stands still from here on
 * new: TAKEN, once that is read
 * old: YOURS                                  it ends; the new one carries
 * </pre>
 *
 * Until YOURS the old one goes on if the new one fails or falls silent. Confined to one thread.
 */
final class Predecessor implements AutoCloseable {
  static final byte[] READY = "ready".getBytes(StandardCharsets.US_ASCII);
  static final byte[] TAKEN = "taken".getBytes(StandardCharsets.US_ASCII);
  static final byte[] YOURS = "yours".getBytes(StandardCharsets.US_ASCII);

  /** Longest wait for the other process. */
  static final Duration PATIENCE = Duration.ofSeconds(10);

  private final DescriptorSocket socket;

  private Predecessor(DescriptorSocket socket) {
    this.socket = socket;
  }

  /** Asks who runs at a control socket to hand over; null when nobody runs there. */
  static @Nullable Predecessor ask(Path control) throws OsException, IOException {
    ControlClient client = new ControlClient(control, "exit");
    try {
      client.get("/v1/status");
    } catch (IOException e) {
      return null;
    }
    Path hidden =
        Files.createTempDirectory(
            control.toAbsolutePath().getParent(),
            ".",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Path meeting = hidden.resolve("s");
    try (DescriptorSocket listener = DescriptorSocket.listen(meeting)) {
      Response response = client.post("/v1/handover", Map.of("socket", meeting.toString()));
      if (!response.ok()) {
        throw new NotReplaceableException(
            "cannot replace the running exit node (%s): stop it first"
                .formatted(response.errorMessage()));
      }
      DescriptorSocket socket = listener.accept(PATIENCE);
      socket.patience(PATIENCE);
      return new Predecessor(socket);
    } finally {
      Files.deleteIfExists(meeting);
      Files.deleteIfExists(hidden);
    }
  }

  /**
   * What it hands over, its state excepted.
   *
   * @param files how many open files that may be
   */
  Estate estate(int files) throws OsException, NotReplaceableException {
    OpenFiles.allow(files, "replacing the exit node");
    DescriptorSocket.Message message = socket.receive();
    return Estate.read(message.bytes(), message.files());
  }

  /** All is prepared: from here on it stands still. Returns the state of its engine. */
  byte[] state() throws OsException {
    socket.send(READY);
    return socket.receive().bytes();
  }

  /** All is taken; when this returns it carries nothing any more. */
  void taken() throws OsException {
    socket.send(TAKEN);
    if (!Arrays.equals(socket.receive().bytes(), YOURS)) {
      throw new OsException("the running exit node goes on");
    }
  }

  /** Lets it go on, if it has not handed over. */
  @Override
  public void close() {
    socket.close();
  }
}
