// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import oasis.exit.engine.ExitEngine;
import oasis.io.DataLoop;
import oasis.os.OsException;
import oasis.packet.Address;
import oasis.packet.Addresses;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that may wait: it looks after the host's state every few seconds, and runs what else
 * touches that state, one thing at a time. May be used by any thread.
 */
final class Care implements Executor {
  private static final long PERIOD_SECONDS = 2;
  private static final Logger LOG = LoggerFactory.getLogger(Care.class);

  private final ScheduledExecutorService executor =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "exit-care");
            thread.setDaemon(true);
            return thread;
          });

  /** Looks after a side, and tells an engine the host's addresses. */
  Care(Side side, DataLoop loop, ExitEngine engine) {
    executor.scheduleWithFixedDelay(
        () -> {
          try {
            side.care(loop, engine);
            List<Address> own = ownAddresses();
            loop.submit(() -> engine.ownAddresses(own));
          } catch (OsException | SocketException | RuntimeException e) {
            LOG.warn("Looking after the host's state failed: {}", e.getMessage());
          }
        },
        PERIOD_SECONDS,
        PERIOD_SECONDS,
        TimeUnit.SECONDS);
  }

  /**
   * Runs a task soon.
   *
   * @throws java.util.concurrent.RejectedExecutionException after {@link #close}
   */
  @Override
  public void execute(Runnable task) {
    executor.execute(task);
  }

  /** The addresses of this host. */
  static List<Address> ownAddresses() throws SocketException {
    return NetworkInterface.networkInterfaces()
        .flatMap(NetworkInterface::inetAddresses)
        .map(Care::address)
        .toList();
  }

  private static Address address(InetAddress own) {
    ByteBuffer bytes = ByteBuffer.wrap(own.getAddress());
    return bytes.capacity() == 4
        ? new Address(0, Addresses.v4(bytes.getInt(0)))
        : new Address(bytes.getLong(0), bytes.getLong(Long.BYTES));
  }

  /** What it looks after is closed next, and must not be repaired meanwhile. */
  void close() throws InterruptedException {
    executor.shutdown();
    if (!executor.awaitTermination(2, TimeUnit.SECONDS)) {
      executor.shutdownNow();
    }
  }
}
