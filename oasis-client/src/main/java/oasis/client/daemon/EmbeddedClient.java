// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import oasis.client.engine.ClientEngine;
import oasis.io.Arrivals;
import oasis.io.DataLoop;
import oasis.io.ProgramPort;
import oasis.io.SilentPorts;
import oasis.io.config.ConfigException;
import oasis.io.control.ControlServer;
import oasis.os.FileErrors;
import oasis.os.OsException;
import oasis.rules.Programs;
import org.jspecify.annotations.Nullable;

/**
 * A client that changes nothing in the operating system: rules, overlays, their carriers and
 * health, OC0, names and the control interface are those of {@link ClientDaemon}; what brings it
 * packets is up to its {@link Front}. It needs CAP_NET_RAW and nothing else. The thread that calls
 * {@link #start} owns it; it may be closed from one other thread.
 */
public final class EmbeddedClient implements AutoCloseable {
  /** Sockets carry no mark: no rule of the host's routing asks for one. */
  private static final int NO_MARK = 0;

  /** No device is kept out of the ways to the underlay. */
  private static final String NO_TUN = "";

  /**
   * What one run is told.
   *
   * @param state directory of {@code client.xml} and the journals of fake addresses
   * @param control path of the control socket
   * @param mtu longest packet that goes to servers, 576 to 9000
   * @param firstPort first port of the host that OC0 sends from
   * @param lastPort last one; each takes two file descriptors
   * @param overlays {@code NAME=URL}, for this run only
   * @param keys {@code NAME=FILE}, the keys of these overlays
   * @param rules rule texts, for this run only
   */
  public record Options(
      Path state,
      Path control,
      int mtu,
      int firstPort,
      int lastPort,
      List<String> overlays,
      List<String> keys,
      List<String> rules) {
    /** Refuses values outside their ranges. */
    public Options {
      overlays = List.copyOf(overlays);
      keys = List.copyOf(keys);
      rules = List.copyOf(rules);
      settings(state, control, mtu, overlays, keys, rules);
      if (firstPort < 1024 || firstPort > lastPort || lastPort > 0xffff) {
        throw new IllegalArgumentException("--nat-ports must be FIRST-LAST, from 1024 to 65535");
      }
    }

    private static Settings settings(
        Path state,
        Path control,
        int mtu,
        List<String> overlays,
        List<String> keys,
        List<String> rules) {
      return new Settings(state, control, mtu, 0, ClientOptions.DEFAULTS, overlays, keys, rules);
    }

    Settings settings() {
      return settings(state, control, mtu, overlays, keys, rules);
    }
  }

  /** Brings packets of programs to the client, and takes those to them. */
  public interface Front {
    /** Writes to programs; the status counts what it does. */
    ProgramPort port();

    /** What the front is, as a key of the status. */
    String name();

    /** What the status says about it; asked on the data loop. */
    Map<String, @Nullable Object> about();

    /**
     * Adds its sources and timers to the loop, which does not turn yet.
     *
     * @param engine asked, on the loop, what the rules say
     * @param programs takes the packets, on the loop, with an end of batch behind them
     */
    void begin(DataLoop loop, ClientEngine engine, Arrivals programs);
  }

  private final Options options;
  private final Settings settings;
  private final Front front;
  private final Undo undo = new Undo();
  private final long beganNs = System.nanoTime();
  private LiveConfig first = LiveConfig.saved(ClientConfig.EMPTY);
  private volatile long startMs;

  private EmbeddedClient(Options options, Front front) {
    this.options = options;
    this.settings = options.settings();
    this.front = front;
  }

  /**
   * Starts a client; when this returns, it carries packets.
   *
   * @throws ConfigException when configuration or options are wrong
   * @throws OsException when the operating system refuses; everything is undone in both cases
   */
  public static EmbeddedClient start(Options options, Front front)
      throws ConfigException, OsException {
    EmbeddedClient client = new EmbeddedClient(options, front);
    client.undo.unless(client::open, "");
    return client;
  }

  private void open() throws ConfigException, OsException, IOException {
    lock();
    ControlPlane.Saved saved = ControlPlane.Saved.in(settings.state());
    first = saved.first(settings);
    ClientNetworkConfig network = network();
    // Before anything arrives for them: the kernel must not answer.
    undo.add("silent ports", silentPorts());
    Packets.Side side =
        new Packets.Side(front.port(), NO_TUN, NO_MARK, program -> Programs.UNKNOWN);
    FakeStores fakes = undo.add("journals", FakeStores.open(settings.state(), network));
    Packets packets = Packets.open(undo, fakes, network, side);
    ClientEngine engine = packets.path().engine();
    engine.resolveByName();
    front.begin(packets.loop(), engine, packets.path().fromPrograms());
    packets.turn(undo);
    ControlPlane control =
        new ControlPlane(packets, saved, HostSide.NOTHING, null, facts(packets, network));
    control.begin(first);
    undo.add("control socket", ControlServer.start(settings.control(), control.api().routes()));
    control.follow(undo, () -> false);
    startMs = (System.nanoTime() - beganNs) / 1_000_000;
  }

  private SilentPorts silentPorts() throws OsException {
    try {
      return SilentPorts.open(options.firstPort(), options.lastPort());
    } catch (OsException e) {
      throw new OsException(e.getMessage() + " (--nat-ports chooses others)", e);
    }
  }

  private void lock() throws OsException, IOException {
    try {
      Files.createDirectories(
          Objects.requireNonNull(settings.control().toAbsolutePath().getParent()));
      Files.createDirectories(settings.state());
    } catch (AccessDeniedException e) {
      throw new OsException(
          FileErrors.describe(e) + " (--state and --control choose places of your own)", e);
    }
    undo.add(
        "lock",
        InstanceLock.take(
            settings.state().resolve("lock"), "with the state directory " + settings.state()));
  }

  private ClientNetworkConfig network() {
    ClientNetworkConfig all = settings.networkConfig(first.all().options());
    return new ClientNetworkConfig(
        all.tun(),
        all.mtu(),
        all.fakeRange(),
        all.fakeRange6(),
        options.firstPort(),
        options.lastPort(),
        all.mediate(),
        all.rules());
  }

  private StatusReport.Facts facts(Packets packets, ClientNetworkConfig network) {
    return new StatusReport.Facts(
        ClientMain.version(),
        () -> startMs,
        Instant.now().toString(),
        new StatusReport.Front(front.port(), front.name(), front::about),
        network,
        packets.fakes().capacity());
  }

  /** Milliseconds that the start took. */
  public long startMs() {
    return startMs;
  }

  /** Overlays that the first configuration has. */
  public int overlays() {
    return first.all().overlays().size();
  }

  /** Rules that the first configuration has. */
  public int rules() {
    return first.all().rules().size();
  }

  /**
   * Closes everything.
   *
   * @return what could not be closed, one line each
   */
  public List<String> end() {
    return undo.run();
  }

  @Override
  public void close() {
    end();
  }
}
