// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import oasis.exit.engine.BackendKind;
import oasis.exit.engine.EngineConfig;
import oasis.exit.engine.ExitEffects;
import oasis.exit.engine.ExitEngine;
import oasis.io.DataLoop;
import oasis.io.LinuxDatagramPort;
import oasis.io.control.ControlServer;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Replies;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running exit node: ports, loop, engine, kernel state, control interface. Started by one thread
 * and closed by any; closing undoes everything in the reverse order, once.
 */
public final class ExitDaemon implements AutoCloseable {
  /** How often the host's state is looked after and its own addresses are read again. */
  private static final long CARE_SECONDS = 2;

  private static final Logger LOG = LoggerFactory.getLogger(ExitDaemon.class);

  /** Something to undo. */
  private interface Undo {
    void run() throws Exception;
  }

  private final ExitConfig config;
  private final ArrayDeque<Undo> undo = new ArrayDeque<>();
  private boolean closed;
  private volatile boolean lost;
  private volatile String description = "";

  /** Nothing happens before {@link #start}. */
  public ExitDaemon(ExitConfig config) {
    this.config = config;
  }

  /**
   * Starts; when this returns, packets are carried. A {@link #close} meanwhile waits for it.
   *
   * @throws OsException or IOException in one line, when something is refused; nothing stays behind
   */
  public synchronized void start() throws OsException, IOException {
    if (closed) {
      return;
    }
    boolean started = false;
    try {
      open();
      started = true;
    } finally {
      if (!started) {
        close();
      }
    }
  }

  private void open() throws OsException, IOException {
    LinuxCommandRunner runner = new LinuxCommandRunner();
    boolean ipv6 = config.mtu() >= EngineConfig.MIN_MTU6 && ExitNetwork.hasIpv6(runner);
    // Before anything is changed: it refuses what it cannot do.
    EngineConfig engineConfig = config.engine(ipv6, seed());
    // The socket is the lock: a second exit node at the same place gets no further.
    ControlRoutes routes = new ControlRoutes(config);
    ControlServer control = ControlServer.start(config.control(), routes.routes());
    undo.push(control::close);
    if (Files.exists(config.stateFile())) {
      LOG.info("A former exit node did not end well; cleaning up");
      Leftovers.cleanUp(runner, config.stateFile(), config.tun()).forEach(LOG::info);
    }
    Powers powers = Powers.probe(runner);
    Choice choice = Choice.of(config, powers);
    FlowLog flowLog = openFlowLog(config.flowLog());
    Side side =
        choice.backend() == BackendKind.KERNEL
            ? KernelSide.open(config, ipv6, runner, this::onTunGone)
            : RawSide.open(config, choice.silence(), powers.netAdmin(), runner);
    undo.push(side::close);
    LinuxDatagramPort port = LinuxDatagramPort.open(config.listen(), null, 0);
    undo.push(port::close);
    Traffic traffic =
        new Traffic(port, side, flowLog, out -> engine(engineConfig, choice.backend(), out));
    ExitEngine engine = traffic.engine();
    engine.ownAddresses(ownAddresses());
    side.begin(engine);
    DataLoop loop = new DataLoop("exit-data");
    undo.push(loop::close);
    traffic.join(loop);
    loop.start();
    undo.push(() -> reportFlows(loop, traffic));
    lookAfter(side, loop, engine);
    routes.serve(loop, engine, side, port, flowLog);
    description = "UDP %d, %s".formatted(port.localPort(), side.description());
    LOG.debug("UDP offloads: {}", port.offloads());
  }

  /** What runs, in one line; empty before the start. */
  String description() {
    return description;
  }

  /** Ends the process, from a thread that may wait for the data loop. */
  private void onTunGone() {
    if (!lost) {
      lost = true;
      LOG.error("Somebody has deleted {}; the exit node ends", config.tun());
      new Thread(() -> System.exit(1), "exit-lost").start();
    }
  }

  /** True when the node could not go on. */
  boolean lost() {
    return lost;
  }

  private @Nullable FlowLog openFlowLog(@Nullable Path file) throws IOException {
    if (file == null) {
      return null;
    }
    FlowLog log;
    try {
      log = new FlowLog(file, config.flowLogBytes(), Clock.systemUTC());
    } catch (IOException e) {
      throw new IOException("cannot open the flow log " + file + ": " + e.getMessage(), e);
    }
    undo.push(log::close);
    return log;
  }

  private static long seed() {
    return ByteBuffer.wrap(new SecureRandom().generateSeed(Long.BYTES)).getLong();
  }

  private static ExitEngine engine(EngineConfig config, BackendKind backend, ExitEffects out) {
    Memory replies = Memory.allocate(Replies.MAX_BYTES);
    return new ExitEngine(config, backend, replies.buffer(), replies.address(), out);
  }

  private void lookAfter(Side side, DataLoop loop, ExitEngine engine) {
    ScheduledExecutorService care =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "exit-care");
              thread.setDaemon(true);
              return thread;
            });
    care.scheduleWithFixedDelay(
        () -> {
          try {
            side.care(loop, engine);
            List<Address> own = ownAddresses();
            loop.submit(() -> engine.ownAddresses(own));
          } catch (OsException | SocketException | RuntimeException e) {
            LOG.warn("Looking after the host's state failed: {}", e.getMessage());
          }
        },
        CARE_SECONDS,
        CARE_SECONDS,
        TimeUnit.SECONDS);
    undo.push(
        () -> {
          care.shutdown();
          // It is closed by one of the next steps, and must not be repaired meanwhile.
          if (!care.awaitTermination(2, TimeUnit.SECONDS)) {
            care.shutdownNow();
          }
        });
  }

  private static void reportFlows(DataLoop loop, Traffic traffic) throws InterruptedException {
    try {
      loop.call(
              () -> {
                traffic.stop(System.nanoTime());
                return true;
              })
          .get(2, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("The last flows could not be reported: {}", e.toString());
    }
  }

  private static List<Address> ownAddresses() throws SocketException {
    return NetworkInterface.networkInterfaces()
        .flatMap(NetworkInterface::inetAddresses)
        .map(ExitDaemon::address)
        .toList();
  }

  private static Address address(InetAddress own) {
    ByteBuffer bytes = ByteBuffer.wrap(own.getAddress());
    return bytes.capacity() == 4
        ? new Address(0, Addresses.v4(bytes.getInt(0)))
        : new Address(bytes.getLong(0), bytes.getLong(Long.BYTES));
  }

  /** Stops carrying and undoes every change; may be called more than once. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    while (!undo.isEmpty()) {
      try {
        undo.pop().run();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (Exception e) {
        LOG.error("While stopping: {}", e.getMessage());
      }
    }
  }
}
