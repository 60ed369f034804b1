// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import oasis.io.DataLoop;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.os.linux.Errno;
import oasis.os.linux.LinuxConstants;
import oasis.os.linux.Sys;

/**
 * A small process of its own that kills this one when the data loop stops turning (a stalled loop,
 * SIGSTOP, a collector that thrashes): a client that hangs would hold the network of the host,
 * while one that is dead gives it back. It is a bash script because nothing smaller is on every
 * host; it ends by itself when the pipe does. It has a session of its own, so that what stops or
 * kills the client's process group leaves it.
 *
 * <p>{@link #beat} belongs to the data loop; the rest to the thread that starts, maintains and ends
 * the client.
 */
final class Supervisor implements AutoCloseable {
  /**
   * Least time between two beats: less than the loop's longest wait, so that each of its turns at
   * rest brings one. The supervisor waits for 3 s.
   */
  static final long BEAT_NS = 900_000_000L;

  private static final int O_WRONLY = 1;

  private final ClientNetworkConfig network;
  private final Memory line = Memory.allocate(8);
  private volatile Child child;
  private long nextNs = Long.MIN_VALUE;

  /**
   * The process and our end of its pipe.
   *
   * @param pipe descriptor that does not block
   */
  private record Child(Process process, int pipe) {}

  private Supervisor(ClientNetworkConfig network, Child child) {
    this.network = network;
    this.child = child;
    line.buffer().put(0, "\nbye\n".getBytes(US_ASCII));
  }

  /**
   * Starts the supervisor of this process. It allows 20 s until the first beat.
   *
   * @param network its fake ranges: when this process is gone, TCP connections with their addresses
   *     are ended, and those that carry our mark
   * @throws OsException when bash cannot be started
   */
  static Supervisor start(ClientNetworkConfig network) throws OsException {
    return new Supervisor(network, spawn(network));
  }

  private static Child spawn(ClientNetworkConfig network) throws OsException {
    try {
      Process process =
          new ProcessBuilder(command(network))
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      // Java hides the descriptor behind a stream that blocks. The child's end leads to the same
      // pipe, and opening it for writing gives us an end of our own that does not.
      String path = "/proc/" + process.pid() + "/fd/0";
      int pipe = Sys.open(path, O_WRONLY | LinuxConstants.O_NONBLOCK | LinuxConstants.O_CLOEXEC);
      if (pipe < 0) {
        process.destroyForcibly();
        throw new OsException("open " + path + ": " + Errno.text(-pipe));
      }
      process.getOutputStream().close();
      return new Child(process, pipe);
    } catch (IOException e) {
      throw new OsException("bash: the supervisor cannot be started: " + e.getMessage(), e);
    }
  }

  private static List<String> command(ClientNetworkConfig network) throws OsException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "setsid",
                "bash",
                "-c",
                script(),
                "oasis-supervisor",
                Long.toString(ProcessHandle.current().pid()),
                Integer.toString(ClientNetwork.CAPTURE_MARK),
                network.fakeRange()));
    String fakeRange6 = network.fakeRange6();
    if (fakeRange6 != null) {
      command.add(fakeRange6);
    }
    return command;
  }

  static String script() throws OsException {
    try (InputStream in = Supervisor.class.getResourceAsStream("supervisor.sh")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new OsException("the supervisor's script cannot be read: " + e.getMessage(), e);
    }
  }

  /** Tells the supervisor that the data loop turns; at most every {@link #BEAT_NS}. Never waits. */
  void beat(long nowNs) {
    if (nowNs < nextNs) {
      return;
    }
    nextNs = nowNs + BEAT_NS;
    // A full pipe (a stopped supervisor) or a closed one (a dead supervisor) is no reason to stop.
    Sys.write(child.pipe(), line.address(), 1);
  }

  /** When {@link #beat} has to be called next. */
  long nextDeadlineNs() {
    return nextNs;
  }

  /** False when somebody has killed the supervisor. */
  boolean alive() {
    return child.process().isAlive();
  }

  /**
   * Starts another one when somebody has killed the supervisor.
   *
   * @param loop calls {@link #beat}
   * @return true when it had to
   */
  boolean revive(DataLoop loop) throws OsException {
    if (alive()) {
      return false;
    }
    Child fresh = spawn(network);
    loop.submit(() -> use(fresh));
    return true;
  }

  /** On the loop, which must not write to a descriptor that has become somebody else's. */
  private void use(Child fresh) {
    int pipe = child.pipe();
    child = fresh;
    nextNs = Long.MIN_VALUE;
    Sys.close(pipe);
  }

  /** Announces that beats end because the client closes: 10 s are left for that. */
  void announceClose() {
    Sys.write(child.pipe(), line.address() + 1, 4);
  }

  /** Ends the supervisor. */
  @Override
  public void close() {
    Process process = child.process();
    Sys.close(child.pipe());
    try {
      if (!process.waitFor(1, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
