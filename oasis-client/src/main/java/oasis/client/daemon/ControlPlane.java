// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLSocketFactory;
import oasis.io.config.ConfigException;
import oasis.io.config.HangUp;
import oasis.os.OsException;
import oasis.packet.Address;
import org.jspecify.annotations.Nullable;

/**
 * What changes a client while it runs: its file, its control interface, the specifications of its
 * overlays, and a host that moves to another network. Changes happen one after the other on a
 * thread of their own, what waits for servers on another. The thread that starts the client owns
 * it.
 */
final class ControlPlane {
  private static final int UNSEEN_SECONDS = 30;
  private static final int ANSWER_MS = 50;
  private static final int CLOSE_SECONDS = 5;

  private final ScheduledExecutorService changes =
      Executors.newSingleThreadScheduledExecutor(task -> daemonThread(task, "configuration"));
  private final ScheduledExecutorService downloads =
      Executors.newSingleThreadScheduledExecutor(task -> daemonThread(task, "downloads"));
  private final ExecutorService requests =
      Executors.newSingleThreadExecutor(task -> daemonThread(task, "requests"));
  private final Packets packets;
  private final Configurator configurator;
  private final OverlayApi overlays;
  private final Reload reload;
  private final ControlApi api;

  /**
   * What outlives runs.
   *
   * @param kept specifications of overlays
   * @param file {@code client.xml}
   */
  record Saved(Specifications kept, ConfigFile file) {
    /** In a state directory. */
    static Saved in(Path state) {
      Specifications kept = new Specifications(state);
      return new Saved(kept, new ConfigFile(state, kept));
    }

    /** What this run begins with. */
    LiveConfig first(Settings settings) throws ConfigException {
      // Before the first rule no address is a fake one.
      ClientConfig saved = file.read();
      file.accept();
      return LiveConfig.saved(saved).withCommandLine(settings, fetcher(address -> address));
    }
  }

  /**
   * @param host what the rules change in the operating system
   * @param guard the supervisor, where there is one
   * @param facts what the status says that does not change
   */
  ControlPlane(
      Packets packets,
      Saved saved,
      HostSide host,
      @Nullable Supervisor guard,
      StatusReport.Facts facts) {
    this.packets = packets;
    configurator =
        new Configurator(packets.loop(), packets.carriers(), host, facts.network(), saved.file());
    StatusReport report =
        new StatusReport(
            new StatusReport.Parts(
                packets.loop(),
                packets.path(),
                packets.carriers(),
                packets.raw(),
                packets.underlay(),
                guard),
            configurator,
            facts);
    Changes inTurn = new Changes(configurator, changes, requests);
    Overlay.Source fetcher = fetcher(this::realOf);
    overlays = new OverlayApi(inTurn, saved.kept(), fetcher);
    reload = new Reload(saved.file(), configurator, inTurn, saved.kept(), fetcher);
    api = new ControlApi(inTurn, overlays, reload, ControlPlane::stopSoon, report);
  }

  /** What may be asked. */
  ControlApi api() {
    return api;
  }

  /** Puts the first configuration in force. */
  void begin(LiveConfig first) throws ConfigException, OsException {
    configurator.begin(first);
  }

  /**
   * From now on follows the host, fetches specifications that are missing, and hears SIGHUP.
   *
   * @param alsoDue asked each second, on the configuration's thread: whether the host's state has
   *     to be looked at although nothing was heard of a change
   */
  void follow(Undo undo, BooleanSupplier alsoDue) throws OsException {
    HostWatch watch = undo.add("watch", HostWatch.open());
    undo.add("configuration thread", this::end);
    downloads.scheduleWithFixedDelay(
        Configurator.lasting(overlays::fetchUnseen), 0, UNSEEN_SECONDS, TimeUnit.SECONDS);
    changes.scheduleWithFixedDelay(
        Configurator.lasting(
            () -> {
              boolean asked = alsoDue.getAsBoolean();
              boolean heard = watch.due();
              if ((asked || heard) && !configurator.maintain(packets::follow)) {
                watch.again();
              }
            }),
        HostWatch.INTERVAL_MS,
        HostWatch.INTERVAL_MS,
        TimeUnit.MILLISECONDS);
    downloads.execute(() -> HangUp.run(reload::onSignal)); // not worth the start's time
  }

  private void end() throws InterruptedException {
    downloads.shutdownNow();
    requests.shutdownNow();
    changes.shutdown();
    changes.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
  }

  /** Ends the process a moment later, so that who asked for it gets his answer. */
  private static void stopSoon() {
    CompletableFuture.delayedExecutor(ANSWER_MS, TimeUnit.MILLISECONDS)
        .execute(() -> System.exit(0));
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
  private Address realOf(Address address) {
    return packets.loop().call(() -> packets.path().engine().realOf(address)).join();
  }

  /** A thread that does not keep the process from ending. */
  static Thread daemonThread(Runnable work, String name) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }
}
