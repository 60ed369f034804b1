// SPDX-License-Identifier: Apache-2.0
package oasis.planetlab.daemon;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import oasis.client.daemon.EmbeddedClient;
import oasis.client.engine.ClientEngine;
import oasis.io.Arrivals;
import oasis.io.CaptureSource;
import oasis.io.DataLoop;
import oasis.io.LinuxCapturePort;
import oasis.io.LoopbackPort;
import oasis.io.PortCounters;
import oasis.io.ProgramPort;
import oasis.io.SilentPorts;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.planetlab.engine.PortEngine;
import oasis.rules.ProgramFacts;
import oasis.tcp.PortConfig;
import oasis.tcp.PortInfo;
import org.jspecify.annotations.Nullable;

/**
 * The port on the loopback addresses: a packet socket takes what programs send there, raw sockets
 * answer, and listening sockets that drop everything keep the kernel silent. Confined to the data
 * loop once it turns.
 */
final class LoopbackFront implements EmbeddedClient.Front, AutoCloseable {
  private static final List<Address> LOOPBACK =
      List.of(Address.parse("127.0.0.1"), Address.parse("::1"));
  private static final int WEB_PORT = 80;

  private final int port;
  private final PortConfig config;
  private final List<Address> servers;
  private final SilentPorts silence;
  private final LinuxCapturePort capture;
  private final LoopbackPort raw;
  private final Memory scratch = Memory.allocate(PortEngine.SCRATCH_BYTES);
  private final Programs programs = new Programs();
  private @Nullable PortEngine engine;

  private LoopbackFront(
      int port,
      PortConfig config,
      List<Address> servers,
      SilentPorts silence,
      LinuxCapturePort capture,
      LoopbackPort raw) {
    this.port = port;
    this.config = config;
    this.servers = List.copyOf(servers);
    this.silence = silence;
    this.capture = capture;
    this.raw = raw;
  }

  /**
   * Takes a port, in the network namespace of the calling thread; it is served once a client has
   * begun with it.
   *
   * @param port 1 to 65535
   * @param servers name servers
   * @throws OsException when the port is in use, or CAP_NET_RAW is missing
   */
  static LoopbackFront open(int port, PortConfig config, List<Address> servers) throws OsException {
    SilentPorts silence = silence(port);
    LinuxCapturePort capture = null;
    try {
      capture = LinuxCapturePort.openLoopback(LOOPBACK, port);
      LoopbackPort raw = LoopbackPort.open();
      return new LoopbackFront(port, config, servers, silence, capture, raw);
    } catch (OsException e) {
      if (capture != null) {
        capture.close();
      }
      silence.close();
      throw e;
    }
  }

  private static SilentPorts silence(int port) throws OsException {
    try {
      return SilentPorts.open(port, port);
    } catch (OsException e) {
      throw new OsException(e.getMessage() + " (--port chooses another)", e);
    }
  }

  @Override
  public ProgramPort port() {
    return programs;
  }

  @Override
  public String name() {
    return "port";
  }

  @Override
  public void begin(DataLoop loop, ClientEngine client, Arrivals network) {
    PortEngine made =
        new PortEngine(
            config, servers, scratch.buffer(), scratch.address(), new Out(client, network));
    engine = made;
    loop.add(
        new CaptureSource(
            capture,
            new Arrivals() {
              @Override
              public void onBurst(Burst b, long nowNs) {
                made.onProgram(b, nowNs);
              }

              @Override
              public void onBatchEnd() {
                network.onBatchEnd();
              }
            }));
    loop.add(
        new DataLoop.Timer() {
          @Override
          public long nextDeadlineNs() {
            return made.nextDeadlineNs();
          }

          @Override
          public void onDue(long nowNs) {
            made.onTimer(nowNs);
            network.onBatchEnd();
          }
        });
  }

  @Override
  public Map<String, @Nullable Object> about() {
    Map<String, @Nullable Object> about = new LinkedHashMap<>();
    about.put("port", port);
    about.put("silence", silence.description());
    PortCounters.Snapshot in = capture.counters().snapshot();
    PortCounters.Snapshot out = raw.counters().snapshot();
    about.put("inPkts", in.inPkts());
    about.put("inBytes", in.inBytes());
    about.put("missedPkts", capture.missed());
    about.put("outPkts", out.outPkts());
    about.put("outBytes", out.outBytes());
    if (engine != null) {
      about.put("crowdedPkts", engine.dropped());
      addInfo(engine.info(), about);
    }
    return about;
  }

  private static void addInfo(PortInfo info, Map<String, @Nullable Object> about) {
    about.put("connections", info.connections());
    about.put("maxConnections", info.maxConnections());
    about.put("byStage", new TreeMap<>(info.byStage()));
    about.put("heldBytes", info.heldBytes());
    Map<String, @Nullable Object> events = new LinkedHashMap<>();
    new TreeMap<>(info.events())
        .forEach((event, count) -> events.put(event.name().toLowerCase(Locale.ROOT), count));
    about.put("events", events);
    Map<String, @Nullable Object> answers = new LinkedHashMap<>();
    new TreeMap<>(info.answers())
        .forEach((status, count) -> answers.put(Integer.toString(status), count));
    about.put("answers", answers);
  }

  @Override
  public void close() {
    capture.close();
    raw.close();
    silence.close();
  }

  /** Where the engine's packets go. */
  private final class Out implements PortEngine.Output {
    private final ClientEngine client;
    private final Arrivals network;
    private final FlowKey key = new FlowKey();

    Out(ClientEngine client, Arrivals network) {
      this.client = client;
      this.network = network;
    }

    @Override
    public void toProgram(Burst burst) {
      raw.add(burst);
    }

    @Override
    public void toClient(Burst burst, long nowNs) {
      network.onBurst(burst, nowNs);
    }

    @Override
    public void flushPrograms() {
      raw.flush();
    }

    @Override
    public void flush() {
      network.onBatchEnd();
    }

    @Override
    public boolean refuses(String host, int serverPort) {
      if (host.indexOf(':') >= 0 || host.matches("[0-9.]+")) {
        return refuses(Address.parse(host), serverPort);
      }
      return client.explain(host, ProgramFacts.NONE, true).carrier() == null
          && client.explain(host, ProgramFacts.NONE, false).carrier() == null;
    }

    private boolean refuses(Address server, int serverPort) {
      Address inner = server.isV4() ? config.inner4() : config.inner6();
      if (inner == null) {
        return false;
      }
      key.set(inner.hi(), inner.lo(), server.hi(), server.lo(), Ip.TCP, WEB_PORT, serverPort);
      return client.explain(key, ProgramFacts.NONE, System.nanoTime()).decision().carrier() == null;
    }
  }

  /** What the client takes for its TUN device. */
  private final class Programs implements ProgramPort {
    private final PortCounters counters = new PortCounters();

    @Override
    public boolean udpBursts() {
      return false;
    }

    @Override
    public void write(Burst burst) {
      counters.out(burst.segments(), burst.length());
      if (engine != null) {
        engine.onClient(burst, System.nanoTime());
      }
    }

    @Override
    public void flush() {
      if (engine != null) {
        engine.settle(System.nanoTime());
      }
      raw.flush();
    }

    @Override
    public PortCounters counters() {
      return counters;
    }
  }
}
