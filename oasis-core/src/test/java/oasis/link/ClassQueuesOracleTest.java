// SPDX-License-Identifier: Apache-2.0
package oasis.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

/**
 * Compares with a slow reference that looks at every queue for each packet: what goes next is the
 * head of a queue of the highest class that may send, nothing goes that no cap allows, and
 * something goes whenever something may.
 */
class ClassQueuesOracleTest {
  private static final BigInteger NS_BITS = BigInteger.valueOf(8_000_000_000L);

  /** A cap, with time in units of 1/rate ns. */
  private static final class Cap {
    private final BigInteger rate;
    private long nextNs;

    Cap(long bitsPerSecond, long nowNs) {
      rate = BigInteger.valueOf(bitsPerSecond);
      nextNs = nowNs;
    }

    boolean allows(long nowNs) {
      return rate.signum() == 0 || nextNs <= nowNs;
    }

    void begin(long nowNs) {
      nextNs = Math.max(nextNs, nowNs - 5_000_000);
    }

    void take(long bytes, boolean late, long nowNs) {
      if (rate.signum() > 0) {
        BigInteger[] ns = NS_BITS.multiply(BigInteger.valueOf(bytes)).divideAndRemainder(rate);
        long begin = Math.max(nextNs, nowNs - (late ? 25_000_000 : 5_000_000));
        nextNs = begin + ns[0].longValueExact() + ns[1].signum();
      }
    }
  }

  private static final class World {
    final Gen gen;
    final List<ClassSettings> classes = new ArrayList<>();
    final int clients;
    final ClassQueues queues;
    final Cap all;
    final Cap[] ofClass;
    final Cap[][] ofClient;
    final Map<Integer, ArrayDeque<Integer>> fifos = new HashMap<>();
    final Map<Integer, Integer> bytes = new HashMap<>();
    final List<Integer> out = new ArrayList<>();
    long now = 1_000_000_000_000L;
    long late;

    World(Gen gen) {
      this.gen = gen;
      clients = gen.range(1, 5);
      int count = gen.range(1, 4);
      for (int c = 0; c < count; c++) {
        classes.add(new ClassSettings(gen.below(3), gen.range(1, 5), rate(0.4), rate(0.3)));
      }
      QueueSettings settings = new QueueSettings(rate(0.8), classes);
      queues = new ClassQueues(settings, clients, now);
      all = new Cap(settings.bitsPerSecond(), now);
      ofClass = new Cap[count];
      ofClient = new Cap[count][clients];
      for (int c = 0; c < count; c++) {
        ofClass[c] = new Cap(classes.get(c).bitsPerSecond(), now);
        for (int client = 0; client < clients; client++) {
          ofClient[c][client] = new Cap(classes.get(c).clientBitsPerSecond(), now);
        }
      }
    }

    private long rate(double chance) {
      return gen.chance(chance) ? gen.range(500_000L, 50_000_000L) : 0;
    }

    private ArrayDeque<Integer> fifo(int c, int client) {
      return fifos.computeIfAbsent(c * clients + client, key -> new ArrayDeque<>());
    }

    private boolean mayGo(int c, int client) {
      return all.allows(now) && ofClass[c].allows(now) && ofClient[c][client].allows(now);
    }

    private void charge(int c, int client, long sent, boolean waited) {
      all.take(sent, waited || !bytes.isEmpty(), now);
      ofClass[c].take(sent, waited || classWaits(c), now);
      ofClient[c][client].take(sent, waited, now);
    }

    private boolean classWaits(int c) {
      return fifos.entrySet().stream()
          .anyMatch(entry -> !entry.getValue().isEmpty() && entry.getKey() / clients == c);
    }

    void arrive() {
      int c = gen.below(classes.size());
      int client = gen.below(clients);
      int size = gen.range(40, gen.chance(0.1) ? 20_000 : 1500);
      if (queues.pass(c, client, 1, size, now)) {
        assertThat(mayGo(c, client)).isTrue();
        assertThat(fifo(c, client)).isEmpty();
        assertThat(all.rate.signum() > 0 && waits(classes.get(c).priority())).isFalse();
        charge(c, client, size, false);
        return;
      }
      int slot = queues.add(c, client, 1, size, size + 16, false, now);
      if (slot >= 0) {
        if (bytes.isEmpty()) {
          all.begin(now);
        }
        if (!classWaits(c)) {
          ofClass[c].begin(now);
        }
        if (fifo(c, client).isEmpty()) {
          ofClient[c][client].begin(now);
        }
        assertThat(bytes.put(slot, size)).isNull();
        fifo(c, client).add(slot);
      }
    }

    private boolean waits(int priority) {
      return fifos.entrySet().stream()
          .anyMatch(
              entry ->
                  !entry.getValue().isEmpty()
                      && classes.get(entry.getKey() / clients).priority() <= priority);
    }

    /** The smallest priority number that has a packet which may go, or a large one. */
    private int best() {
      int best = Integer.MAX_VALUE;
      for (int c = 0; c < classes.size(); c++) {
        for (int client = 0; client < clients; client++) {
          if (!fifo(c, client).isEmpty() && mayGo(c, client)) {
            best = Math.min(best, classes.get(c).priority());
          }
        }
      }
      return best;
    }

    void serve() {
      for (int best = best(); ; best = best()) {
        int slot = queues.next(now);
        assertThat(slot >= 0).as("something goes").isEqualTo(best < Integer.MAX_VALUE);
        if (slot < 0) {
          return;
        }
        int c = queues.classOf(slot);
        assertThat(classes.get(c).priority()).isEqualTo(best);
        charge(c, takeOut(c, slot), bytes.getOrDefault(slot, 0), true);
        bytes.remove(slot);
        if (gen.flip()) {
          queues.free(slot);
        } else {
          out.add(slot);
        }
      }
    }

    /** Takes a packet and those dropped before it out of its queue; returns its client. */
    private int takeOut(int c, int slot) {
      for (int client = 0; client < clients; client++) {
        ArrayDeque<Integer> fifo = fifo(c, client);
        if (fifo.contains(slot)) {
          assertThat(mayGo(c, client)).isTrue();
          for (int head = fifo.remove(); head != slot; head = fifo.remove()) {
            bytes.remove(head);
            late++;
          }
          return client;
        }
      }
      throw new AssertionError("a packet that did not wait");
    }

    void turn() {
      for (int i = gen.below(6); i > 0; i--) {
        arrive();
      }
      serve();
      out.forEach(queues::free);
      out.clear();
      assertThat(queues.packets()).isEqualTo(bytes.size());
      assertThat(queues.latePkts()).isEqualTo(late);
      long deadline = queues.nextDeadlineNs();
      assertThat(deadline == Long.MAX_VALUE).isEqualTo(bytes.isEmpty());
      if (!bytes.isEmpty()) {
        assertThat(deadline).isGreaterThan(now);
      }
      now += gen.chance(0.9) ? gen.range(0, 1_000_000) : gen.range(0, 200_000_000);
      if (!bytes.isEmpty() && gen.flip()) {
        now = Math.max(now, deadline);
      }
    }
  }

  @Test
  void whatGoesNextIsWhatTheReferenceAllows() {
    Gen.cases(
        150,
        gen -> {
          World world = new World(gen);
          for (int i = 0; i < 400; i++) {
            world.turn();
          }
          for (int i = 0; i < 100_000 && world.queues.packets() > 0; i++) {
            world.now = Math.max(world.now, world.queues.nextDeadlineNs());
            world.serve();
          }
          assertThat(world.bytes).as("all of them go in the end").isEmpty();
        });
  }
}
