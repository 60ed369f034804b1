// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.jmh;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import oasis.flow.FlowRates;
import oasis.flow.NatBehaviour;
import oasis.flow.NatEngine;
import oasis.flow.NatLimits;
import oasis.flow.NatObserver;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The NAT with a million mappings behind 24 external addresses, in a heap of 512 MiB: how many more
 * begin per second while as many end, and what a packet of one of them costs. Each mapping is that
 * of a UDP query of one of 1,000 clients.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {"-Xms512m", "-Xmx512m", "-XX:MaxDirectMemorySize=16m"})
public class NatMappings {
  /** External addresses. */
  public static final int EXTERNAL = 24;

  private static final int CLIENTS = 1_000;
  private static final long SECOND_NS = 1_000_000_000L;

  /** How long a query's mapping lives. */
  private static final long LIFE_NS = 60 * SECOND_NS;

  /** A prime, so that every mapping has its turn, and none soon after its neighbour. */
  private static final long STEP = 7919;

  /** Mappings at a time. */
  @Param({"10000", "1000000"})
  private int held;

  private final Burst burst = new Burst();
  private Input[] queries = {};
  private NatEngine nat = engine(1);
  private long begun;
  private long asked;
  private long nowNs;
  private double mib;

  private static NatEngine engine(int sessions) {
    NatEngine engine =
        new NatEngine(
            new NatLimits(1024, 65_535, sessions, sessions, CLIENTS),
            NatBehaviour.GATEWAY.with(FlowRates.UNLIMITED),
            1,
            NatObserver.NONE);
    engine.holdFragmentsIn(ByteBuffer.allocateDirect(NatEngine.FRAGMENT_BYTES), 0);
    int first = (int) Family.IPV4.exit().lo();
    List<Address> external =
        IntStream.range(0, EXTERNAL)
            .mapToObj(i -> new Address(0, Addresses.v4(first + i)))
            .toList();
    engine.setExternal(true, external);
    return engine;
  }

  /** Begins as many mappings as shall be held; from then on one ends for each that begins. */
  @Setup(Level.Trial)
  public void setUp() {
    double before = HeapUse.now();
    nat = engine(held + held / 10);
    int ports = 2 * Math.max(1, held / CLIENTS);
    queries = new Input[ports];
    for (int i = 0; i < ports; i++) {
      queries[i] = Input.query(key(i));
    }
    for (int i = 0; i < held; i++) {
      begin();
    }
    if (nat.mappings() < held) {
      throw new IllegalStateException("only " + nat.mappings() + " mappings");
    }
    mib = HeapUse.now() - before;
  }

  private static FlowKey key(int port) {
    Address host = Family.IPV4.host();
    long server = Addresses.v4(0xcb00_7150);
    return new FlowKey().set(host.hi(), host.lo(), 0, server, Ip.UDP, 1024 + port, 53);
  }

  /** One new mapping; time goes on so that the oldest is over. */
  @Benchmark
  public boolean newMapping(HeapUse heap) {
    heap.mib = mib;
    return begin();
  }

  private boolean begin() {
    int client = (int) (begun % CLIENTS);
    int port = (int) (begun / CLIENTS % queries.length);
    begun++;
    nowNs += LIFE_NS / held;
    nat.expire(nowNs);
    if (nat.outbound(queries[port].into(burst), client, nowNs) != null) {
      throw new IllegalStateException("refused at " + nat.mappings() + " mappings");
    }
    return true;
  }

  /** A packet of a mapping that is there; time stands still. */
  @Benchmark
  public boolean knownMapping() {
    long which = begun - 1 - asked++ * STEP % (held / 2);
    int client = (int) (which % CLIENTS);
    int port = (int) (which / CLIENTS % queries.length);
    return nat.outbound(queries[port].into(burst), client, nowNs) == null;
  }
}
