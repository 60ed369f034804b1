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
import oasis.packet.Burst;
import oasis.packet.Coalescer;
import oasis.packet.FlowKey;
import oasis.packet.Prefix;
import oasis.packet.Tcp;
import oasis.rules.Rule;
import oasis.rules.RuleException;
import oasis.rules.RuleSet;
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
 * The client's way of packets without its system calls. Outbound: an offloaded burst as a TUN
 * device gives it, through check and flow map, then into segments with all checksums (overlay) or
 * through NAT and behind an offload header (OC0). Inbound: a run of datagrams as {@code UDP_GRO}
 * gives it, verified and merged (overlay), or a captured burst through NAT (OC0), then the flow map
 * and the offload header of the TUN device.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(1)
public class ClientPath {
  private static final int MTU = 1_400;

  /** What carries the packets. */
  public enum Carrier {
    OVERLAY,
    /** The underlay, by the client's own NAT and raw sockets. */
    OC0
  }

  @Param private Family family = Family.IPV4;
  @Param private Shape shape = Shape.SINGLE;
  @Param private Carrier by = Carrier.OVERLAY;

  private final SendWork work = new SendWork();
  private final Coalescer coalescer = new Coalescer(true);
  private final Burst burst = new Burst();
  private final Sink sink = new Sink();
  private final NatEngine nat = new NatEngine(new NatLimits(61_000, 64_999, 1_024, 1_024, 1), 1);
  private final ClientEngine engine =
      new ClientEngine(
          EngineConfig.defaults(MTU, 1),
          new FakePool(Prefix.parse("198.18.0.0/16"), 1, record -> true, () -> 0),
          new FakePool(Prefix.parse("fdc6:1200:4710::/112"), 1, record -> true, () -> 0),
          nat,
          new Scratch(ByteBuffer.allocateDirect(Scratch.BYTES), 0),
          sink);
  private final int carrier = engine.addCarrier("bench", MTU, 0);
  private Input fromTun = Input.segment(Family.IPV4.outbound(Shape.SINGLE), Tcp.SYN);
  private Input back = fromTun;

  /** Takes what the engine gives and does what the ports would do before their system calls. */
  private final class Sink implements Effects {
    private final FlowKey sent = new FlowKey();
    private long bursts;
    private long sum;

    @Override
    public void toTun(Burst b) {
      sum += work.whole(b, 0);
      bursts++;
    }

    @Override
    public void toCarrier(int to, Burst b) {
      sum += work.segments(b);
      bursts++;
    }

    @Override
    public int toUnderlay(Burst b) {
      sent.of(b);
      sum += work.whole(b, SendWork.ETHERNET_BYTES);
      bursts++;
      return 0;
    }

    @Override
    public int underlayMtu(long hi, long lo) {
      return 1_500;
    }

    @Override
    public boolean probe(int to) {
      sum++;
      return true;
    }
  }

  /** Begins the flow. */
  @Setup
  public void setUp() throws RuleException {
    nat.setExternal4(Family.IPV4.host().lo());
    nat.setExternal6(Family.IPV6.host().hi(), Family.IPV6.host().lo());
    engine.onProbeAnswer(carrier, 0);
    String rule = "dport " + Input.SERVER_PORT + " bench";
    RuleSet rules = RuleSet.compile(List.of(Rule.parse("tcp " + rule), Rule.parse("udp " + rule)));
    engine.setRules(rules, new int[] {carrier, carrier}, 0);
    engine.setMediate(by == Carrier.OC0);

    FlowKey key = family.outbound(shape);
    fromTun = Input.offloaded(key, shape);
    if (shape != Shape.UDP_BURST) {
      engine.onTun(Input.segment(key, Tcp.SYN).into(burst), 0);
    }
    outbound();
    if (by == Carrier.OC0) {
      back = Input.offloaded(sink.sent.reverse(), shape);
    } else {
      back = Input.run(key.reverse(), shape);
    }
    long before = sink.bursts;
    outbound();
    inbound();
    if (sink.bursts != before + 2) {
      throw new IllegalStateException(engine.info(0).drops().toString());
    }
  }

  /** From the programs to the network. */
  @Benchmark
  public long outbound() {
    engine.onTun(fromTun.offloadedInto(burst), 0);
    return sink.sum;
  }

  /** From the network to the programs. */
  @Benchmark
  public long inbound() {
    if (by == Carrier.OC0) {
      engine.onUnderlay(back.offloadedInto(burst), 0);
      return sink.sum;
    }
    back.begin(coalescer);
    while (coalescer.next(burst) == Coalescer.BURST) {
      engine.onCarrier(carrier, burst, 0);
    }
    return sink.sum;
  }
}
