// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import oasis.exit.engine.BackendKind;
import oasis.exit.engine.EngineConfig;
import oasis.io.DataLoop;
import oasis.io.Endpoint;
import oasis.io.LinuxDatagramPort;
import oasis.io.Rehearsal;
import oasis.io.config.ConfigException;
import oasis.io.control.ControlServer;
import oasis.io.control.TcpServer;
import oasis.os.FileErrors;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.SharedKey;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running exit node: ports, loop, engine, kernel state, control interface. Started by one thread
 * and closed by any; closing undoes everything in the reverse order, once.
 */
public final class ExitDaemon implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ExitDaemon.class);

  private static final int METRICS_TRIES = 50;
  private static final long METRICS_PAUSE_NS = 100_000_000;

  /** Something to undo. */
  private interface Undo {
    void run() throws Exception;
  }

  private final ExitSettings settings;
  private final ExitConfig config;
  private final Reload.Source source;
  private final boolean replacing;
  private final ArrayDeque<Undo> undo = new ArrayDeque<>();
  private boolean closed;
  private volatile boolean lost;
  private volatile boolean replaced;
  private volatile @Nullable ControlServer control;
  private volatile String description = "";
  private volatile @Nullable Runnable reloading;

  /**
   * Nothing happens before {@link #start}.
   *
   * @param source reads the settings again
   * @param replacing whether it takes over from the node that runs at the same control socket, if
   *     there is one
   */
  ExitDaemon(ExitSettings settings, Reload.Source source, boolean replacing) {
    this.settings = settings;
    this.replacing = replacing;
    this.source = source;
    config = settings.config();
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

  /** What it is going to be, and what a node that it replaces must have in common with it. */
  private record Intent(
      boolean ipv6, List<SharedKey> keys, Powers powers, Choice choice, Map<String, String> fit) {}

  /** Decides that before anything is changed, and refuses what it cannot do. */
  private Intent intent(LinuxCommandRunner runner) throws OsException, IOException {
    boolean ipv6 = config.mtu() >= EngineConfig.MIN_MTU6 && ExitNetwork.hasIpv6(runner);
    config.engine(ipv6, 0);
    List<SharedKey> keys = config.members().readKeys();
    Powers powers = Powers.probe(runner);
    Choice choice = Choice.of(config, powers);
    return new Intent(ipv6, keys, powers, choice, Estate.fit(config, choice, ipv6));
  }

  private void open() throws OsException, IOException {
    LinuxCommandRunner runner = new LinuxCommandRunner();
    Intent intent = intent(runner);
    BackendKind backend = intent.choice().backend();
    ControlRoutes routes = new ControlRoutes(ExitDaemon::stopAsked);
    try (@Nullable Predecessor former = replacing ? Predecessor.ask(config.control()) : null;
        @Nullable Estate estate = former == null ? null : former.estate(Estate.files(config))) {
      if (estate == null) {
        beginAlone(routes, runner);
      } else {
        estate.requireFit(intent.fit());
      }
      Rehearsal rehearsal = new Rehearsal(new ExitRehearsal(config, backend));
      undo.push(rehearsal::close);
      LinuxDatagramPort port = openPort(estate);
      Side side = openSide(intent, runner, estate);
      FlowLog flowLog = openFlowLog();
      DataLoop loop = new DataLoop("exit-data");
      undo.push(loop::close);
      long seed = estate == null ? seed() : estate.seed();
      EngineConfig engineConfig = config.engine(intent.ipv6(), seed);
      Traffic traffic =
          new Beginning(engineConfig, backend, port, side, flowLog, knowing(intent.keys(), estate))
              .traffic(former, loop);
      if (flowLog != null) {
        logFlows(flowLog, traffic, loop, former == null ? backend : null);
      }
      loop.start();
      undo.push(() -> reportFlows(loop, traffic));
      if (former != null) {
        side.ours(true);
        serveAt(ControlServer.replace(config.control(), routes.routes()));
      }
      Care care = new Care(side, loop, traffic.engine());
      undo.push(care::close);
      RunningNode node =
          new RunningNode(loop, traffic, side, port, flowLog, care, System.nanoTime());
      operate(routes, node, succession(node, intent.fit(), seed));
      description = "UDP %d, %s".formatted(port.localPort(), side.description());
      LOG.debug("UDP offloads: {}", port.offloads());
      rehearsal.begin();
    }
  }

  /** Of a former node's files the socket for clients is the first. */
  private LinuxDatagramPort openPort(@Nullable Estate estate) throws OsException {
    LinuxDatagramPort port =
        estate == null
            ? LinuxDatagramPort.open(config.listen(), null, 0)
            : LinuxDatagramPort.adopt(estate.take());
    undo.push(port::close);
    return port;
  }

  private Side openSide(Intent intent, LinuxCommandRunner runner, @Nullable Estate estate)
      throws OsException, IOException {
    Side side =
        intent.choice().backend() == BackendKind.KERNEL
            ? KernelSide.open(config, intent.ipv6(), runner, this::onTunGone, estate)
            : RawSide.open(
                config, intent.choice().silence(), intent.powers().netAdmin(), runner, estate);
    undo.push(side::close);
    return side;
  }

  /**
   * Tells the flow log what the data loop, which has not started, has to tell it.
   *
   * @param began the backend of a node that has replaced none
   */
  private void logFlows(
      FlowLog flowLog, Traffic traffic, DataLoop loop, @Nullable BackendKind began) {
    if (began != null) {
      flowLog.started(began.name().toLowerCase(Locale.ROOT));
    }
    int flows = config.limits().flows();
    loop.add(new FlowWalk(traffic.engine(), flowLog, flows, System.nanoTime()));
  }

  private Succession succession(RunningNode node, Map<String, String> fit, long seed) {
    Side side = node.side();
    return new Succession(
        node.loop(),
        () ->
            Estate.of(
                fit,
                side.table(),
                seed,
                node.engine().view().isDraining(),
                node.port().fd(),
                side.files()),
        () -> node.engine().write(System.nanoTime()),
        () -> replaced(side));
  }

  /** What an engine has to know before it has flows. */
  private Consumer<Traffic> knowing(List<SharedKey> keys, @Nullable Estate estate)
      throws IOException {
    List<Address> own = Care.ownAddresses();
    boolean draining = estate != null && estate.isDraining();
    return traffic -> {
      traffic.engine().drain(draining);
      traffic.engine().ownAddresses(own);
      config.members().tell(traffic.engine(), keys);
      traffic.queues(config.queues(), System.nanoTime());
    };
  }

  /** The socket is the lock: a second exit node at the same place gets no further. */
  private void beginAlone(ControlRoutes routes, LinuxCommandRunner runner)
      throws OsException, IOException {
    serveAt(ControlServer.start(config.control(), routes.routes()));
    if (Files.exists(config.stateFile())) {
      LOG.info("A former exit node did not end well; cleaning up");
      Leftovers.cleanUp(runner, config.stateFile(), config.tun()).forEach(LOG::info);
    }
  }

  private void serveAt(ControlServer server) {
    control = server;
    undo.push(server::close);
  }

  /** Another process carries from now on: this one ends and leaves the host as it is. */
  private void replaced(Side side) {
    replaced = true;
    side.ours(false);
    ControlServer server = control;
    if (server != null) {
      server.leave();
    }
    LOG.info("Replaced by another process, which goes on with all flows");
    new Thread(() -> System.exit(0), "exit-replaced").start();
  }

  /** Lets operators ask and tell the node. */
  private void operate(ControlRoutes routes, RunningNode node, Succession succession)
      throws IOException {
    Reload reload = new Reload(settings, source, node);
    routes.serve(node, reload, succession);
    reloading = () -> node.care().execute(() -> reload(reload));
    Endpoint metrics = config.metrics();
    if (metrics != null) {
      InetSocketAddress at =
          new InetSocketAddress(Addresses.text(metrics.hi(), metrics.lo()), metrics.port());
      TcpServer server = serveMetrics(at, routes);
      undo.push(server::close);
      LOG.info("Metrics at http://{}/metrics", metrics.text());
    }
  }

  /** A node that was replaced holds the port until it has ended. */
  private TcpServer serveMetrics(InetSocketAddress at, ControlRoutes routes) throws IOException {
    for (int tries = replacing ? METRICS_TRIES : 1; ; tries--) {
      try {
        return TcpServer.start(at, routes.publicRoutes());
      } catch (IOException e) {
        if (tries == 1) {
          throw e;
        }
      }
      LockSupport.parkNanos(METRICS_PAUSE_NS);
    }
  }

  /** Reads the settings again, because of a signal; the log has the outcome. */
  void reload() {
    Runnable reload = reloading;
    if (reload != null) {
      reload.run();
    }
  }

  private static void reload(Reload reload) {
    try {
      LOG.info("Reloaded; {}", reload.run().text());
    } catch (ConfigException | OsException e) {
      LOG.error("Not reloaded: {}", e.getMessage());
    }
  }

  private static void stopAsked() {
    new Thread(() -> System.exit(0), "exit-stop-asked").start();
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

  private @Nullable FlowLog openFlowLog() throws IOException {
    Path file = config.flowLog().file();
    if (file == null) {
      return null;
    }
    FlowLog log;
    try {
      log = new FlowLog(file, config.flowLog(), Clock.systemUTC());
    } catch (IOException e) {
      throw new IOException("cannot open the flow log " + file + ": " + FileErrors.reason(e), e);
    }
    undo.push(log::close);
    return log;
  }

  private static long seed() {
    return ByteBuffer.wrap(new SecureRandom().generateSeed(Long.BYTES)).getLong();
  }

  private void reportFlows(DataLoop loop, Traffic traffic) throws InterruptedException {
    if (replaced) {
      return; // they have not ended
    }
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
