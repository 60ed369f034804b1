// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLSocketFactory;
import oasis.client.engine.ClientEngine;
import oasis.client.engine.EngineConfig;
import oasis.client.engine.Scratch;
import oasis.flow.NatEngine;
import oasis.flow.NatLimits;
import oasis.io.CapturePort;
import oasis.io.DataLoop;
import oasis.io.DatagramPort;
import oasis.io.Endpoint;
import oasis.io.LinuxDatagramPort;
import oasis.io.LinuxTun;
import oasis.io.RawSender;
import oasis.io.control.ControlServer;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.os.linux.ConnectionLabels;
import oasis.os.linux.LinuxCommandRunner;
import oasis.os.linux.LinuxNftOwner;
import oasis.packet.Address;
import oasis.rules.RuleLimitException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One running client: opens everything in an order in which a crash at any point leaves the host's
 * network working, and closes it in the reverse order. The thread that calls {@link #start} owns
 * it; it may be closed from one other thread.
 */
final class ClientDaemon implements AutoCloseable {
  private static final int MAX_NAT_SESSIONS = 65_536;
  private static final int UNSEEN_SECONDS = 30;
  private static final int ANSWER_MS = 50;
  private static final int MS_PER_TICK = 10;
  private static final int CLOSE_SECONDS = 5;

  private final Settings settings;
  private final Undo undo = new Undo();
  private final ScheduledExecutorService changes =
      Executors.newSingleThreadScheduledExecutor(task -> daemonThread(task, "configuration"));
  private final ScheduledExecutorService downloads =
      Executors.newSingleThreadScheduledExecutor(task -> daemonThread(task, "downloads"));
  private LiveConfig first = LiveConfig.saved(ClientConfig.EMPTY);
  private volatile long startMs;
  private volatile boolean lost;

  private ClientDaemon(Settings settings) {
    this.settings = settings;
  }

  /**
   * Starts a client; when this returns, it carries packets.
   *
   * @throws ConfigException when configuration or options are wrong
   * @throws OsException when the operating system refuses, or a client runs already; everything is
   *     undone in both cases
   */
  static ClientDaemon start(Settings settings) throws ConfigException, OsException {
    ClientDaemon daemon = new ClientDaemon(settings);
    boolean done = false;
    try {
      daemon.open();
      done = true;
      return daemon;
    } catch (RuleLimitException e) {
      throw new ConfigException(String.valueOf(e.getMessage()));
    } catch (AccessDeniedException e) {
      throw new OsException(e.getFile() + ": permission denied; run the client as root", e);
    } catch (IOException e) {
      throw new OsException(String.valueOf(e.getMessage()), e);
    } finally {
      if (!done) {
        daemon.close();
      }
    }
  }

  private void open() throws ConfigException, OsException, IOException {
    // The log takes as long to load as everything else together; nothing below waits for it but
    // the control socket, whose library logs.
    Future<Logger> log = inBackground(() -> LoggerFactory.getLogger(ClientDaemon.class));
    lock();
    Specifications kept = new Specifications(settings.state());
    ConfigFile file = new ConfigFile(settings.state(), kept);
    // Before the first rule no address is a fake one.
    first = LiveConfig.saved(file.read()).withCommandLine(settings, fetcher(address -> address));
    ClientNetworkConfig network = settings.networkConfig(first.all().options());
    Future<Supervisor> supervisor = inBackground(() -> Supervisor.start(network));
    undo.add("supervisor", () -> join(supervisor).close());
    LinuxCommandRunner runner = new LinuxCommandRunner();
    Future<List<String>> leftovers = inBackground(() -> ClientNetwork.prepare(runner, network));

    Packets packets = openPackets(network);
    DataPath path = packets.path();
    DataLoop loop = new DataLoop("data");
    loop.busyPoll(settings.busyPollNs());
    Carriers carriers = undo.add("carriers", new Carriers(loop, path, ClientDaemon::openCarrier));
    Supervisor guard = join(supervisor);
    packets.raw().join(loop);
    packets.fakes().join(loop);
    turn(undo.add("data loop", loop), path, guard);

    // Not before the kernel diverts nothing more: until then a hang must end within 3 s.
    undo.add("supervisor's patience", guard::announceClose);
    ClientNetwork state = undo.add("network", new ClientNetwork(runner, LinuxNftOwner::new));
    Configurator configurator = new Configurator(loop, carriers, state, network, file);
    StatusReport report =
        new StatusReport(
            new StatusReport.Parts(loop, path, carriers, packets.raw(), packets.underlay(), guard),
            configurator,
            facts(packets, network));
    Changes inTurn = new Changes(configurator, changes, downloads);
    Overlay.Source fetcher = fetcher(address -> realOf(loop, path, address));
    OverlayApi overlays = new OverlayApi(inTurn, kept, fetcher);
    Reload reload = new Reload(file, configurator, inTurn, kept, fetcher);
    ControlApi api = new ControlApi(inTurn, overlays, reload, ClientDaemon::stopSoon, report);
    Future<ControlServer> server = inBackground(() -> serve(api, log));
    undo.add("control socket", () -> join(server).close());
    join(leftovers);
    configurator.begin(first);
    join(server);
    HostWatch watch = undo.add("watch", HostWatch.open());
    undo.add("configuration thread", this::endChanges);
    downloads.scheduleWithFixedDelay(overlays::fetchUnseen, 0, UNSEEN_SECONDS, TimeUnit.SECONDS);
    changes.scheduleWithFixedDelay(
        () -> {
          revive(guard, loop);
          boolean due = watch.due() || !state.held() || !state.groupsAreTheSame();
          if (due
              && !configurator.maintain(
                  () -> packets.underlay().follow(loop, packets.nat(), path.engine()))) {
            watch.again();
          }
        },
        HostWatch.INTERVAL_MS,
        HostWatch.INTERVAL_MS,
        TimeUnit.MILLISECONDS);
    downloads.execute(() -> HangUp.run(reload::onSignal)); // not worth the start's time
    startMs = processAgeMs();
  }

  /** What carries packets, before the kernel gives it any. */
  private record Packets(
      LinuxTun tun,
      RawSender raw,
      Underlay underlay,
      NatEngine nat,
      FakeStores fakes,
      DataPath path) {}

  private Packets openPackets(ClientNetworkConfig network) throws OsException, IOException {
    long seed = seed();
    FakeStores fakes = undo.add("journals", FakeStores.open(settings.state(), network, seed));
    LinuxTun tun = undo.add(Settings.TUN, LinuxTun.open(Settings.TUN, settings.mtu()));
    RawSender raw =
        undo.add("raw sockets", RawSender.open(RawSender.Way.AUTO, ClientNetwork.EXEMPT_MARK));
    NatLimits limits =
        new NatLimits(
            network.reservedFirst(), network.reservedLast(), MAX_NAT_SESSIONS, MAX_NAT_SESSIONS, 1);
    Underlay underlay = Underlay.open(tun.name(), network.ipv6(), limits);
    CapturePort capture = undo.add("capture", underlay.capture());
    NatEngine nat = new NatEngine(limits, seed);
    underlay.addresses().give(nat);
    ConnectionLabels labels = undo.add("connection labels", ConnectionLabels.open());
    Memory memory = Memory.allocate(Scratch.BYTES);
    Scratch scratch = new Scratch(memory.buffer(), memory.address());
    EngineConfig engine = EngineConfig.defaults(settings.mtu(), seed);
    DataPath path =
        new DataPath(
            tun,
            raw,
            capture,
            labels,
            this::onTunGone,
            out -> new ClientEngine(engine, fakes.pool4(), fakes.pool6(), nat, scratch, out));
    path.engine().setMediate(network.mediate());
    return new Packets(tun, raw, underlay, nat, fakes, path);
  }

  /** Ends the process, from a thread that may wait for the data loop. */
  private void onTunGone() {
    if (!lost) {
      lost = true;
      System.err.println("oasis client: somebody has deleted " + Settings.TUN + "; it ends");
      daemonThread(() -> System.exit(1), "lost").start();
    }
  }

  /** Ends the process a moment later, so that who asked for it gets his answer. */
  private static void stopSoon() {
    CompletableFuture.delayedExecutor(ANSWER_MS, TimeUnit.MILLISECONDS)
        .execute(() -> System.exit(0));
  }

  /** True when the client could not go on. */
  boolean lost() {
    return lost;
  }

  /** Starts the loop. It turns before the kernel diverts the first packet to it. */
  private static void turn(DataLoop loop, DataPath path, Supervisor guard) {
    loop.add(path.tunSource());
    loop.add(path.captureSource());
    loop.add(path.timer());
    loop.heartBeat(() -> guard.beat(System.nanoTime()));
    loop.start();
  }

  private static void revive(Supervisor guard, DataLoop loop) {
    try {
      if (guard.revive(loop)) {
        System.err.println("oasis client: somebody has ended the supervisor; it runs again");
      }
    } catch (OsException e) {
      System.err.println("oasis client: " + e.getMessage());
    }
  }

  private ControlServer serve(ControlApi api, Future<Logger> log) throws IOException, OsException {
    join(log).debug("control socket at {}", settings.control());
    return ControlServer.start(settings.control(), api.routes());
  }

  /** Finds out what is behind URLs; may wait for servers. */
  private static Overlay.Source fetcher(UnaryOperator<Address> realOf) {
    Overlay.Resolver resolver = HostNames.resolver(realOf);
    Download download =
        new Download(
            resolver,
            () -> (SSLSocketFactory) SSLSocketFactory.getDefault(),
            Specification.MAX_BYTES,
            Download.LIMIT);
    return (name, url) -> Specifications.fetch(name, url, download, resolver);
  }

  /** What an address that this host's programs use stands for. */
  private static Address realOf(DataLoop loop, DataPath path, Address address) {
    return loop.call(() -> path.engine().realOf(address)).join();
  }

  private void lock() throws OsException, IOException {
    Path run = Objects.requireNonNull(settings.control().toAbsolutePath().getParent());
    Files.createDirectories(run);
    Files.createDirectories(settings.state());
    undo.add(
        "lock", InstanceLock.take(InstanceLock.forNamespace(run), "in this network namespace"));
    undo.add(
        "lock",
        InstanceLock.take(
            settings.state().resolve("lock"), "with the state directory " + settings.state()));
  }

  private static DatagramPort openCarrier(Endpoint entry) throws OsException {
    Endpoint local = entry.isIpv4() ? Endpoint.anyIpv4(0) : Endpoint.anyIpv6(0);
    return LinuxDatagramPort.open(local, entry, ClientNetwork.EXEMPT_MARK);
  }

  private StatusReport.Facts facts(Packets packets, ClientNetworkConfig network) {
    return new StatusReport.Facts(
        ClientMain.version(),
        this::startMs,
        Instant.now().toString(),
        packets.tun(),
        network,
        packets.fakes().capacity());
  }

  /** Milliseconds from the start of this process until it carried packets. */
  long startMs() {
    return startMs;
  }

  /** One line for the log: what is running. */
  String summary() {
    return "Ready in "
        + startMs
        + " ms ("
        + Settings.TUN
        + ", "
        + first.all().overlays().size()
        + " overlays, "
        + first.all().rules().size()
        + " rules)";
  }

  /**
   * Undoes everything but the route that keeps fake addresses from the default gateway.
   *
   * @return what could not be undone, one line each
   */
  List<String> end() {
    return undo.run();
  }

  @Override
  public void close() {
    end();
  }

  private void endChanges() throws InterruptedException {
    downloads.shutdownNow();
    changes.shutdown();
    changes.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
  }

  /**
   * Milliseconds since this process was executed, in steps of 10. ({@link ProcessHandle} knows the
   * time of boot in whole seconds only.)
   */
  private static long processAgeMs() throws IOException {
    String stat = Files.readString(Path.of("/proc/self/stat"));
    // Field 22, counted from behind the name, which may hold blanks (proc(5)): ticks since boot.
    String ticks = stat.substring(stat.lastIndexOf(')') + 2).split(" ", 21)[19];
    String uptime = Files.readString(Path.of("/proc/uptime"));
    double seconds = Double.parseDouble(uptime.substring(0, uptime.indexOf(' ')));
    return Math.round(seconds * 1000) - Long.parseLong(ticks) * MS_PER_TICK;
  }

  /** A secret from the kernel; the JDK's generators take 50 ms to load. */
  private static long seed() throws IOException {
    try (DataInputStream in = new DataInputStream(Files.newInputStream(Path.of("/dev/urandom")))) {
      return in.readLong();
    }
  }

  private static <T> Future<T> inBackground(Callable<T> work) {
    FutureTask<T> task = new FutureTask<>(work);
    daemonThread(task, "start").start();
    return task;
  }

  private static <T> T join(Future<T> future) throws OsException, IOException {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OsException("interrupted", e);
    } catch (ExecutionException e) {
      Throwable why = e.getCause() == null ? e : e.getCause();
      if (why instanceof IOException io) {
        throw io;
      }
      throw new OsException(String.valueOf(why.getMessage()), e);
    }
  }

  private static Thread daemonThread(Runnable work, String name) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }
}
