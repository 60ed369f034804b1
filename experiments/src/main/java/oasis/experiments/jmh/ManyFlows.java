// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.jmh;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The client's flow map by the number of flows that it holds: what they take of the heap, what a
 * packet of a flow costs when the next packet is of another one, and what it costs to begin a flow
 * while as many end. Everything has 256 MiB of heap, of which the nursery is as small as the
 * client's.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {"-Xmx256m", "-Xmn6m", "-XX:+UseSerialGC"})
public class ManyFlows {
  /** How many there are. */
  @State(Scope.Thread)
  public static class Size {
    @Param({"1000", "100000", "1000000"})
    private int flows = 1;
  }

  /** All flows are there and stay. */
  @State(Scope.Thread)
  public static class Full {
    private FlowLoad load = new FlowLoad(1);
    private double mib;

    /** Begins them. */
    @Setup
    public void setUp(Size size) {
      double before = HeapUse.now();
      load = new FlowLoad(size.flows);
      for (int i = 0; i < size.flows; i++) {
        load.begin();
      }
      load.requireFlows(size.flows);
      mib = HeapUse.now() - before;
    }
  }

  /** As many begin as end: one every so often that each has its 300 s. */
  @State(Scope.Thread)
  public static class Turning {
    private FlowLoad load = new FlowLoad(1);

    /** Begins the first ones. */
    @Setup
    public void setUp(Size size) {
      load = new FlowLoad(size.flows);
      for (int i = 0; i < size.flows; i++) {
        load.pass();
        load.begin();
      }
    }

    /** No flow may have been refused. */
    @TearDown
    public void tearDown() {
      load.requireNoDrops();
    }
  }

  /** A packet of one flow after the other, from its program to the overlay. */
  @Benchmark
  public long outbound(Full full, HeapUse heap) {
    heap.mib = full.mib;
    return full.load.outbound();
  }

  /** The same back. */
  @Benchmark
  public long inbound(Full full) {
    return full.load.inbound();
  }

  /** The first packet of a new flow; an old one ends. */
  @Benchmark
  public long begin(Turning turning) {
    turning.load.pass();
    return turning.load.begin();
  }
}
