// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import oasis.packet.DropReason;
import org.jspecify.annotations.Nullable;

/**
 * What each client and all clients together hold and begin: open flows, new flows per second, TCP
 * connections on their way to open. {@link Lifetimes} keeps the books; who begins a flow asks
 * first. TCP connections that are over and only linger do not count.
 *
 * <p>Memory grows by doubling with the highest client number. Confined to one thread.
 */
public final class FlowQuota {
  private final int openPerClient;
  private final FlowRates rates;
  private final int clients;
  private final RateLimit all;
  private final long clientIntervalNs;
  private final long clientBurstNs;
  private int handshakes;

  // Per client.
  private int[] open = new int[0];
  private int[] opening = new int[0];

  /** When the client's next flow would be exactly on time, as in {@link RateLimit}. */
  private long[] nextNs = new long[0];

  /**
   * Nothing is open.
   *
   * @param openPerClient most open flows of one client
   * @param clients client numbers are 0 to {@code clients - 1}
   */
  public FlowQuota(int openPerClient, FlowRates rates, int clients) {
    this.openPerClient = openPerClient;
    this.rates = rates;
    this.clients = clients;
    all = new RateLimit(rates.newPerSecond(), rates.newPerSecond());
    clientIntervalNs = 1_000_000_000L / rates.newPerSecondPerClient();
    clientBurstNs = clientIntervalNs * (rates.newPerSecondPerClient() - 1);
  }

  /**
   * Whether a client may begin one more flow now. Nothing is counted yet. That there are too many
   * handshakes comes last: when another one gives way, nothing else is against it.
   *
   * @param handshake whether the flow is a TCP connection
   * @return null, or why not
   */
  public @Nullable DropReason refuses(int client, boolean handshake, long nowNs) {
    if (atLimit(client)) {
      return DropReason.CLIENT_FLOW_LIMIT;
    }
    if (handshake && client < opening.length && opening[client] >= rates.handshakesPerClient()) {
      return DropReason.CLIENT_HANDSHAKE_LIMIT;
    }
    if (client < nextNs.length && Math.max(nextNs[client], nowNs) - nowNs > clientBurstNs) {
      return DropReason.CLIENT_FLOW_RATE;
    }
    if (!all.has(nowNs)) {
      return DropReason.FLOW_RATE;
    }
    return handshake && handshakes >= rates.handshakes() ? DropReason.HANDSHAKE_LIMIT : null;
  }

  /** Whether a client has as many open flows as it may. */
  public boolean atLimit(int client) {
    return open(client) >= openPerClient;
  }

  /** Open flows of a client. */
  public int open(int client) {
    return client < open.length ? open[client] : 0;
  }

  /** TCP connections on their way to open, of all clients. */
  public int handshakes() {
    return handshakes;
  }

  /** A flow begins. */
  void began(int client, NatState state, long nowNs) {
    if (client >= open.length) {
      grow(client);
    }
    nextNs[client] = Math.max(nextNs[client], nowNs) + clientIntervalNs;
    all.take(nowNs);
    count(client, state, 1);
  }

  /** A flow is in another state than before. */
  void changed(int client, NatState before, NatState after) {
    count(client, before, -1);
    count(client, after, 1);
  }

  /** A flow ends. */
  void ended(int client, NatState state) {
    count(client, state, -1);
  }

  /** A flow of another process goes on here. */
  void restored(int client, NatState state) {
    if (client >= open.length) {
      grow(client);
    }
    count(client, state, 1);
  }

  /** Writes how fast flows began of late. */
  public void write(StateWriter out) {
    out.section("rates");
    all.write(out);
    long now = out.nowNs();
    out.putInt((int) Arrays.stream(nextNs).filter(each -> each > now).count());
    for (int client = 0; client < nextNs.length; client++) {
      if (nextNs[client] > now) {
        out.putInt(client);
        out.putTime(nextNs[client]);
      }
    }
  }

  /**
   * Goes on from there.
   *
   * @param renumber the number here of a client with another number there; -1 for none
   */
  public void restore(StateReader in, IntUnaryOperator renumber) throws StateException {
    in.section("rates");
    all.restore(in);
    int count = in.takeInt("number of clients", 0, Integer.MAX_VALUE);
    for (int i = 0; i < count; i++) {
      int client = renumber.applyAsInt(in.takeInt("client", 0, Integer.MAX_VALUE));
      long next = in.takeFuture("time of the next flow", RateLimit.LONGEST_DEBT_NS);
      if (client >= 0 && client < clients) {
        if (client >= open.length) {
          grow(client);
        }
        nextNs[client] = next;
      }
    }
  }

  private void count(int client, NatState state, int by) {
    if (!state.lingering()) {
      open[client] += by;
    }
    if (state.opening()) {
      opening[client] += by;
      handshakes += by;
    }
  }

  private void grow(int client) {
    int old = nextNs.length;
    int length = Math.min(clients, Math.max(16, Integer.highestOneBit(client) << 1));
    open = Arrays.copyOf(open, length);
    opening = Arrays.copyOf(opening, length);
    nextNs = Arrays.copyOf(nextNs, length);
    Arrays.fill(nextNs, old, length, Long.MIN_VALUE);
  }
}
