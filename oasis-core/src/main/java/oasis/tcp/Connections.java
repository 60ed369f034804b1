// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import java.util.Arrays;
import java.util.SplittableRandom;
import oasis.flow.FlowTable;
import oasis.flow.TimerWheel;
import oasis.packet.FlowKey;
import org.jspecify.annotations.Nullable;

/**
 * The connections of a port, found by the program's 5-tuple or by the local port that each has
 * towards servers, and their deadlines. Local ports are taken in turn, so that one is used again as
 * late as possible. Confined to the engine's thread.
 */
final class Connections {
  /** First local port towards servers; these are inner ports, not the host's. */
  static final int FIRST_PORT = 16_384;

  private static final int PORTS = 65_536 - FIRST_PORT;
  private static final int LOOKS_FOR_ROOM = 256;
  private static final short NO_SLOT = -1;

  private final FlowTable table;
  private final TimerWheel wheel;
  private final Waiting waiting = new Waiting();
  private final @Nullable Connection[] bySlot;
  private final short[] byPort = new short[PORTS];
  private final SplittableRandom random;
  private int nextPort;
  private long lastId;
  private int lookAt;
  private long heldBytes;

  Connections(int capacity, long seed) {
    table = new FlowTable(capacity, seed);
    wheel = new TimerWheel(capacity);
    bySlot = new @Nullable Connection[capacity];
    Arrays.fill(byPort, NO_SLOT);
    random = new SplittableRandom(seed);
    nextPort = random.nextInt(PORTS);
  }

  /** The connection of a program's segment, or null. */
  @Nullable Connection ofProgram(FlowKey key) {
    int slot = table.find(key);
    return slot < 0 ? null : bySlot[slot];
  }

  /** The connection that has a local port towards servers, or null. */
  @Nullable Connection ofPort(int port) {
    int slot = port < FIRST_PORT ? NO_SLOT : byPort[port - FIRST_PORT];
    return slot < 0 ? null : bySlot[slot];
  }

  /** The connection with an id, unless it has ended. */
  @Nullable Connection ofId(long id) {
    Connection c = bySlot[(int) (id % bySlot.length)];
    return c != null && c.id == id ? c : null;
  }

  /** A new connection, or null when there is no room. */
  @Nullable Connection add(FlowKey program) {
    int slot = table.insert(program);
    if (slot < 0) {
      return null;
    }
    // Fewer connections than ports: the search ends.
    while (byPort[nextPort] != NO_SLOT) {
      nextPort = (nextPort + 1) % PORTS;
    }
    byPort[nextPort] = (short) slot;
    lastId++;
    long id = lastId * bySlot.length + slot;
    Connection c = new Connection(slot, id, FIRST_PORT + nextPort, program);
    c.ourIsn = random.nextInt();
    c.dialIsn = random.nextInt();
    nextPort = (nextPort + 1) % PORTS;
    bySlot[slot] = c;
    return c;
  }

  /** Forgets a connection. */
  void remove(Connection c) {
    wheel.cancel(c.slot);
    waiting.remove(c);
    table.remove(c.slot);
    byPort[c.localPort - FIRST_PORT] = NO_SLOT;
    bySlot[c.slot] = null;
    heldBytes -= c.heldBytes();
  }

  /**
   * One that may make room: its handshake is not finished or both ends are. Looks at some hundreds,
   * each time at others.
   */
  @Nullable Connection victim() {
    for (int i = 0; i < LOOKS_FOR_ROOM; i++) {
      lookAt = (lookAt + 1) % bySlot.length;
      Connection c = bySlot[lookAt];
      if (c != null && (c.over() || c.stage == Connection.Stage.OPENING)) {
        return c;
      }
    }
    return null;
  }

  /** Sets when a connection is looked at again. */
  void schedule(Connection c, long deadlineNs) {
    wheel.schedule(c.slot, deadlineNs);
  }

  /** The next connection that is due, or null. */
  @Nullable Connection due(long nowNs) {
    int slot = wheel.poll(nowNs);
    return slot < 0 ? null : bySlot[slot];
  }

  long nextDeadlineNs() {
    return wheel.nextDeadlineNs();
  }

  /** Notes that a connection has got further, or that it holds so much more or less memory. */
  void held(Connection c, int bytes) {
    heldBytes += bytes;
    waiting.file(c);
  }

  /** Those that may have to make room. */
  Waiting waiting() {
    return waiting;
  }

  /** Bytes that all connections hold. */
  long heldBytes() {
    return heldBytes;
  }

  int size() {
    return table.size();
  }

  int capacity() {
    return bySlot.length;
  }

  /** The connection in a slot, or null. */
  @Nullable Connection at(int slot) {
    return bySlot[slot];
  }
}
