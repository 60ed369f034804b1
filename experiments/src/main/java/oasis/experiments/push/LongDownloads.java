// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.push;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import oasis.experiments.push.Step.Held;
import oasis.os.OsException;
import oasis.os.linux.Netns;
import org.jspecify.annotations.Nullable;

/**
 * Downloads that are under way for as long as is wanted: what is left of each is read ever more
 * slowly, and at once in the end. A thread of its own reads each.
 */
final class LongDownloads implements AutoCloseable {
  /** By each node. */
  private static final int EACH = 3;

  private static final long PAUSE_MS = 50;

  /** Of what is left, this part is read before each pause: in half a minute most of it. */
  private static final int PART = 512;

  private static final int READ_BYTES = 16 << 10;
  private static final int BUFFER_BYTES = 32 << 10;
  private static final Duration SILENCE = Duration.ofSeconds(15);

  private final List<One> all = new ArrayList<>();
  private final byte[] original;
  private volatile boolean hurry;

  private LongDownloads(byte[] original) {
    this.original = original;
  }

  /**
   * Begins them, from a network namespace.
   *
   * @param by names of the nodes by which the web server's first ports are reached
   */
  static LongDownloads begin(String namespace, List<String> by, Path original) throws OsException {
    try {
      LongDownloads downloads = new LongDownloads(Files.readAllBytes(original));
      Netns.in(
          namespace,
          () -> {
            for (int i = 0; i < EACH * by.size(); i++) {
              int node = i % by.size();
              downloads.open(by.get(node), PushNetwork.WEB_PORTS.get(node));
            }
            return true;
          });
      return downloads;
    } catch (OsException e) {
      throw e;
    } catch (Exception e) {
      throw new OsException("downloads: " + e.getMessage(), e);
    }
  }

  private void open(String by, int port) throws IOException {
    One one = new One(by);
    all.add(one);
    one.socket.setReceiveBufferSize(BUFFER_BYTES);
    one.socket.setSoTimeout((int) SILENCE.toMillis());
    one.socket.connect(new InetSocketAddress(PushNetwork.WEB, port), (int) SILENCE.toMillis());
    one.thread.setDaemon(true);
    one.thread.start();
  }

  /** Reads the rest, and says what became of each. */
  List<Held> end() throws OsException {
    int unread = all.stream().mapToInt(one -> original.length - one.read).min().orElse(0);
    hurry = true;
    List<Held> held = new ArrayList<>();
    try {
      for (One one : all) {
        one.thread.interrupt();
        one.thread.join();
        held.add(new Held(one.by, one.failure == null, unread, one.failure));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OsException("interrupted", e);
    }
    return held;
  }

  @Override
  public void close() {
    hurry = true;
    for (One one : all) {
      try {
        one.socket.close();
      } catch (IOException e) {
        // Its thread ends all the same.
      }
    }
  }

  private final class One {
    private final String by;
    private final Socket socket = new Socket();
    private final Thread thread = new Thread(this::run, "download");
    private volatile int read;
    private volatile @Nullable String failure;

    One(String by) {
      this.by = by;
    }

    private void run() {
      try {
        fetch();
      } catch (IOException e) {
        failure = read + " bytes read, then: " + e.getMessage();
      }
    }

    private void fetch() throws IOException {
      String request =
          "GET /%s HTTP/1.0\r\nHost: %s\r\n\r\n".formatted(PushNetwork.FILE, PushNetwork.WEB);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      DataInputStream in = new DataInputStream(socket.getInputStream());
      skipHead(in);
      byte[] buffer = new byte[READ_BYTES];
      int done = 0;
      while (done < original.length) {
        int left = original.length - done;
        int most = hurry ? left : left / PART + 1;
        int count = Math.min(most, buffer.length);
        in.readFully(buffer, 0, count);
        if (!Arrays.equals(buffer, 0, count, original, done, done + count)) {
          throw new IOException("these bytes are wrong");
        }
        done += count;
        read = done;
        pause();
      }
      if (in.read() >= 0) {
        throw new IOException("there is more than the file");
      }
    }

    private void skipHead(DataInputStream in) throws IOException {
      int end = 0;
      for (int i = 0; i < READ_BYTES; i++) {
        end = end << 8 | in.readUnsignedByte();
        if (end == 0x0d0a0d0a) {
          return;
        }
      }
      throw new IOException("an endless head");
    }

    private void pause() {
      if (!hurry) {
        try {
          Thread.sleep(PAUSE_MS);
        } catch (InterruptedException e) {
          // It is to hurry now.
        }
      }
    }
  }
}
