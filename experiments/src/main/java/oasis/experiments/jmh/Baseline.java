// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.jmh;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import oasis.packet.Checksum;
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
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the same bytes cost at least: read once for their checksum. The packet path needs that once
 * for each burst with checksums of its own, and the rest of its time is the path's.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(1)
public class Baseline {
  @Param private Shape shape = Shape.SINGLE;

  private ByteBuffer memory = ByteBuffer.allocateDirect(0);

  /** Makes the bytes. */
  @Setup
  public void setUp() {
    memory = ByteBuffer.allocateDirect(shape.packets * shape.payloadBytes);
  }

  /** Sums them up, packet by packet. */
  @Benchmark
  public long checksum() {
    long sum = 0;
    for (int i = 0; i < shape.packets; i++) {
      sum += Checksum.sum(memory, i * shape.payloadBytes, shape.payloadBytes, 0);
    }
    return sum;
  }
}
