// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import oasis.exit.engine.ClassInfo;
import oasis.exit.engine.ExitInfo;
import oasis.exit.engine.PeerState;
import oasis.io.PortCounters;
import oasis.io.control.Response;
import oasis.link.ClassStatistics;
import oasis.packet.DropReason;
import org.jspecify.annotations.Nullable;

/** The status as metrics for Prometheus. */
final class Metrics {
  private static final String PREFIX = "oasis_exit_";

  private final Map<String, Object> status;
  private final MetricsText text = new MetricsText();

  private Metrics(Map<String, Object> status) {
    this.status = status;
  }

  /** The answer to a request for metrics. */
  static Response response(Map<String, Object> status) {
    return new Response(200, MetricsText.TYPE, text(status).getBytes(UTF_8));
  }

  /**
   * The text.
   *
   * @param status as {@code /v1/status} has it, and {@code classes} as {@code /v1/classes} has them
   */
  static String text(Map<String, Object> status) {
    Metrics metrics = new Metrics(status);
    metrics.node();
    if (status.get("engine") instanceof ExitInfo engine) {
      metrics.engine(engine);
      metrics.drops(engine);
    }
    metrics.peers();
    metrics.ports();
    metrics.classes();
    metrics.kernel();
    metrics.process();
    return metrics.text.toString();
  }

  private void node() {
    text.gauge(PREFIX + "info", "What runs; always 1.")
        .value(1, "backend", String.valueOf(status.get("backend")));
    text.gauge(PREFIX + "uptime_seconds", "Since the node began to carry packets.")
        .value(number("uptimeMs") / 1e3);
    text.gauge(PREFIX + "draining", "1 while no flow may begin.")
        .value(Boolean.TRUE.equals(status.get("draining")) ? 1 : 0);
    text.counter(PREFIX + "loop_failures_total", "Exceptions in the data loop: faults of ours.")
        .value(number("loopFailures"));
    text.counter(PREFIX + "flow_log_lines_total", "Lines written to the flow log.")
        .value(number("flowLogWritten"));
    text.counter(PREFIX + "flow_log_lost_total", "Lines that could not be written.")
        .value(number("flowLogLost"));
  }

  private void engine(ExitInfo engine) {
    text.gauge(PREFIX + "clients", "Clients that have an inner address.").value(engine.clients());
    text.gauge(PREFIX + "sources", "Inner addresses of all clients.").value(engine.sources());
    text.gauge(PREFIX + "flows", "Flows in the table, ended TCP connections included.")
        .value(engine.flows());
    text.gauge(PREFIX + "live_flows", "Flows that have not ended.").value(number("liveFlows"));
    text.gauge(PREFIX + "max_flows", "Flows that the table holds.").value(engine.maxFlows());
    text.counter(PREFIX + "flows_total", "Flows that began.").value(engine.flowsBegun());
    text.counter(PREFIX + "packets_total", "Packets carried, from (out) and to (in) clients.")
        .value(engine.outPkts(), "direction", "out")
        .value(engine.inPkts(), "direction", "in");
    text.counter(PREFIX + "bytes_total", "Their IP bytes.")
        .value(engine.outBytes(), "direction", "out")
        .value(engine.inBytes(), "direction", "in");
    text.counter(PREFIX + "keep_alives_total", "Keep-alives answered.").value(engine.keepAlives());
    text.counter(PREFIX + "replies_total", "ICMP errors and resets that the node wrote.")
        .value(engine.replies());
  }

  /** All reasons, so that a rate is known before the first drop. */
  private void drops(ExitInfo engine) {
    text.counter(PREFIX + "dropped_packets_total", "Packets dropped, by the reason.");
    for (DropReason reason : DropReason.values()) {
      text.value(
          engine.drops().getOrDefault(reason.name(), 0L),
          "reason",
          reason.name().toLowerCase(Locale.ROOT));
    }
  }

  /** The other nodes of the overlay, where there are any. */
  private void peers() {
    List<PeerState> peers = new ArrayList<>();
    for (Object each : status.get("peers") instanceof List<?> list ? list : List.of()) {
      if (each instanceof PeerState peer) {
        peers.add(peer);
      }
    }
    if (peers.isEmpty()) {
      return;
    }
    text.gauge(PREFIX + "peer_up", "1 while another node is heard of.");
    peers.forEach(peer -> text.value(peer.alive() ? 1 : 0, "peer", peer.name()));
    text.gauge(PREFIX + "peer_heard_seconds", "Since another node was last heard of.");
    peers.stream()
        .filter(PeerState::heard)
        .forEach(peer -> text.value(peer.heardMs() / 1e3, "peer", peer.name()));
  }

  private void ports() {
    Map<String, PortCounters.Snapshot> ports = new TreeMap<>();
    status.forEach(
        (name, value) -> {
          if (value instanceof PortCounters.Snapshot port) {
            ports.put(name.replaceFirst("Port$", ""), port);
          }
        });
    text.counter(PREFIX + "port_packets_total", "Packets read (in) and written (out) by a port.");
    ports.forEach(
        (name, port) ->
            text.value(port.inPkts(), "port", name, "direction", "in")
                .value(port.outPkts(), "port", name, "direction", "out"));
    text.counter(PREFIX + "port_bytes_total", "Their bytes.");
    ports.forEach(
        (name, port) ->
            text.value(port.inBytes(), "port", name, "direction", "in")
                .value(port.outBytes(), "port", name, "direction", "out"));
    text.counter(PREFIX + "port_dropped_packets_total", "Packets that a port dropped.");
    ports.forEach(
        (name, port) ->
            text.value(
                port.drops().values().stream().mapToLong(Long::longValue).sum(), "port", name));
  }

  /** What has happened to the packets of each class, where a direction has a cap. */
  private void classes() {
    List<ClassInfo> classes = new ArrayList<>();
    for (Object each : status.get("classes") instanceof List<?> list ? list : List.of()) {
      if (each instanceof ClassInfo one && (one.out() != null || one.in() != null)) {
        classes.add(one);
      }
    }
    if (classes.isEmpty()) {
      return;
    }
    text.gauge(PREFIX + "class_waiting_packets", "Packets of a class that wait.");
    ofEach(classes, ClassStatistics::waitingPkts);
    text.counter(PREFIX + "class_packets_total", "Packets of a class that went on.");
    ofEach(classes, ClassStatistics::sentPkts);
    text.counter(PREFIX + "class_bytes_total", "Their bytes.");
    ofEach(classes, ClassStatistics::sentBytes);
    text.counter(PREFIX + "class_full_packets_total", "Packets dropped because there was no room.");
    ofEach(classes, ClassStatistics::fullPkts);
    text.counter(PREFIX + "class_late_packets_total", "Packets dropped because they waited long.");
    ofEach(classes, ClassStatistics::latePkts);
    text.counter(PREFIX + "class_marked_packets_total", "Packets marked instead (ECN).");
    ofEach(classes, ClassStatistics::markedPkts);
  }

  private void ofEach(List<ClassInfo> classes, ToLongFunction<ClassStatistics> value) {
    for (ClassInfo each : classes) {
      of(each, "out", each.out(), value);
      of(each, "in", each.in(), value);
    }
  }

  private void of(
      ClassInfo one,
      String direction,
      @Nullable ClassStatistics statistics,
      ToLongFunction<ClassStatistics> value) {
    if (statistics != null) {
      text.value(value.applyAsLong(statistics), "class", one.name(), "direction", direction);
    }
  }

  /** The kernel's connection table, which the kernel backend needs. */
  private void kernel() {
    if (status.containsKey("conntrack")) {
      text.gauge(PREFIX + "conntrack_entries", "Entries of the kernel's connection table.")
          .value(number("conntrack"));
      text.gauge(PREFIX + "conntrack_max", "Entries that it holds; when full, new flows are lost.")
          .value(number("conntrackMax"));
    }
  }

  private void process() {
    ProcessHandle.Info process = ProcessHandle.current().info();
    process
        .startInstant()
        .ifPresent(
            start ->
                text.gauge("process_start_time_seconds", "Start of the process since the epoch.")
                    .value(start.toEpochMilli() / 1e3));
    process
        .totalCpuDuration()
        .ifPresent(
            cpu ->
                text.counter("process_cpu_seconds_total", "CPU time of the process.")
                    .value(cpu.toMillis() / 1e3));
    Runtime heap = Runtime.getRuntime();
    text.gauge("jvm_heap_used_bytes", "Heap in use.").value(heap.totalMemory() - heap.freeMemory());
    text.gauge("jvm_heap_max_bytes", "Heap that there may be.").value(heap.maxMemory());
  }

  private long number(String name) {
    @Nullable Object value = status.get(name);
    return value instanceof Number number ? number.longValue() : 0;
  }
}
