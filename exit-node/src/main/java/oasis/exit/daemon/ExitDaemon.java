// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.net.Inet4Address;
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
import oasis.exit.engine.EngineConfig;
import oasis.exit.engine.ExitEngine;
import oasis.io.DataLoop;
import oasis.io.LinuxDatagramPort;
import oasis.io.LinuxTun;
import oasis.io.control.ControlServer;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;
import oasis.os.linux.LinuxNftOwner;
import oasis.packet.Addresses;
import oasis.packet.Coalescer;
import oasis.packet.Replies;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running exit node: ports, loop, engine, kernel state, control interface. Started by one thread
 * and closed by any; closing undoes everything in the reverse order, once.
 */
public final class ExitDaemon implements AutoCloseable {
  /** How often own addresses are read again and the nftables holder is looked after. */
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
    // The socket is the lock: a second exit node at the same place gets no further.
    ControlRoutes routes = new ControlRoutes(config);
    ControlServer control = ControlServer.start(config.control(), routes.routes());
    undo.push(control::close);
    LinuxCommandRunner runner = new LinuxCommandRunner();
    if (Files.exists(config.stateFile())) {
      LOG.info("A former exit node did not end well; cleaning up");
      ExitNetwork.cleanUp(runner, config.stateFile(), config.tun()).forEach(LOG::info);
    }
    FlowLog flowLog = openFlowLog(config.flowLog());
    LinuxTun tun = LinuxTun.open(config.tun(), config.mtu());
    undo.push(tun::close);
    LinuxDatagramPort port = LinuxDatagramPort.open(config.listen(), null, 0);
    undo.push(port::close);
    ExitEngine engine = engine();
    engine.ownAddresses(ownAddresses());
    Coalescer coalescer = new Coalescer(tun.udpBursts());
    Traffic traffic = new Traffic(engine, tun, port, coalescer, flowLog, this::onTunGone);
    DataLoop loop = new DataLoop("exit-data");
    undo.push(loop::close);
    traffic.join(loop);
    ExitNetwork network = new ExitNetwork(runner, LinuxNftOwner::new, config.stateFile());
    undo.push(network::close);
    network.apply(config);
    loop.start();
    undo.push(() -> reportFlows(loop, traffic));
    lookAfter(network, loop, engine);
    routes.serve(loop, engine, tun, port, flowLog);
    LOG.info(
        "Exit node at UDP port {}, TUN {} ({}), UDP offloads {}",
        port.localPort(),
        config.tun(),
        tun.offloads(),
        port.offloads());
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

  private ExitEngine engine() {
    Memory replies = Memory.allocate(Replies.MAX_BYTES);
    long seed = ByteBuffer.wrap(new SecureRandom().generateSeed(Long.BYTES)).getLong();
    return new ExitEngine(
        new EngineConfig(
            config.clients(), config.opened(), config.pool(), config.mtu(), config.limits(), seed),
        replies.buffer(),
        replies.address());
  }

  private void lookAfter(ExitNetwork network, DataLoop loop, ExitEngine engine) {
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
            if (network.repair()) {
              LOG.warn("The nftables holder had ended; its table is in place again");
            }
            long[] own = ownAddresses();
            loop.submit(() -> engine.ownAddresses(own));
          } catch (OsException | SocketException | RuntimeException e) {
            LOG.warn("Looking after the kernel's state failed: {}", e.getMessage());
          }
        },
        CARE_SECONDS,
        CARE_SECONDS,
        TimeUnit.SECONDS);
    undo.push(
        () -> {
          care.shutdown();
          // The network is closed by the next step: it must not be repaired meanwhile.
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

  private static long[] ownAddresses() throws SocketException {
    List<Inet4Address> own =
        NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .filter(Inet4Address.class::isInstance)
            .map(Inet4Address.class::cast)
            .toList();
    return own.stream()
        .mapToLong(address -> Addresses.v4(ByteBuffer.wrap(address.getAddress()).getInt()))
        .toArray();
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
