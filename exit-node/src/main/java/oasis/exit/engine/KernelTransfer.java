// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.function.IntUnaryOperator;
import oasis.flow.FlowQuota;
import oasis.flow.FlowTable;
import oasis.flow.Lifetimes;
import oasis.flow.NatState;
import oasis.flow.StateException;
import oasis.flow.StateReader;
import oasis.flow.StateWriter;
import oasis.packet.Addresses;
import oasis.packet.FlowKey;

/**
 * Hands what a {@link KernelBackend} knows to the one of another process: the addresses that stand
 * for sources, and the flows.
 *
 * <p>Confined to the data loop; not part of the way of a packet.
 */
final class KernelTransfer {
  private final Sources sources;
  private final AddressPool pool4;
  private final AddressPool pool6;
  private final FlowQuota quota;
  private final FlowTable table;
  private final Lifetimes lives;
  private final int[] sourceOf;
  private final FlowKey key = new FlowKey();

  /**
   * @param sourceOf the source of each flow in {@code table}
   */
  KernelTransfer(
      Sources sources,
      AddressPool pool4,
      AddressPool pool6,
      FlowQuota quota,
      FlowTable table,
      Lifetimes lives,
      int[] sourceOf) {
    this.sources = sources;
    this.pool4 = pool4;
    this.pool6 = pool6;
    this.quota = quota;
    this.table = table;
    this.lives = lives;
    this.sourceOf = sourceOf;
  }

  void write(StateWriter out) {
    out.section("kernel");
    pool4.write(out);
    pool6.write(out);
    out.putInt(sources.size());
    for (int source = sources.next(0); source >= 0; source = sources.next(source + 1)) {
      out.putInt(source);
      out.putInt(poolOf(source).index(source));
    }
    quota.write(out);
    out.section("flows");
    out.putNames(NatState.values());
    out.putInt(table.size());
    for (int flow : lives.inOrder(table)) {
      write(flow, out);
    }
  }

  private void write(int flow, StateWriter out) {
    table.key(flow, key);
    out.putInt(sourceOf[flow]);
    out.putLong(key.dstHi);
    out.putLong(key.dstLo);
    out.putLong(key.ports);
    lives.write(flow, out);
  }

  /** As {@link Backend#restore}. */
  void restore(StateReader in, IntUnaryOperator newClients, IntUnaryOperator newSources)
      throws StateException {
    in.section("kernel");
    pool4.restore(in);
    pool6.restore(in);
    int count = in.takeInt("number of sources", sources.size(), sources.size());
    for (int i = 0; i < count; i++) {
      int source = source(in, newSources);
      poolOf(source).restore(source, in);
    }
    pool4.check(in);
    pool6.check(in);
    quota.restore(in, newClients);
    in.section("flows");
    int[] states = in.takeNames(NatState.values());
    int flows = in.takeInt("number of flows", 0, table.capacity());
    for (int i = 0; i < flows; i++) {
      restoreFlow(in, newSources, states);
    }
  }

  private static int source(StateReader in, IntUnaryOperator newSources) throws StateException {
    int source = newSources.applyAsInt(in.takeInt("source", 0, Renumbering.MOST));
    if (source < 0) {
      throw in.fail("a source is unknown");
    }
    return source;
  }

  private void restoreFlow(StateReader in, IntUnaryOperator newSources, int[] states)
      throws StateException {
    int source = source(in, newSources);
    AddressPool pool = poolOf(source);
    key.srcHi = pool.hi();
    key.srcLo = pool.lo(source);
    key.dstHi = in.takeLong();
    key.dstLo = in.takeLong();
    key.ports = in.takeLong();
    if (Addresses.isV4(key.dstHi, key.dstLo) != (pool == pool4)) {
      throw in.fail("a flow mixes IPv4 and IPv6");
    }
    if (table.find(key) >= 0) {
      throw in.fail("a flow is there twice");
    }
    int flow = table.insert(key);
    sourceOf[flow] = source;
    lives.restore(flow, 0, sources.client(source), key.protocol(), in, states);
    sources.hold(source);
  }

  private AddressPool poolOf(int source) {
    return sources.isV4(source) ? pool4 : pool6;
  }
}
