// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import oasis.flow.FlowTable;
import oasis.flow.StateException;
import oasis.flow.StateReader;
import oasis.flow.StateWriter;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import org.jspecify.annotations.Nullable;

/**
 * Who sends datagrams to this node and has a source: clients, and other overlay nodes (peers). One
 * with a key is that key, whatever its UDP address, which may change; one without is its UDP
 * address and port. A client lives as long as one of its inner source addresses, a peer as long as
 * it is configured. Confined to the data loop.
 */
final class Clients {
  static final int NONE = -1;

  private static final DropReason[] REASONS = DropReason.values();

  private final int capacity;
  private final FlowTable table;
  private final FlowKey key = new FlowKey();
  private final int[] keyId;
  private final int[] generation;
  private final long[] endpointHi;
  private final long[] endpointLo;
  private final int[] endpointPort;
  private final @Nullable Peer[] peer;
  private final boolean[] shutOut;
  private final int[] sources;
  private final long[] outPkts;
  private final long[] outBytes;
  private final long[] inPkts;
  private final long[] inBytes;
  private final long[] drops;
  private int peers;

  /** The sender that was looked for last; its slot is {@link #NONE} when it has none. */
  private final FlowKey last = new FlowKey();

  private int lastSlot = NONE;

  /**
   * @param clients most clients; {@link Peer#MAX} peers have room beside them
   */
  Clients(int clients, long seed) {
    capacity = clients;
    int slots = slots(clients);
    table = new FlowTable(slots, seed);
    keyId = new int[slots];
    generation = new int[slots];
    endpointHi = new long[slots];
    endpointLo = new long[slots];
    endpointPort = new int[slots];
    peer = new @Nullable Peer[slots];
    shutOut = new boolean[slots];
    sources = new int[slots];
    outPkts = new long[slots];
    outBytes = new long[slots];
    inPkts = new long[slots];
    inBytes = new long[slots];
    drops = new long[slots * REASONS.length];
  }

  /** How many slots there are: they are 0 to one less. */
  static int slots(int clients) {
    return clients + Peer.MAX;
  }

  /**
   * The slot of a sender, or {@link #NONE}.
   *
   * @param ofKey its key's number, which alone decides, or 0
   */
  int find(int ofKey, long hi, long lo, int port) {
    identity(ofKey, hi, lo, port);
    if (lastSlot == NONE || !isLast()) {
      lastSlot = table.find(key);
      last.set(key);
    }
    return lastSlot;
  }

  /** Runs of one sender come together, so it is looked for once. */
  private boolean isLast() {
    return key.srcLo == last.srcLo && key.ports == last.ports && key.srcHi == last.srcHi;
  }

  private void identity(int ofKey, long hi, long lo, int port) {
    if (ofKey != 0) {
      key.set(0, ofKey, 0, 0, 0, 0, 0);
    } else {
      key.set(hi, lo, 0, 0, Ip.UDP, port, 0);
    }
  }

  /** Takes in an absent client; {@link #NONE} when there are too many. */
  int add(int ofKey, long hi, long lo, int port) {
    if (size() >= capacity) { // more than that when the places of peers are taken, too
      return NONE;
    }
    return insert(ofKey, hi, lo, port);
  }

  private int insert(int ofKey, long hi, long lo, int port) {
    identity(ofKey, hi, lo, port);
    lastSlot = NONE;
    int client = table.insert(key);
    if (client >= 0) {
      keyId[client] = ofKey;
      generation[client]++;
      peer[client] = null;
      shutOut[client] = false;
      sources[client] = 0;
      outPkts[client] = 0;
      outBytes[client] = 0;
      inPkts[client] = 0;
      inBytes[client] = 0;
      int first = client * REASONS.length;
      Arrays.fill(drops, first, first + REASONS.length, 0);
      moved(client, hi, lo, port);
    }
    return client;
  }

  /** From now on the answers go to another endpoint. */
  void moved(int client, long hi, long lo, int port) {
    endpointHi[client] = hi;
    endpointLo[client] = lo;
    endpointPort[client] = port;
  }

  /** Reads where answers go: source address and source port of the key. */
  void endpoint(int client, FlowKey into) {
    into.set(endpointHi[client], endpointLo[client], 0, 0, Ip.UDP, endpointPort[client], 0);
  }

  /** The number of its key, or 0 for one without. */
  int keyId(int client) {
    return keyId[client];
  }

  /** Tells a client from a later one in its slot. */
  int generation(int client) {
    return generation[client];
  }

  /** Whether it is another node of the overlay. */
  boolean isPeer(int client) {
    return peer[client] != null;
  }

  /** What is configured of a peer; null for a client. */
  @Nullable Peer peer(int client) {
    return peer[client];
  }

  /**
   * Sets the peers. One that stays keeps its slot and sources, and, if nothing of it was changed,
   * the endpoint to which it has moved; of one that goes, the slot is an ordinary client's until
   * its last source has gone.
   *
   * @param wanted {@link Peer#MAX} at most
   */
  void setPeers(List<Peer> wanted) {
    for (int i = table.nextUsed(0); i >= 0; i = table.nextUsed(i + 1)) {
      Peer known = peer[i];
      if (known != null && !wanted.contains(known)) {
        peer[i] = null;
        peers--;
        removeIfUnused(i);
      }
    }
    for (Peer each : wanted) {
      int slot = find(each.keyId(), each.hi(), each.lo(), each.port());
      if (slot == NONE) {
        slot = insert(each.keyId(), each.hi(), each.lo(), each.port());
      }
      if (slot == NONE) {
        throw new IllegalStateException("no room for peer " + each.name());
      }
      if (peer[slot] == null) {
        peers++;
        moved(slot, each.hi(), each.lo(), each.port()); // a new one, or one that was changed
      }
      peer[slot] = each;
    }
  }

  /** Notes who is let in no more; to be called when it or the peers have changed. */
  void shutOut(FlowGate gate) {
    for (int i = table.nextUsed(0); i >= 0; i = table.nextUsed(i + 1)) {
      shutOut[i] = keyId[i] == 0 && peer[i] == null && !gate.admits(endpointHi[i], endpointLo[i]);
    }
  }

  /** Whether one that was let in is let in no more, so that nothing may be sent to it. */
  boolean isShutOut(int client) {
    return shutOut[client];
  }

  int sources(int client) {
    return sources[client];
  }

  void addSource(int client) {
    sources[client]++;
  }

  /** Forgets a source, and the client with its last one. */
  void removeSource(int client) {
    sources[client]--;
    removeIfUnused(client);
  }

  private void removeIfUnused(int client) {
    if (sources[client] == 0 && peer[client] == null) {
      table.remove(client);
      lastSlot = NONE;
    }
  }

  void countOut(int client, int pkts, long bytes) {
    outPkts[client] += pkts;
    outBytes[client] += bytes;
  }

  void countIn(int client, int pkts, long bytes) {
    inPkts[client] += pkts;
    inBytes[client] += bytes;
  }

  @SuppressWarnings("EnumOrdinal") // An EnumMap would box every count.
  void countDrop(int client, DropReason why, int pkts) {
    drops[client * REASONS.length + why.ordinal()] += pkts;
  }

  /** How many clients there are, without peers. */
  int size() {
    return table.size() - peers;
  }

  /** The first slot in use at or behind {@code from}, peers included, or -1. */
  int next(int from) {
    return table.nextUsed(from);
  }

  /** Slots of all peers; allocates. */
  List<Integer> peers() {
    List<Integer> slots = new ArrayList<>();
    for (int i = table.nextUsed(0); i >= 0; i = table.nextUsed(i + 1)) {
      if (peer[i] != null) {
        slots.add(i);
      }
    }
    return slots;
  }

  /**
   * @param flows its live flows
   */
  ClientInfo info(int client, int flows) {
    Peer known = peer[client];
    return new ClientInfo(
        Snapshots.endpoint(endpointHi[client], endpointLo[client], endpointPort[client]),
        keyId[client],
        known == null ? "" : known.name(),
        sources[client],
        flows,
        outPkts[client],
        outBytes[client],
        inPkts[client],
        inBytes[client],
        Snapshots.drops(drops, client * REASONS.length));
  }

  /** Writes all clients and peers, for another process to go on with. */
  void write(StateWriter out) {
    out.section("clients");
    out.putNames(REASONS);
    out.putInt(table.size());
    for (int client = table.nextUsed(0); client >= 0; client = table.nextUsed(client + 1)) {
      out.putInt(client);
      out.putInt(keyId[client]);
      out.putLong(endpointHi[client]);
      out.putLong(endpointLo[client]);
      out.putInt(endpointPort[client]);
      out.putLong(outPkts[client]);
      out.putLong(outBytes[client]);
      out.putLong(inPkts[client]);
      out.putLong(inBytes[client]);
      Snapshots.write(drops, client * REASONS.length, out);
    }
  }

  /**
   * Takes written clients in; their sources follow. Peers are already here, and keep their slots
   * and endpoints.
   *
   * @return their numbers here by those there
   */
  Renumbering restore(StateReader in) throws StateException {
    in.section("clients");
    int[] reasons = in.takeNames(REASONS);
    int count = in.takeInt("number of clients", 0, table.capacity());
    Renumbering numbers = new Renumbering();
    BitSet restored = new BitSet();
    for (int i = 0; i < count; i++) {
      int there = in.takeInt("client", 0, Renumbering.MOST);
      int ofKey = in.takeInt("key", Integer.MIN_VALUE, Integer.MAX_VALUE);
      long hi = in.takeLong();
      long lo = in.takeLong();
      int port = in.takeInt("port", 0, 0xffff);
      int client = find(ofKey, hi, lo, port);
      if (client == NONE) {
        client = add(ofKey, hi, lo, port);
      }
      if (client == NONE) {
        throw in.fail("there are more than " + capacity);
      }
      if (restored.get(client) || !numbers.add(there, client)) {
        throw in.fail("a client is there twice");
      }
      restored.set(client);
      if (peer[client] == null) { // a peer's may have been changed
        moved(client, hi, lo, port);
      }
      outPkts[client] = in.takeCount("packets");
      outBytes[client] = in.takeCount("bytes");
      inPkts[client] = in.takeCount("packets");
      inBytes[client] = in.takeCount("bytes");
      Snapshots.restore(drops, client * REASONS.length, in, reasons);
    }
    return numbers;
  }

  /** Forgets those that have neither a source nor are peers: peers of the other process. */
  void removeUnused() {
    for (int client = table.nextUsed(0); client >= 0; client = table.nextUsed(client + 1)) {
      removeIfUnused(client);
    }
  }
}
