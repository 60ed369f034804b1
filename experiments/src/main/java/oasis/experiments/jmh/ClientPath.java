// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.jmh;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import oasis.client.engine.ClientEngine;
import oasis.client.engine.Effects;
import oasis.client.engine.EngineConfig;
import oasis.client.engine.Scratch;
import oasis.flow.FakePool;
import oasis.flow.NatEngine;
import oasis.flow.NatLimits;
import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.Coalescer;
import oasis.packet.Ip;
import oasis.packet.Prefix;
import oasis.packet.Segmenter;
import oasis.packet.Tcp;
import oasis.packet.VirtioHeader;
import oasis.rules.Rule;
import oasis.rules.RuleException;
import oasis.rules.RuleSet;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The client's way of a burst without its system calls: a TSO burst of 45 segments as a TUN device
 * gives it through check, flow map and segmentation; and a run of 45 datagrams as {@code UDP_GRO}
 * gives it through verification, coalescing, flow map and offload header.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ClientPath {
  private static final int SEGMENTS = 45;
  private static final int MSS = 1_360;
  private static final int HEADERS = Ip.V4_BYTES + Tcp.BYTES;
  private static final long HOST = Addresses.v4(0xc000_020a);
  private static final long SERVER = Addresses.v4(0xcb00_7150);

  private final ByteBuffer fromTun =
      ByteBuffer.allocateDirect(VirtioHeader.BYTES + HEADERS + SEGMENTS * MSS);
  private final ByteBuffer pristine = ByteBuffer.allocateDirect(fromTun.capacity());
  private final ByteBuffer fromCarrier = ByteBuffer.allocateDirect(SEGMENTS * (HEADERS + MSS));
  private final ByteBuffer headersOfRun = ByteBuffer.allocateDirect(HEADERS);
  private final ByteBuffer virtio = ByteBuffer.allocateDirect(VirtioHeader.BYTES);
  private final Segmenter segmenter =
      new Segmenter(ByteBuffer.allocateDirect(Segmenter.ARENA_BYTES));
  private final Coalescer coalescer = new Coalescer(false);
  private final Burst burst = new Burst();
  private final Sink sink = new Sink();
  private final ClientEngine engine = engine(sink);
  private int carrier;

  /** Takes what the engine gives and does what the ports would do before their system calls. */
  private final class Sink implements Effects {
    private long sum;

    @Override
    public void toTun(Burst b) {
      VirtioHeader.write(virtio, 0, b, 0);
      sum += b.pieces();
    }

    @Override
    public void toCarrier(int to, Burst b) {
      int made;
      for (int first = 0; first < b.segments(); first += made) {
        made = segmenter.segment(b, first);
        sum += segmenter.payloadBytes(made - 1);
      }
    }

    @Override
    public int toUnderlay(Burst b) {
      sum++;
      return 0;
    }

    @Override
    public int underlayMtu(long hi, long lo) {
      return 0;
    }

    @Override
    public void probe(int to) {
      sum++;
    }
  }

  private static ClientEngine engine(Effects effects) {
    return new ClientEngine(
        EngineConfig.defaults(1_400, 1),
        new FakePool(Prefix.parse("198.18.0.0/16"), 1, record -> true, () -> 0),
        new FakePool(Prefix.parse("fdc6:1200:4710::/112"), 1, record -> true, () -> 0),
        new NatEngine(new NatLimits(61_000, 64_999, 1_024, 1_024, 1), 1),
        new Scratch(ByteBuffer.allocateDirect(Scratch.BYTES), 0),
        effects);
  }

  /** Begins the flow and writes both inputs. */
  @Setup
  public void setUp() throws RuleException {
    carrier = engine.addCarrier("bench", 1_400, 0);
    engine.onProbeAnswer(carrier, 0);
    engine.setRules(
        RuleSet.compile(List.of(Rule.parse("tcp dport 80 bench"))), new int[] {carrier}, 0);
    ByteBuffer syn = ByteBuffer.allocateDirect(HEADERS);
    writeHeaders(syn, 0, HOST, 40_000, SERVER, 80, 0, Tcp.SYN, 0);
    finish(syn, 0, HEADERS);
    require(burst.check(syn, 0, 0, HEADERS) == null);
    engine.onTun(burst, 0);

    int length = HEADERS + SEGMENTS * MSS;
    writeHeaders(
        pristine, VirtioHeader.BYTES, HOST, 40_000, SERVER, 80, 1, Tcp.ACK, length - HEADERS);
    pristine.put(0, (byte) 1).put(1, (byte) 1);
    putLittle(pristine, 2, HEADERS);
    putLittle(pristine, 4, MSS);
    putLittle(pristine, 6, Ip.V4_BYTES);
    putLittle(pristine, 8, 16);
    fromTun.put(0, pristine, 0, pristine.capacity());
    require(burst.checkOffloaded(fromTun, 0, 0, fromTun.capacity(), 0) == null);

    for (int i = 0; i < SEGMENTS; i++) {
      int at = i * (HEADERS + MSS);
      writeHeaders(fromCarrier, at, SERVER, 80, HOST, 40_000, 1 + i * MSS, Tcp.ACK, MSS);
      fromCarrier.putShort(at + 4, (short) i);
      finish(fromCarrier, at, HEADERS + MSS);
    }
    headersOfRun.put(0, fromCarrier, 0, HEADERS);
  }

  /** One TSO burst: 45 packets. */
  @Benchmark
  public long outbound() {
    fromTun.put(0, pristine, 0, VirtioHeader.BYTES + HEADERS);
    if (burst.checkOffloaded(fromTun, 0, 0, fromTun.capacity(), 0) == null) {
      engine.onTun(burst, 0);
    }
    return sink.sum;
  }

  /** One run of datagrams: 45 packets. */
  @Benchmark
  public long inbound() {
    fromCarrier.put(0, headersOfRun, 0, HEADERS);
    coalescer.begin(fromCarrier, 0, 0, fromCarrier.capacity(), HEADERS + MSS);
    while (coalescer.next(burst) == Coalescer.BURST) {
      engine.onCarrier(carrier, burst, 0);
    }
    return sink.sum;
  }

  private static void writeHeaders(
      ByteBuffer b,
      int at,
      long from,
      int sport,
      long to,
      int dport,
      int seq,
      int flags,
      int payloadBytes) {
    b.putShort(at, (short) 0x4500).putShort(at + 2, (short) (HEADERS + payloadBytes));
    b.putShort(at + 6, (short) 0x4000).put(at + 8, (byte) 64).put(at + 9, (byte) Ip.TCP);
    b.putInt(at + 12, (int) from).putInt(at + 16, (int) to);
    int tcp = at + Ip.V4_BYTES;
    b.putShort(tcp, (short) sport).putShort(tcp + 2, (short) dport).putInt(tcp + 4, seq);
    b.putInt(tcp + 8, 1).put(tcp + 12, (byte) 0x50).put(tcp + 13, (byte) flags);
    b.putShort(tcp + 14, (short) 500);
    b.putShort(at + 10, (short) Checksum.finish(Checksum.sum(b, at, Ip.V4_BYTES, 0)));
  }

  private static void finish(ByteBuffer b, int at, int bytes) {
    b.putShort(at + 10, (short) 0);
    b.putShort(at + 10, (short) Checksum.finish(Checksum.sum(b, at, Ip.V4_BYTES, 0)));
    int tcp = at + Ip.V4_BYTES;
    int tcpBytes = bytes - Ip.V4_BYTES;
    b.putShort(tcp + 16, (short) 0);
    long pseudo = Checksum.pseudo(b, at, Ip.TCP, tcpBytes);
    b.putShort(tcp + 16, (short) Checksum.finish(Checksum.sum(b, tcp, tcpBytes, pseudo)));
  }

  private static void putLittle(ByteBuffer b, int at, int value) {
    b.put(at, (byte) value).put(at + 1, (byte) (value >>> 8));
  }

  private static void require(boolean holds) {
    if (!holds) {
      throw new IllegalStateException("the benchmark's own packet is refused");
    }
  }
}
