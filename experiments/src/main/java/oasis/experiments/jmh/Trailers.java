// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.jmh;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import oasis.packet.Sealer;
import oasis.packet.SharedKey;
import oasis.packet.Trailer;
import oasis.packet.TrailerMac;
import oasis.packet.Unsealer;
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

/** What a key costs each datagram: its trailer at the sender, and its check at the receiver. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(1)
public class Trailers {
  private static final int HEADER_BYTES = 40;

  /** Bytes of the packet. */
  @Param({"64", "1400"})
  private int bytes;

  private final TrailerMac mac = new TrailerMac();
  private final SharedKey key = new SharedKey(7, new byte[SharedKey.SECRET_BYTES], "");
  private final Sealer sealer = new Sealer(key, SharedKey.Role.CLIENT, 1, mac);
  private final Unsealer unsealer = new Unsealer(key, SharedKey.Role.NODE, mac);
  private ByteBuffer memory = ByteBuffer.allocateDirect(0);

  /** Fills the packet. */
  @Setup
  public void setUp() {
    memory = ByteBuffer.allocateDirect(bytes + Trailer.BYTES);
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < bytes; i++) {
      memory.put(i, (byte) random.nextInt());
    }
  }

  /** The sender's part: headers in one place, payload in another, as of a burst. */
  @Benchmark
  public long seal() {
    sealer.seal(memory, 0, HEADER_BYTES, memory, HEADER_BYTES, bytes - HEADER_BYTES, memory, bytes);
    return memory.getLong(bytes);
  }

  /** Both parts, since a datagram can be taken once only. */
  @Benchmark
  public long sealAndOpen() {
    long sealed = seal();
    if (unsealer.open(memory, 0, bytes + Trailer.BYTES) != null) {
      throw new IllegalStateException("refused");
    }
    return sealed;
  }
}
