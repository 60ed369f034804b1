// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import oasis.io.DataLoop;
import oasis.io.LinuxTun;
import oasis.io.Rehearsal;
import oasis.io.TunSource;
import oasis.io.config.ConfigException;
import oasis.io.control.ControlServer;
import oasis.os.OsException;
import oasis.os.linux.ConnectionLabels;
import oasis.os.linux.LinuxCommandRunner;
import oasis.os.linux.LinuxNftOwner;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One running client: opens everything in an order in which a crash at any point leaves the host's
 * network working, and closes it in the reverse order. The thread that calls {@link #start} owns
 * it; it may be closed from one other thread.
 */
final class ClientDaemon implements AutoCloseable {
  private static final int MS_PER_TICK = 10;

  private final Settings settings;
  private final Undo undo = new Undo();
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
    daemon.undo.unless(daemon::open, "; run the client as root");
    return daemon;
  }

  private void open() throws ConfigException, OsException, IOException {
    // The log takes as long to load as everything else together; nothing below waits for it but
    // the control socket, whose library logs.
    Future<Logger> log = inBackground(() -> LoggerFactory.getLogger(ClientDaemon.class));
    lock();
    Rehearsal rehearsal = undo.add("rehearsal", new Rehearsal(new ClientRehearsal(settings.mtu())));
    ControlPlane.Saved saved = ControlPlane.Saved.in(settings.state());
    first = saved.first(settings);
    ClientNetworkConfig network = settings.networkConfig(first.all().options());
    Future<Supervisor> supervisor = inBackground(() -> Supervisor.start(network));
    undo.add("supervisor", () -> join(supervisor).close());
    LinuxCommandRunner runner = new LinuxCommandRunner();
    Future<List<String>> leftovers = inBackground(() -> ClientNetwork.prepare(runner, network));

    LinuxTun tun = undo.add(Settings.TUN, LinuxTun.open(Settings.TUN, settings.mtu()));
    Packets packets = openPackets(network, tun);
    Supervisor guard = join(supervisor);
    DataLoop loop = packets.loop();
    loop.busyPoll(settings.busyPollNs());
    loop.add(new TunSource(tun, packets.path().fromPrograms(), this::onTunGone));
    loop.heartBeat(() -> guard.beat(System.nanoTime()));
    packets.turn(undo); // before the kernel diverts the first packet to it

    // Not before the kernel diverts nothing more: until then a hang must end within 3 s.
    undo.add("supervisor's patience", guard::announceClose);
    ClientNetwork state =
        undo.add(
            "network",
            new ClientNetwork(
                runner, LinuxNftOwner::new, () -> packets.underlay().addresses().all()));
    ControlPlane control =
        new ControlPlane(packets, saved, state, guard, facts(tun, packets, network));
    Future<ControlServer> server = inBackground(() -> serve(control.api(), log));
    undo.add("control socket", () -> join(server).close());
    join(leftovers);
    control.begin(first);
    join(server);
    control.follow(
        undo,
        () -> {
          revive(guard, loop);
          return !state.held() || !state.groupsAreTheSame();
        });
    startMs = processAgeMs();
    rehearsal.begin();
  }

  private Packets openPackets(ClientNetworkConfig network, LinuxTun tun)
      throws OsException, IOException {
    ConnectionLabels labels = undo.add("connection labels", ConnectionLabels.open());
    FakeStores fakes = undo.add("journals", FakeStores.open(settings.state(), network));
    return Packets.open(
        undo,
        fakes,
        network,
        new Packets.Side(tun, tun.name(), ClientNetwork.EXEMPT_MARK, labels::upper));
  }

  /** Ends the process, from a thread that may wait for the data loop. */
  private void onTunGone() {
    if (!lost) {
      lost = true;
      System.err.println("oasis client: somebody has deleted " + Settings.TUN + "; it ends");
      ControlPlane.daemonThread(() -> System.exit(1), "lost").start();
    }
  }

  /** True when the client could not go on. */
  boolean lost() {
    return lost;
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

  private StatusReport.Facts facts(LinuxTun tun, Packets packets, ClientNetworkConfig network) {
    return new StatusReport.Facts(
        ClientMain.version(),
        this::startMs,
        Instant.now().toString(),
        StatusReport.Front.of(tun),
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

  private static <T> Future<T> inBackground(Callable<T> work) {
    FutureTask<T> task = new FutureTask<>(work);
    ControlPlane.daemonThread(task, "start").start();
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
}
