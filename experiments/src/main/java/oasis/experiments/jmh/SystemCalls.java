// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.jmh;

import java.util.concurrent.TimeUnit;
import oasis.os.OsException;
import oasis.os.linux.Poller;
import oasis.os.linux.WakeUp;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What a system call costs with everything in the caches: the shortest {@code ppoll}. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 4, time = 1)
public class SystemCalls {
  private final Poller poller = new Poller();
  private @Nullable WakeUp descriptor;

  /** Opens a descriptor that is never ready. */
  @Setup
  public void setUp() throws OsException {
    WakeUp opened = new WakeUp();
    poller.add(opened.fd());
    descriptor = opened;
  }

  /** Closes it. */
  @TearDown
  public void tearDown() {
    if (descriptor != null) {
      descriptor.close();
    }
  }

  /** As the data path calls. */
  @Benchmark
  @Fork(1)
  public int poll() {
    return poller.await(0);
  }

  /** The same through the C library. */
  @Benchmark
  @Fork(value = 1, jvmArgsAppend = "-Doasis.systemCalls=library")
  public int pollByLibrary() {
    return poller.await(0);
  }
}
