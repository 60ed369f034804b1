// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.jmh;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import oasis.exit.engine.BackendKind;
import oasis.exit.engine.EngineConfig;
import oasis.exit.engine.ExitEffects;
import oasis.exit.engine.ExitEngine;
import oasis.exit.engine.ExitLimits;
import oasis.exit.engine.FlowRecord;
import oasis.flow.NatBehaviour;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.Coalescer;
import oasis.packet.FlowKey;
import oasis.packet.Prefix;
import oasis.packet.Tcp;
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
 * The exit node's way of packets without its system calls. Outbound: a run of datagrams from a
 * client as {@code UDP_GRO} gives it, verified, merged, admitted, translated, behind an offload
 * header. Inbound: an offloaded burst as TUN device or packet socket give it, translated back, in
 * segments with all checksums.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(1)
public class ExitPath {
  private static final int CLIENT_PORT = 40_001;

  @Param private Family family = Family.IPV4;
  @Param private Shape shape = Shape.SINGLE;
  @Param private BackendKind by = BackendKind.KERNEL;

  private final SendWork work = new SendWork();
  private final Coalescer coalescer = new Coalescer(true);
  private final Burst burst = new Burst();
  private final Sink sink = new Sink();
  private Address client = Family.IPV4.host();
  private ExitEngine engine = engine();
  private Input fromClient = Input.segment(Family.IPV4.outbound(Shape.SINGLE), Tcp.SYN);
  private Input back = fromClient;

  /** Takes what the engine gives and does what the ports would do before their system calls. */
  private final class Sink implements ExitEffects {
    private final FlowKey sent = new FlowKey();
    private long bursts;
    private long sum;

    @Override
    public int toUnderlay(Burst b, int client) {
      sent.of(b);
      sum += work.whole(b, by == BackendKind.RAW ? SendWork.ETHERNET_BYTES : 0);
      bursts++;
      return 0;
    }

    @Override
    public void toClient(Burst b, int toClient, int keyId, long hi, long lo, int port) {
      sum += work.segments(b);
      bursts++;
    }

    @Override
    public int pathMtu(Burst b) {
      return 0;
    }

    @Override
    public void replyToUnderlay(Burst b) {
      sum++;
    }

    @Override
    public void replyToClient(Burst b, int keyId, long hi, long lo, int port) {
      sum++;
    }

    @Override
    public void keepAlive(int keyId, long hi, long lo, int port) {
      sum++;
    }

    @Override
    public void flowBegan(FlowRecord flow) {
      sum++;
    }

    @Override
    public void flowEnded(FlowRecord flow, EndReason why) {
      sum++;
    }
  }

  private ExitEngine engine() {
    EngineConfig config =
        new EngineConfig(
            List.of(Prefix.parse("0.0.0.0/0"), Prefix.parse("::/0")),
            List.of(),
            EngineConfig.CLOSED_PORTS,
            Prefix.parse("100.64.0.0/10"),
            Prefix.parse("fdc6:1200:4711::/64"),
            true,
            61_000,
            64_999,
            NatBehaviour.GATEWAY,
            1_400,
            ExitLimits.DEFAULT,
            1);
    return new ExitEngine(config, by, ByteBuffer.allocateDirect(ExitEngine.MEMORY_BYTES), 0, sink);
  }

  /** Begins the flow. */
  @Setup
  public void setUp() {
    engine = engine();
    client = family.host();
    if (by == BackendKind.RAW) {
      engine.external(List.of(Family.IPV4.exit(), Family.IPV6.exit()), 0);
    }
    FlowKey key = family.outbound(shape);
    fromClient = Input.run(key, shape);
    if (shape != Shape.UDP_BURST) {
      fromClient(Input.segment(key, Tcp.SYN));
      engine.onUnderlay(Input.segment(answer(), Tcp.SYN | Tcp.ACK).into(burst), 0);
    }
    outbound();
    back = Input.offloaded(answer(), shape);
    long before = sink.bursts;
    outbound();
    inbound();
    if (sink.bursts != before + 2) {
      throw new IllegalStateException(engine.view().info().toString());
    }
  }

  /** From the server to where its packets come from. */
  private FlowKey answer() {
    FlowKey key = sink.sent;
    return new FlowKey()
        .set(key.dstHi, key.dstLo, key.srcHi, key.srcLo, key.protocol(), key.dport(), key.sport());
  }

  private void fromClient(Input one) {
    engine.onClient(one.into(burst), client.hi(), client.lo(), CLIENT_PORT, 0);
  }

  /** From a client to the network. */
  @Benchmark
  public long outbound() {
    fromClient.begin(coalescer);
    while (coalescer.next(burst) == Coalescer.BURST) {
      engine.onClient(burst, client.hi(), client.lo(), CLIENT_PORT, 0);
    }
    return sink.sum;
  }

  /** From the network to a client. */
  @Benchmark
  public long inbound() {
    engine.onUnderlay(back.offloadedInto(burst), 0);
    return sink.sum;
  }
}
