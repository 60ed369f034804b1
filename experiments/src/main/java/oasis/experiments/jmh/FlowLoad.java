// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.jmh;

import java.nio.ByteBuffer;
import java.util.List;
import oasis.client.engine.ClientEngine;
import oasis.client.engine.Effects;
import oasis.client.engine.EngineConfig;
import oasis.client.engine.Scratch;
import oasis.flow.FakePool;
import oasis.flow.NatEngine;
import oasis.flow.NatLimits;
import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Prefix;
import oasis.packet.UdpFrame;
import oasis.rules.Rule;
import oasis.rules.RuleException;
import oasis.rules.RuleSet;

/**
 * A client engine and flows of UDP to one port of many servers, by an overlay that serves. Confined
 * to one thread.
 */
final class FlowLoad implements Effects {
  private static final int MTU = 1_400;
  private static final int PAYLOAD_BYTES = 64;

  /** The engine forgets a silent flow of UDP after so long. */
  private static final long LIFE_NS = 300_000_000_000L;

  /** One more of a hundred: those whose time is over leave a little later. */
  private static final double MARGIN = 1.01;

  /** More than there are flows at a time, so that a 5-tuple comes again only when it has gone. */
  private static final int SERVERS = 1 << 22;

  private static final int FIRST_SERVER = 0x6440_0000; // 100.64.0.0

  /** Has no divisor in common with the numbers of flows. */
  private static final int STEP = 611_953;

  private final long host = Family.IPV4.host().lo();
  private final int flows;
  private final long passNs;
  private final ByteBuffer memory = ByteBuffer.allocateDirect(MTU);
  private final Burst burst = new Burst();
  private final FlowKey key = new FlowKey();
  private final ClientEngine engine;
  private final int carrier;
  private long nowNs;
  private int begun;
  private int at;
  private long bursts;

  /** An engine without flows that has room for so many. */
  FlowLoad(int flows) {
    this.flows = flows;
    passNs = (long) (LIFE_NS * MARGIN / flows);
    EngineConfig usual = EngineConfig.defaults(MTU, 1);
    engine =
        new ClientEngine(
            new EngineConfig(
                flows,
                MTU,
                usual.probeIntervalNs(),
                usual.quietNs(),
                usual.deadAfterNs(),
                usual.maxRepliesPerSecond(),
                usual.seed()),
            new FakePool(Prefix.parse("198.18.0.0/16"), 1, record -> true, () -> 0),
            new FakePool(Prefix.parse("fdc6:1200:4710::/112"), 1, record -> true, () -> 0),
            new NatEngine(new NatLimits(61_000, 64_999, 16, 16, 1), 1),
            new Scratch(ByteBuffer.allocateDirect(Scratch.BYTES), 0),
            this);
    carrier = engine.addCarrier("bench", MTU, 0);
    try {
      Rule rule = Rule.parse("udp dport " + Input.SERVER_PORT + " bench");
      engine.setRules(RuleSet.compile(List.of(rule)), new int[] {carrier}, 0);
    } catch (RuleException e) {
      throw new IllegalStateException(e);
    }
    engine.onProbeAnswer(carrier, 0);
  }

  /** Lets time pass until the next flow may begin, and those whose time is over end. */
  void pass() {
    nowNs += passNs;
    engine.onProbeAnswer(carrier, nowNs);
    engine.onTimer(nowNs);
  }

  /** A packet of a flow that the engine does not know. */
  long begin() {
    return send(begun++);
  }

  /** A packet of another flow than the one before. */
  long outbound() {
    at = (at + STEP) % flows;
    return send(at);
  }

  /** The answer to such a packet. */
  long inbound() {
    at = (at + STEP) % flows;
    engine.onCarrier(carrier, packet(key(at).reverse()), nowNs);
    return bursts;
  }

  private long send(int flow) {
    engine.onTun(packet(key(flow)), nowNs);
    return bursts;
  }

  private FlowKey key(int flow) {
    long server = Addresses.v4(FIRST_SERVER + flow % SERVERS);
    return key.set(0, host, 0, server, Ip.UDP, 40_000, Input.SERVER_PORT);
  }

  private Burst packet(FlowKey of) {
    int bytes = UdpFrame.write(of, memory, 0, PAYLOAD_BYTES);
    if (burst.check(memory, 0, 0, bytes) != null) {
      throw new IllegalStateException("the benchmark's own packet is refused");
    }
    return burst;
  }

  /** Fails unless the engine holds so many flows. */
  void requireFlows(int number) {
    int held = engine.info(nowNs).flows();
    if (held != number || bursts < number) {
      throw new IllegalStateException(held + " flows, " + engine.info(nowNs).drops());
    }
  }

  /** Fails when the engine has refused anything. */
  void requireNoDrops() {
    if (!engine.info(nowNs).drops().isEmpty()) {
      throw new IllegalStateException(engine.info(nowNs).drops().toString());
    }
  }

  @Override
  public void toTun(Burst b) {
    bursts++;
  }

  @Override
  public void toCarrier(int to, Burst b) {
    bursts++;
  }

  @Override
  public int toUnderlay(Burst b) {
    throw new IllegalStateException("the overlay serves");
  }

  @Override
  public int underlayMtu(long hi, long lo) {
    return MTU;
  }

  @Override
  public boolean probe(int to) {
    return true;
  }
}
