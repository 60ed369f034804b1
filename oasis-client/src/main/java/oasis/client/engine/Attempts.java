// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.nio.ByteBuffer;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.FlowKey;
import oasis.packet.Ip;

/**
 * The first segments of the TCP connections that began lately. A carrier that has died swallowed
 * those that nobody has answered: they are sent again, by whatever carrier is chosen now, and their
 * programs notice a delay instead of an error or the second that their kernel waits before it tries
 * again. Each is sent again at most once. Confined to the data loop.
 */
final class Attempts {
  private static final int SLOTS = 256;

  /** IPv6 header without extensions and the longest TCP header: 40 and 60 bytes. */
  private static final int SLOT_BYTES = 128;

  /** Memory for all of them. */
  static final int BYTES = SLOTS * SLOT_BYTES;

  private static final int TCP_CHECKSUM = 16;

  /** The kernel has tried again by itself by then. */
  private static final long LIFETIME_NS = 3_000_000_000L;

  private final ByteBuffer memory;
  private final long address;
  private final FlowMap map;
  private final int[] lengths = new int[SLOTS];
  private final long[] sentNs = new long[SLOTS];
  private final FlowKey key = new FlowKey();
  private final Burst segment = new Burst();
  private int next;
  private boolean repeating;

  /** Takes a packet of a program. */
  @FunctionalInterface
  interface Way {
    /** A checked burst that the programs sent. */
    void send(Burst b, long nowNs);
  }

  Attempts(Scratch scratch, FlowMap map) {
    memory = scratch.buffer();
    address = scratch.address();
    this.map = map;
  }

  /**
   * Keeps a copy of the first segment of a connection that begins.
   *
   * @param syn as the program sent it
   */
  void note(Burst syn, long nowNs) {
    int bytes = syn.headerBytes();
    if (repeating || syn.payloadBytes() > 0 || bytes > SLOT_BYTES) {
      return;
    }
    int slot = next;
    next = (next + 1) % SLOTS;
    int at = at(slot);
    memory.put(at, syn.buffer(), syn.start(), bytes);
    if (syn.partialChecksum()) {
      int transport = at + syn.transport() - syn.start();
      int transportBytes = bytes - (syn.transport() - syn.start());
      memory.putShort(transport + TCP_CHECKSUM, (short) 0);
      long pseudo = Checksum.pseudo(memory, at, Ip.TCP, transportBytes);
      long sum = Checksum.sum(memory, transport, transportBytes, pseudo);
      memory.putShort(transport + TCP_CHECKSUM, (short) Checksum.finish(sum));
    }
    lengths[slot] = bytes;
    sentNs[slot] = nowNs;
  }

  /**
   * Sends again what a carrier has swallowed.
   *
   * @param flows knows the flows of these connections, and forgets those that begin again
   */
  void repeat(int carrier, Flows flows, Way way, long nowNs) {
    repeating = true;
    // The newest first: of two connections with the same ports only the later one still lives.
    for (int i = 1; i <= SLOTS; i++) {
      int slot = (next + SLOTS - i) % SLOTS;
      if (lengths[slot] > 0 && nowNs - sentNs[slot] <= LIFETIME_NS) {
        repeat(slot, carrier, flows, way, nowNs);
      }
    }
    repeating = false;
  }

  private void repeat(int slot, int carrier, Flows flows, Way way, long nowNs) {
    if (segment.check(memory, address, at(slot), lengths[slot]) != null) {
      return;
    }
    int f = map.findOutbound(key.of(segment));
    // A later connection of the same ports began at another time.
    boolean same = f >= 0 && map.carrier[f] == carrier && map.bornNs[f] == sentNs[slot];
    if (same && map.inPkts[f] == 0 && map.lastAck[f] == 0 && !map.closed(f)) {
      lengths[slot] = 0;
      flows.remove(f, nowNs);
      way.send(segment, nowNs);
    }
  }

  private static int at(int slot) {
    return Scratch.PACKET_BYTES + slot * SLOT_BYTES;
  }
}
