// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import oasis.link.QueueSettings;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import org.jspecify.annotations.Nullable;

/**
 * The queues between engine and ports, in both directions. In a direction without caps packets go
 * straight on. With caps a packet that may go now goes straight on, too; one that has to wait is
 * copied once, into a memory of fixed size.
 *
 * <p>Keep-alives and the node's own answers go past the queues: they are few, and a client that
 * does not hear the node takes it for dead.
 *
 * <p>Confined to the data loop; no call for a packet allocates.
 */
final class QueueStage {
  private final ExitEffects out;
  private final Clients clients;
  private final Totals totals;
  private final int mostClients;
  private final Burst waiting = new Burst();
  private final FlowKey endpoint = new FlowKey();
  private QueueConfig config = QueueConfig.NONE;
  private ClassRules rules;
  private @Nullable QueueLane outbound;
  private @Nullable QueueLane inbound;
  private long nowNs;

  /** What was replaced; its memory must live until the next flush. */
  private final List<QueueLane> former = new ArrayList<>();

  QueueStage(ExitEffects out, Clients clients, int mostClients, Totals totals) {
    this.out = out;
    this.clients = clients;
    this.mostClients = mostClients;
    this.totals = totals;
    rules = new ClassRules(config.classes(), clients);
  }

  /**
   * Takes another configuration from now on. What waits goes on waiting, in the classes of the new
   * one, or goes at once where nothing has to wait any longer.
   *
   * @param memory of {@link QueueConfig#memoryBytes}, zeroed or not
   * @param address native address of its index 0, or 0 in tests
   * @throws IllegalArgumentException with one line, when it is too large; nothing has changed then
   */
  void configure(QueueConfig next, ByteBuffer memory, long address, long now) {
    nowNs = now;
    int cut = next.memoryBytes(true);
    QueueLane nextOut = lane(next.settings(true), memory.slice(0, cut), address);
    ByteBuffer rest = memory.slice(cut, next.memoryBytes(false));
    long restAddress = address == 0 ? 0 : address + cut;
    QueueLane nextIn = lane(next.settings(false), rest, restAddress);
    config = next;
    rules = new ClassRules(next.classes(), clients);
    QueueLane oldOut = outbound;
    QueueLane oldIn = inbound;
    outbound = nextOut;
    inbound = nextIn;
    if (oldOut != null) {
      former.add(oldOut);
      move(oldOut, nextOut, true);
    }
    if (oldIn != null) {
      former.add(oldIn);
      move(oldIn, nextIn, false);
    }
  }

  private @Nullable QueueLane lane(QueueSettings settings, ByteBuffer memory, long address) {
    return settings.capped() ? new QueueLane(settings, mostClients, memory, address, nowNs) : null;
  }

  private void move(QueueLane from, @Nullable QueueLane to, boolean outwards) {
    for (int slot = from.drain(waiting); slot >= 0; slot = from.drain(waiting)) {
      if (to == null || !isThere(from, slot)) {
        release(from, slot, outwards);
      } else {
        int client = from.client(slot);
        put(to, waiting, rules.classOf(waiting, client), client);
      }
    }
  }

  /** The time of what follows. */
  void at(long now) {
    nowNs = now;
  }

  /**
   * A burst of a client on its way to its destination.
   *
   * @return 0 when it was taken, else the path's MTU, as {@link ExitEffects#toUnderlay}
   */
  int toUnderlay(Burst b, int client) {
    QueueLane lane = outbound;
    if (lane == null) {
      return out.toUnderlay(b, client);
    }
    int c = rules.classOf(b, client);
    if (lane.passes(b, c, client, nowNs)) {
      return out.toUnderlay(b, client);
    }
    int pathMtu = out.pathMtu(b);
    if (pathMtu == 0) {
      put(lane, b, c, client);
    }
    return pathMtu;
  }

  /** The same of a packet whose memory does not last. */
  void briefToUnderlay(Burst b, int client) {
    QueueLane lane = outbound;
    int c = lane == null ? 0 : rules.classOf(b, client);
    if (lane == null || lane.passes(b, c, client, nowNs)) {
      out.replyToUnderlay(b);
    } else {
      put(lane, b, c, client);
    }
  }

  /** A burst for a client or another node. */
  void toClient(Burst b, int client) {
    QueueLane lane = inbound;
    int c = lane == null ? 0 : rules.classOf(b, client);
    if (lane == null || lane.passes(b, c, client, nowNs)) {
      sendToClient(b, client);
    } else {
      put(lane, b, c, client);
    }
  }

  /** The same of a packet whose memory does not last. */
  void briefToClient(Burst b, int client) {
    QueueLane lane = inbound;
    int c = lane == null ? 0 : rules.classOf(b, client);
    if (lane == null || lane.passes(b, c, client, nowNs)) {
      clients.endpoint(client, endpoint);
      int port = endpoint.sport();
      out.replyToClient(b, clients.keyId(client), endpoint.srcHi, endpoint.srcLo, port);
    } else {
      put(lane, b, c, client);
    }
  }

  private void put(QueueLane lane, Burst b, int c, int client) {
    int lost = lane.put(b, c, client, clients.generation(client), nowNs);
    if (lost > 0) {
      totals.drop(DropReason.QUEUE_FULL, lost);
      clients.countDrop(client, DropReason.QUEUE_FULL, lost);
    }
  }

  private void sendToClient(Burst b, int client) {
    clients.endpoint(client, endpoint);
    int port = endpoint.sport();
    out.toClient(b, client, clients.keyId(client), endpoint.srcHi, endpoint.srcLo, port);
  }

  /** When {@link #onDue} wants to run; Long.MAX_VALUE for never. */
  long nextDeadlineNs() {
    QueueLane there = outbound;
    QueueLane back = inbound;
    long first = there == null ? Long.MAX_VALUE : there.nextDeadlineNs();
    long second = back == null ? Long.MAX_VALUE : back.nextDeadlineNs();
    return ExitEngine.earlier(first, second);
  }

  /** Sends what need not wait any longer. */
  void onDue(long now) {
    nowNs = now;
    QueueLane there = outbound;
    if (there != null) {
      send(there, true);
    }
    QueueLane back = inbound;
    if (back != null) {
      send(back, false);
    }
  }

  private void send(QueueLane lane, boolean outwards) {
    long late = lane.latePkts();
    for (int slot = lane.next(waiting, nowNs); slot >= 0; slot = lane.next(waiting, nowNs)) {
      release(lane, slot, outwards);
    }
    totals.drop(DropReason.QUEUE_LATE, (int) (lane.latePkts() - late));
  }

  private void release(QueueLane lane, int slot, boolean outwards) {
    int client = lane.client(slot);
    if (!isThere(lane, slot)) {
      totals.drop(DropReason.NO_FLOW, waiting.segments());
    } else if (!outwards && clients.isShutOut(client)) {
      totals.drop(DropReason.NOT_ALLOWED, waiting.segments()); // it has lost its place meanwhile
      clients.countDrop(client, DropReason.NOT_ALLOWED, waiting.segments());
    } else if (!outwards) {
      sendToClient(waiting, client);
    } else if (out.toUnderlay(waiting, client) != 0) {
      totals.drop(DropReason.TOO_BIG, waiting.segments()); // the path has shrunk meanwhile
    }
  }

  /** Whether the client that a packet waited for is still the one of its number. */
  private boolean isThere(QueueLane lane, int slot) {
    return clients.generation(lane.client(slot)) == lane.generation(slot);
  }

  /** The ports have sent everything that they were given. */
  void flushed() {
    QueueLane there = outbound;
    if (there != null) {
      there.flushed();
    }
    QueueLane back = inbound;
    if (back != null) {
      back.flushed();
    }
    former.clear();
  }

  /** The configuration in force. */
  QueueConfig config() {
    return config;
  }

  /** Snapshots of all classes; allocates. */
  List<ClassInfo> classes() {
    QueueLane there = outbound;
    QueueLane back = inbound;
    List<ClassInfo> list = new ArrayList<>();
    for (int c = 0; c < config.classes().size(); c++) {
      QueueClass one = config.classes().get(c);
      list.add(
          new ClassInfo(
              one.name(),
              one.priority(),
              one.weight(),
              one.toString(),
              there == null ? null : there.statistics(c),
              back == null ? null : back.statistics(c)));
    }
    return list;
  }
}
