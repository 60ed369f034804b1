// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import oasis.emulator.hub.Hub;
import oasis.emulator.hub.HubLink;
import oasis.emulator.hub.HubReport;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;
import org.jspecify.annotations.Nullable;

/**
 * A topology that runs: one network namespace per node, veth pairs between them, and one thread
 * that carries the packets of all shaped links. Closing it kills the programs and removes all; so
 * does the end of this process, by a guard process even when it is killed. Thread-safe.
 *
 * <pre>{@code
 * try (Emulation emulation = Emulation.start(topology, Emulation.Options.defaults(outputDir))) {
 *   Program server = emulation.node("server").start("nginx", "-g", "daemon off;");
 *   var result = emulation.node("client").exec(Duration.ofSeconds(10), "curl", "-s", url);
 * }
 * }</pre>
 */
public final class Emulation implements AutoCloseable {
  /** Where running emulations are written down unless told otherwise. */
  public static final Path STATE_DIRECTORY = Path.of("/run/oasis/emulations");

  /** A kernel that is told to report at once takes some of its clock's ticks. */
  private static final long SILENCE_NS = 50_000_000;

  private static final AtomicInteger COUNT = new AtomicInteger();

  private final Topology topology;
  private final Options options;
  private final CommandRunner runner;
  private final Network network;
  private final Path stateFile;
  private final Guard guard;
  private final Programs programs;
  private final Map<String, Node> nodes = new LinkedHashMap<>();
  private final Thread atExit = new Thread(this::closeAtExit, "emulation-exit");
  private volatile Runnable lastWork = () -> {};
  private @Nullable Hub hub;
  private HubReport lastReport = HubReport.EMPTY;
  private HubReport forgotten = HubReport.EMPTY;
  private boolean closed;

  /**
   * How to run.
   *
   * @param outputDirectory where the programs' output goes; made if missing
   * @param stateDirectory where running emulations are written down, so that leftovers of a crash
   *     can be found
   * @param latenessBudget the run is invalid when the 99th percentile of the links' lateness
   *     exceeds this
   */
  public record Options(Path outputDirectory, Path stateDirectory, Duration latenessBudget) {
    /** The usual state directory and a budget of 1 ms. */
    public static Options defaults(Path outputDirectory) {
      return new Options(outputDirectory, STATE_DIRECTORY, Duration.ofMillis(1));
    }
  }

  private Emulation(Topology topology, Options options, CommandRunner runner) throws OsException {
    this.topology = topology;
    this.options = options;
    this.runner = runner;
    int count = COUNT.getAndIncrement();
    String id = ProcessHandle.current().pid() + (count == 0 ? "" : "." + count);
    network = new Network(topology, id, runner);
    programs = new Programs(options.outputDirectory());
    for (Topology.NodeSpec spec : topology.nodes()) {
      nodes.put(
          spec.name(),
          new Node(programs, spec, network.namespace(spec.name()), network.ends(spec.name())));
    }
    stateFile = StateFile.ofThisProcess(network.namespaces()).write(options.stateDirectory(), id);
    guard = Guard.start(stateFile, network.namespaces());
  }

  /**
   * Builds the topology; removes what dead emulations left first.
   *
   * @throws OsException when something cannot be made; nothing stays then
   */
  public static Emulation start(Topology topology, Options options) throws OsException {
    CommandRunner runner = new LinuxCommandRunner();
    Removal.ofDeadOwners(options.stateDirectory(), runner);
    Emulation emulation = new Emulation(topology, options, runner);
    try {
      Runtime.getRuntime().addShutdownHook(emulation.atExit);
      emulation.network.build();
      List<HubLink> links = emulation.network.hubLinks();
      if (!links.isEmpty()) {
        emulation.awaitSilence();
        emulation.hub = Hub.start(emulation.network.hubNamespace(), links);
      }
      return emulation;
    } catch (OsException | RuntimeException e) {
      try {
        emulation.close();
      } catch (UncheckedIOException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  /** Lets kernels report their multicast groups before the links carry and count anything. */
  private void awaitSilence() {
    boolean ipv6 =
        topology.links().stream()
            .anyMatch(link -> link.a().address6() != null || link.b().address6() != null);
    if (ipv6) {
      LockSupport.parkNanos(SILENCE_NS);
    }
  }

  /** Removes what emulations that died left behind; returns the names of their namespaces. */
  public static List<String> cleanUp(Path stateDirectory) throws OsException {
    return Removal.ofDeadOwners(stateDirectory, new LinuxCommandRunner());
  }

  /** What is emulated. */
  public Topology topology() {
    return topology;
  }

  /**
   * A node by its name.
   *
   * @throws IllegalArgumentException when there is none
   */
  public Node node(String name) {
    Node node = nodes.get(name);
    if (node == null) {
      throw new IllegalArgumentException("no node is named \"" + name + "\"");
    }
    return node;
  }

  /** All nodes, in the order of the topology. */
  public List<Node> nodes() {
    return new ArrayList<>(nodes.values());
  }

  /** The kernel settings that were made, for each node. */
  public Map<String, Map<String, String>> settings() {
    return network.settings();
  }

  /** What the shaped links have done so far, or had done when the emulation was closed. */
  public synchronized HubReport report() {
    Hub running = hub;
    if (running != null) {
      lastReport = running.report();
    }
    return lastReport;
  }

  /**
   * Why the numbers since {@link #forgetDoubts}, or of this run, must not be trusted; empty when
   * they may be.
   */
  public synchronized List<String> doubts() {
    return report().doubts(options.latenessBudget().toNanos(), forgotten);
  }

  /** CPU time that the links' thread has used, in ns. */
  public synchronized long hubCpuNs() {
    Hub running = hub;
    return running == null ? 0 : running.cpuNs();
  }

  /** Forgets the links' latenesses so far, and what they failed to carry as they should. */
  public synchronized void forgetDoubts() {
    Hub running = hub;
    if (running != null) {
      running.resetLateness();
      forgotten = running.report();
    }
  }

  /**
   * Kills all programs and removes namespaces, links and files of state.
   *
   * @throws UncheckedIOException when something cannot be removed; the next start tries again
   */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      report();
    }
    programs.close();
    synchronized (this) {
      if (hub != null) {
        hub.close();
        hub = null;
      }
    }
    try {
      Removal.of(network.namespaces(), runner);
      Removal.delete(stateFile);
      guard.close();
    } catch (OsException e) {
      throw new UncheckedIOException(new IOException(e.getMessage(), e));
    } finally {
      forgetExit();
    }
  }

  private void forgetExit() {
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // The process is ending: the hook runs now, or has run.
      return;
    }
  }

  /**
   * Sets what is run when the process is asked to end (Ctrl-C), before the emulation is removed; it
   * should not take long.
   */
  public void beforeExit(Runnable work) {
    lastWork = work;
  }

  private void closeAtExit() {
    try {
      lastWork.run();
      close();
    } catch (UncheckedIOException e) {
      System.err.println("oasis: " + e.getMessage());
    }
  }
}
