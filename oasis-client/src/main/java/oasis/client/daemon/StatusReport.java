// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import oasis.client.engine.CarrierInfo;
import oasis.client.engine.ClientEngine;
import oasis.client.engine.EngineInfo;
import oasis.client.engine.FakeInfo;
import oasis.client.engine.FlowInfo;
import oasis.client.engine.RuleHits;
import oasis.io.DataLoop;
import oasis.io.LinuxTun;
import oasis.io.PortCounters;
import oasis.io.ProgramPort;
import oasis.io.RawSender;
import oasis.packet.Address;
import oasis.packet.DropReason;
import oasis.rules.Rule;
import org.jspecify.annotations.Nullable;

/**
 * Snapshots of the running client as plain values for JSON. The data loop makes the snapshot, the
 * caller's thread the values. Any thread may ask.
 */
final class StatusReport {
  /** What does not change during a run. */
  record Facts(
      String version,
      LongSupplier startMs,
      String startedAt,
      Front front,
      ClientNetworkConfig network,
      int fakeCapacity) {}

  /** What a running client consists of. */
  record Parts(
      DataLoop loop,
      DataPath path,
      Carriers carriers,
      RawSender raw,
      Underlay underlay,
      @Nullable Supervisor supervisor) {}

  /**
   * Where packets of programs come from.
   *
   * @param port writes to them
   * @param about what the status says about it, under its name; asked on the data loop
   */
  record Front(ProgramPort port, String name, Supplier<Map<String, @Nullable Object>> about) {
    /** A TUN device. */
    static Front of(LinuxTun tun) {
      return new Front(
          tun,
          "tun",
          () -> {
            Map<String, @Nullable Object> about = counters(tun.counters().snapshot());
            about.put("name", tun.name());
            about.put("mtu", tun.mtu());
            about.put("offloads", tun.offloads());
            return about;
          });
    }
  }

  private record Snapshot(
      EngineInfo engine,
      List<Carriers.PortInfo> carriers,
      PortCounters.Snapshot tun,
      Map<String, @Nullable Object> front,
      PortCounters.Snapshot raw,
      String sending,
      PortCounters.Snapshot capture,
      long failures) {}

  private final Parts parts;
  private final Configurator configurator;
  private final Facts facts;
  private final long beganNs = System.nanoTime();

  StatusReport(Parts parts, Configurator configurator, Facts facts) {
    this.parts = parts;
    this.configurator = configurator;
    this.facts = facts;
  }

  /** The state of everything. */
  CompletableFuture<Map<String, @Nullable Object>> status() {
    return parts.loop().call(this::snapshot).thenApply(this::toMap);
  }

  /** At most {@code limit} flows. */
  CompletableFuture<List<Map<String, @Nullable Object>>> flows(int limit) {
    return parts
        .loop()
        .call(() -> parts.path().engine().flows(limit, System.nanoTime()))
        .thenApply(flows -> flows.stream().map(StatusReport::flow).toList());
  }

  /** What each rule has decided. */
  CompletableFuture<Map<Rule, RuleHits.Counts>> ruleCounts() {
    return parts
        .loop()
        .call(() -> configurator.hits().stream().map(RuleHits::counts).toList())
        .thenApply(
            all -> all.stream().collect(Collectors.toMap(RuleHits.Counts::rule, one -> one)));
  }

  /**
   * What the engine would do now.
   *
   * @param ask a question to the engine
   */
  <T> CompletableFuture<T> ask(Function<ClientEngine, T> ask) {
    return parts.loop().call(() -> ask.apply(parts.path().engine()));
  }

  /** At most {@code limit} names and the addresses that stand for them. */
  CompletableFuture<List<Map<String, @Nullable Object>>> fakes(int limit) {
    return parts
        .loop()
        .call(() -> parts.path().engine().fakes(limit))
        .thenApply(fakes -> fakes.stream().map(StatusReport::fake).toList());
  }

  private Snapshot snapshot() {
    return new Snapshot(
        parts.path().engine().info(System.nanoTime()),
        parts.carriers().ports(),
        facts.front().port().counters().snapshot(),
        facts.front().about().get(),
        parts.raw().counters().snapshot(),
        parts.raw().description(),
        parts.underlay().capture().counters().snapshot(),
        parts.loop().failures());
  }

  private Map<String, @Nullable Object> toMap(Snapshot snapshot) {
    EngineInfo engine = snapshot.engine();
    Map<String, @Nullable Object> status = new LinkedHashMap<>();
    status.put("version", facts.version());
    status.put("java", Runtime.version().toString());
    status.put("pid", ProcessHandle.current().pid());
    status.put("startedAt", facts.startedAt());
    status.put("startMs", facts.startMs().getAsLong());
    status.put("uptimeMs", (System.nanoTime() - beganNs) / 1_000_000);
    status.put("carriers", carrierList(snapshot));
    status.put("rules", configurator.current().all().activeRules().size());
    status.put("flows", engine.flows());
    status.put("maxFlows", engine.maxFlows());
    status.put(facts.front().name(), snapshot.front());
    Underlay.Addresses addresses = parts.underlay().addresses();
    Map<String, @Nullable Object> underlay = new LinkedHashMap<>();
    underlay.put("ipv4", addresses.v4().map(Address::toString).orElse(null));
    underlay.put("ipv6", addresses.v6().map(Address::toString).orElse(null));
    underlay.put("sending", snapshot.sending());
    underlay.put("mediate", facts.network().mediate());
    status.put("underlay", underlay);
    status.put("fakeRange", facts.network().fakeRange());
    status.put("fakeRange6", facts.network().fakeRange6());
    status.put("underlaySent", counters(snapshot.raw()));
    status.put("underlayReceived", counters(snapshot.capture()));
    status.put("dnsQueries", engine.dnsQueries());
    status.put("dnsFaked", engine.dnsFaked());
    status.put("dnsConnections", engine.dnsConnections());
    status.put("dnsHeldBytes", engine.dnsHeldBytes());
    status.put("fakes", engine.fakes());
    status.put("fakesHeld", engine.fakesHeld());
    status.put("fakesExhausted", engine.fakesExhausted());
    status.put("maxFakes", facts.fakeCapacity());
    status.put("drops", drops(snapshot));
    Supervisor supervisor = parts.supervisor();
    status.put("supervisorAlive", supervisor == null ? null : supervisor.alive());
    status.put("loopFailures", snapshot.failures());
    return status;
  }

  private static List<Map<String, @Nullable Object>> carrierList(Snapshot snapshot) {
    Map<Integer, Carriers.PortInfo> ports = new LinkedHashMap<>();
    snapshot.carriers().forEach(port -> ports.put(port.index(), port));
    List<Map<String, @Nullable Object>> list = new ArrayList<>();
    for (CarrierInfo carrier : snapshot.engine().carriers()) {
      Map<String, @Nullable Object> one = new LinkedHashMap<>();
      one.put("name", carrier.name());
      one.put("state", carrier.state().name().toLowerCase(Locale.ROOT));
      one.put("silentMs", carrier.silentMs() < 0 ? null : carrier.silentMs());
      one.put("rttUs", carrier.rttUs() < 0 ? null : carrier.rttUs());
      one.put("chosen", carrier.chosen());
      one.put("mtu", carrier.mtu());
      one.put("ipv6", carrier.ipv6());
      one.put("flows", carrier.flows());
      one.put("outPkts", carrier.outPkts());
      one.put("outBytes", carrier.outBytes());
      one.put("inPkts", carrier.inPkts());
      one.put("inBytes", carrier.inBytes());
      Carriers.PortInfo port = ports.get(carrier.index());
      if (port != null) {
        one.put("entry", port.entry());
        one.put("localPort", port.localPort() == 0 ? null : port.localPort());
      }
      list.add(one);
    }
    return list;
  }

  /** Drops of the engine and of all ports, by reason. */
  private static List<Map<String, @Nullable Object>> drops(Snapshot snapshot) {
    Map<DropReason, Long> sums = new EnumMap<>(DropReason.class);
    snapshot
        .engine()
        .drops()
        .forEach((why, n) -> sums.merge(DropReason.valueOf(why), n, Long::sum));
    List<PortCounters.Snapshot> ports = new ArrayList<>();
    ports.add(snapshot.tun());
    ports.add(snapshot.raw());
    ports.add(snapshot.capture());
    for (Carriers.PortInfo port : snapshot.carriers()) {
      PortCounters.Snapshot counters = port.counters();
      if (counters != null) {
        ports.add(counters);
      }
    }
    for (PortCounters.Snapshot port : ports) {
      port.drops().forEach((why, n) -> sums.merge(why, n, Long::sum));
    }
    List<Map<String, @Nullable Object>> list = new ArrayList<>();
    sums.forEach(
        (why, n) -> {
          Map<String, @Nullable Object> one = new LinkedHashMap<>();
          one.put("reason", why.name());
          one.put("packets", n);
          one.put("help", why.help());
          list.add(one);
        });
    return list;
  }

  private static Map<String, @Nullable Object> counters(PortCounters.Snapshot port) {
    Map<String, @Nullable Object> one = new LinkedHashMap<>();
    one.put("inPkts", port.inPkts());
    one.put("inBytes", port.inBytes());
    one.put("inMessages", port.inMessages());
    one.put("outPkts", port.outPkts());
    one.put("outBytes", port.outBytes());
    one.put("outMessages", port.outMessages());
    one.put("offloadRefusals", port.offloadRefusals());
    return one;
  }

  /** A flow as plain values. */
  static Map<String, @Nullable Object> flow(FlowInfo flow) {
    Map<String, @Nullable Object> one = new LinkedHashMap<>();
    one.put("protocol", flow.protocol());
    one.put("program", flow.program());
    one.put("seen", flow.seen());
    one.put("destination", flow.destination());
    one.put("name", flow.name());
    one.put("rule", flow.rule());
    one.put("carrier", flow.carrier());
    one.put("ageMs", flow.ageMs());
    one.put("idleMs", flow.idleMs());
    one.put("outPkts", flow.outPkts());
    one.put("outBytes", flow.outBytes());
    one.put("inPkts", flow.inPkts());
    one.put("inBytes", flow.inBytes());
    return one;
  }

  private static Map<String, @Nullable Object> fake(FakeInfo fake) {
    Map<String, @Nullable Object> one = new LinkedHashMap<>();
    one.put("name", fake.name());
    one.put("fake", fake.fake());
    one.put("real", fake.real());
    one.put("flows", fake.flows());
    return one;
  }
}
