// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.kill;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.util.List;
import oasis.os.OsException;
import oasis.os.linux.Netns;

/**
 * A program that keeps fake addresses for ever and goes on sending to them, whether there is a
 * client or not: whenever they could leak, they do.
 */
final class Stubborn implements AutoCloseable {
  private static final int PORT = 9;
  private static final int PAUSE_MS = 5;
  private static final int WAIT_MS = 1000;

  private final Thread thread;
  private volatile boolean closed;

  private Stubborn(String namespace, List<String> fakes) {
    thread =
        new Thread(
            () -> {
              try {
                Netns.in(namespace, () -> send(fakes));
              } catch (Exception e) {
                throw new IllegalStateException("cannot send to fake addresses", e);
              }
            },
            "stubborn");
    thread.setDaemon(true);
  }

  /** Begins to send small datagrams to some addresses, one after the other. */
  static Stubborn start(String namespace, List<String> fakes) {
    Stubborn program = new Stubborn(namespace, fakes);
    program.thread.start();
    return program;
  }

  private boolean send(List<String> fakes) throws IOException, InterruptedException {
    try (DatagramSocket socket = new DatagramSocket()) {
      for (int i = 0; !closed; i = (i + 1) % fakes.size()) {
        InetAddress to = InetAddress.getByName(fakes.get(i));
        try {
          socket.send(new DatagramPacket(new byte[1], 1, to, PORT));
        } catch (IOException e) {
          // Unreachable: as it should be while no client runs.
        }
        Thread.sleep(PAUSE_MS);
      }
    }
    return true;
  }

  /** Whether it still sends. */
  boolean alive() {
    return thread.isAlive();
  }

  /** Ends it. */
  void stop() throws OsException {
    closed = true;
    try {
      thread.join(WAIT_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OsException("interrupted", e);
    }
  }

  @Override
  public void close() {
    closed = true;
  }
}
