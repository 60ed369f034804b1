// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.hub;

import static oasis.os.linux.LinuxConstants.EFD_CLOEXEC;
import static oasis.os.linux.LinuxConstants.EFD_NONBLOCK;
import static oasis.os.linux.LinuxConstants.PR_SET_TIMERSLACK;

import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import oasis.os.Memory;
import oasis.os.OsException;
import oasis.os.linux.Errno;
import oasis.os.linux.Netns;
import oasis.os.linux.Sys;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.SingleWriterRecorder;
import org.jspecify.annotations.Nullable;

/**
 * Carries the packets of all shaped links of an emulation, on one thread of its own. The methods
 * may be called from any thread.
 */
public final class Hub implements AutoCloseable {
  /** Larger latenesses count as this. */
  static final long MAX_LATENESS_NS = 10_000_000_000L;

  private static final int SIGNIFICANT_DIGITS = 3;
  private static final long MAX_LAZY_NS = 1_000_000;
  private static final long STOP_WAIT_MS = 5_000;
  private static final int SCHED_FIFO = 1;
  private static final int REAL_TIME_PRIORITY = 10;

  private final String namespace;
  private final List<HubLink> links;
  private final List<PacketSocket> sockets = new ArrayList<>();
  private final List<Wire> wires = new ArrayList<>();
  private final SingleWriterRecorder recorder =
      new SingleWriterRecorder(1, MAX_LATENESS_NS, SIGNIFICANT_DIGITS);
  private final Histogram lateness = new Histogram(1, MAX_LATENESS_NS, SIGNIFICANT_DIGITS);
  private final CompletableFuture<Boolean> ready = new CompletableFuture<>();
  private final Thread thread = new Thread(this::run, "hub");
  private final int wakeUp;
  private @Nullable Histogram interval;
  private boolean closed;
  private volatile boolean realTime;
  private volatile boolean stop;

  private Hub(String namespace, List<HubLink> links) throws OsException {
    this.namespace = namespace;
    this.links = List.copyOf(links);
    wakeUp = Errno.check(Sys.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd", "hub");
    thread.setDaemon(true);
  }

  /**
   * Opens the links' devices and starts to carry packets.
   *
   * @param namespace the network namespace that holds the devices, and a veth pair named {@link
   *     WarmUp#DEVICE_A} and {@link WarmUp#DEVICE_B}
   * @param links at least one
   * @throws OsException when a device cannot be opened
   */
  public static Hub start(String namespace, List<HubLink> links) throws OsException {
    Hub hub = new Hub(namespace, links);
    hub.thread.start();
    try {
      hub.ready.get();
      return hub;
    } catch (ExecutionException e) {
      hub.close();
      Throwable why = e.getCause() == null ? e : e.getCause();
      throw new OsException(String.valueOf(why.getMessage()), why);
    } catch (InterruptedException e) {
      hub.close();
      Thread.currentThread().interrupt();
      throw new OsException("start of the hub: interrupted", e);
    }
  }

  private void run() {
    try {
      HubLoop loop = Netns.in(namespace, this::open);
      ready.complete(true);
      loop.run(() -> stop);
    } catch (Exception e) {
      ready.completeExceptionally(e);
    } catch (OutOfMemoryError e) {
      // Its links need much memory outside of the heap; who started it must not wait for ever.
      ready.completeExceptionally(
          new OsException(
              "not enough memory for %d links: set OASIS_JAVA_OPTS=-XX:MaxDirectMemorySize=%dm"
                  .formatted(links.size(), Math.max(1024, 64 * links.size())),
              e));
    }
  }

  private HubLoop open() throws OsException {
    // The kernel may wake an ordinary thread 50 us late to save power; 1 ns forbids that.
    Errno.check(Sys.prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0), "prctl", "PR_SET_TIMERSLACK");
    // Ahead of ordinary threads, or a busy machine makes packets late. Where that is forbidden the
    // hub works too, and the lateness in its report says how well.
    Memory priority = Memory.allocate(4);
    priority.buffer().order(ByteOrder.nativeOrder()).putInt(0, REAL_TIME_PRIORITY);
    realTime = Sys.schedSetscheduler(0, SCHED_FIFO, priority.address()) == 0;
    KernelClock clock = new KernelClock();
    WarmUp.run(clock, recorder, wakeUp);
    recorder.reset();
    long lazyNs = MAX_LAZY_NS;
    for (HubLink link : links) {
      PacketSocket a = keep(PacketSocket.open(link.deviceA()));
      PacketSocket b = keep(PacketSocket.open(link.deviceB()));
      wires.add(new Wire(a.fd(), b.fd(), link.mtu(), link.fromA(), link.model(0), clock, recorder));
      wires.add(new Wire(b.fd(), a.fd(), link.mtu(), link.fromB(), link.model(1), clock, recorder));
      // A packet read after half of its delay can still be sent in time.
      lazyNs = Math.min(lazyNs, Math.min(link.fromA().delayNs(), link.fromB().delayNs()) / 2);
    }
    return new HubLoop(wires, clock, wakeUp, lazyNs);
  }

  private PacketSocket keep(PacketSocket socket) {
    sockets.add(socket);
    return socket;
  }

  /** CPU time that the hub has used, in ns. */
  public long cpuNs() {
    return ManagementFactory.getThreadMXBean().getThreadCpuTime(thread.getId());
  }

  /** What has been carried since the start, or since {@link #resetLateness} as to lateness. */
  public synchronized HubReport report() {
    mergeLateness();
    List<WireReport> reports = new ArrayList<>();
    for (int i = 0; i < wires.size(); i++) {
      Wire wire = wires.get(i);
      reports.add(
          new WireReport(
              links.get(i / 2).name(),
              i % 2 == 0 ? "a-to-b" : "b-to-a",
              wire.counter(Wire.RECEIVED),
              wire.counter(Wire.SENT),
              wire.counter(Wire.LOST),
              wire.counter(Wire.QUEUE_FULL),
              wire.counter(Wire.REORDERED),
              wire.counter(Wire.DUPLICATED),
              wire.counter(Wire.OVERSIZED),
              wire.counter(Wire.BAD_STAMP),
              wire.counter(Wire.SEND_ERROR),
              closed ? 0 : sockets.get(i).overruns()));
    }
    return new HubReport(
        lateness.getTotalCount(),
        lateness.getValueAtPercentile(50),
        lateness.getValueAtPercentile(90),
        lateness.getValueAtPercentile(99),
        lateness.getMaxValue(),
        realTime,
        reports);
  }

  /** Forgets the latenesses so far. */
  public synchronized void resetLateness() {
    mergeLateness();
    lateness.reset();
  }

  private void mergeLateness() {
    interval = recorder.getIntervalHistogram(interval);
    lateness.add(interval);
  }

  /** Stops carrying; packets that wait are dropped. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    stop = true;
    Memory one = Memory.allocate(8);
    one.buffer().putLong(0, 1);
    Sys.write(wakeUp, one.address(), 8);
    try {
      thread.join(STOP_WAIT_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // Descriptors of a thread that still uses them must stay open.
    if (!thread.isAlive()) {
      sockets.forEach(PacketSocket::close);
      Sys.close(wakeUp);
    }
  }
}
