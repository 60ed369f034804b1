// SPDX-License-Identifier: Apache-2.0
package oasis.planetlab.engine;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.DnsMessage;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.UdpFrame;
import oasis.tcp.Failure;
import org.jspecify.annotations.Nullable;

/**
 * Looks names up with packets, so that queries go by the carrier of the name and their answers are
 * the client's, fakes included. Each query has a local port of its own, below those of connections.
 * An answer is kept for as long as a fake may be, so that the connections of one page ask once.
 * Bounded; confined to the data loop.
 */
final class Lookups {
  /** Where answers and failures go. */
  interface Results {
    void found(long connection, List<Address> addresses);

    void failed(long connection, Failure why);

    /** Sends a query; the burst must have been taken when this returns. */
    void send(Burst query);
  }

  private static final int FIRST_PORT = 2048;
  private static final int PORTS = 14_000; // below the local ports of connections
  private static final int MOST_LOOKUPS = 2048;
  private static final int MOST_KEPT = 4096;
  private static final int DNS_PORT = 53;
  private static final int TRIES_PER_SERVER = 2;
  private static final int EDNS_BYTES = 1232;
  private static final int LOOKED_UP_BYTES = 1024;
  private static final long SECOND_NS = 1_000_000_000L;
  private static final long MOST_KEEP_NS = 5 * SECOND_NS;
  private static final int NAME_ERROR = 3;

  private record Kept(List<Address> addresses, long untilNs) {}

  private final List<Address> servers;
  private final @Nullable Address inner4;
  private final @Nullable Address inner6;
  private final Results results;
  private final SplittableRandom random;
  private final ByteBuffer memory;
  private final long address;
  private final Map<String, Lookup> byName = new LinkedHashMap<>();
  private final Map<Integer, Lookup> byPort = new HashMap<>();
  private final Map<String, Kept> kept = new LinkedHashMap<>();
  private final DnsMessage message = new DnsMessage();
  private final FlowKey key = new FlowKey();
  private final Burst query = new Burst();
  private int at;

  /**
   * @param servers name servers, none of them a loopback address
   * @param memory for queries; two thousand bytes and more
   */
  Lookups(
      List<Address> servers,
      @Nullable Address inner4,
      @Nullable Address inner6,
      long seed,
      ByteBuffer memory,
      long address,
      Results results) {
    this.servers = List.copyOf(servers);
    this.inner4 = inner4;
    this.inner6 = inner6;
    this.memory = memory;
    this.address = address;
    this.results = results;
    random = new SplittableRandom(seed);
  }

  /** Finds the addresses of a host. */
  void begin(long connection, String host, long nowNs) {
    if (isAddress(host)) {
      results.found(connection, List.of(Address.parse(host)));
      return;
    }
    Kept known = kept.get(host);
    if (known != null && nowNs - known.untilNs() < 0) {
      results.found(connection, known.addresses());
      return;
    }
    Lookup lookup = byName.get(host);
    if (lookup != null) {
      lookup.waiting.add(connection);
      return;
    }
    if (servers.isEmpty() || byName.size() >= MOST_LOOKUPS) {
      results.failed(connection, Failure.NAME_TIMEOUT);
      return;
    }
    lookup = new Lookup(host, freePort(0), freePort(1));
    lookup.waiting.add(connection);
    byName.put(host, lookup);
    byPort.put(lookup.port4, lookup);
    byPort.put(lookup.port6, lookup);
    ask(lookup, nowNs);
  }

  /** Targets have been checked: what has a colon or ends in a digit label is an address. */
  static boolean isAddress(String host) {
    int last = host.lastIndexOf('.') + 1;
    return host.indexOf(':') >= 0 || host.chars().skip(last).allMatch(c -> c >= '0' && c <= '9');
  }

  /** Even ports for IPv4, odd ones for IPv6. */
  private int freePort(int odd) {
    while (true) {
      int port = FIRST_PORT + 2 * random.nextInt(PORTS / 2) + odd;
      if (!byPort.containsKey(port)) {
        return port;
      }
    }
  }

  private void ask(Lookup lookup, long nowNs) {
    Address server = servers.get(lookup.tries % servers.size());
    lookup.tries++;
    lookup.retryNs = nowNs + (lookup.tries <= servers.size() ? SECOND_NS : 2 * SECOND_NS);
    lookup.id4 = random.nextInt(1 << 16);
    lookup.id6 = random.nextInt(1 << 16);
    if (!lookup.done4) {
      send(server, lookup.port4, lookup.id4, lookup.name, DnsMessage.A);
    }
    if (!lookup.done6) {
      send(server, lookup.port6, lookup.id6, lookup.name, DnsMessage.AAAA);
    }
  }

  private void send(Address server, int port, int id, String name, int type) {
    Address inner = server.isV4() ? inner4 : inner6;
    if (inner == null) {
      return;
    }
    key.set(inner.hi(), inner.lo(), server.hi(), server.lo(), Ip.UDP, port, DNS_PORT);
    if (at + LOOKED_UP_BYTES > memory.capacity()) {
      at = 0;
    }
    int start = at + UdpFrame.headerBytes(key);
    int bytes = UdpFrame.write(key, memory, at, write(start, id, name, type) - start);
    if (query.check(memory, address, at, bytes) == null) {
      at += bytes + 7 & ~7;
      results.send(query);
    }
  }

  /** Writes a query; returns the index behind it. */
  private int write(int start, int id, String name, int type) {
    int end = start;
    memory.putShort(end, (short) id).putShort(end + 2, (short) 0x0100); // recursion desired
    memory.putInt(end + 4, 0x0001_0000).putInt(end + 8, 0x0000_0001);
    end += DnsMessage.HEADER_BYTES;
    for (int from = 0; from < name.length(); ) {
      int dot = name.indexOf('.', from);
      int to = dot < 0 ? name.length() : dot;
      memory.put(end++, (byte) (to - from));
      for (int i = from; i < to; i++) {
        memory.put(end++, (byte) name.charAt(i));
      }
      from = to + 1;
    }
    memory.put(end, (byte) 0);
    memory.putShort(end + 1, (short) type).putShort(end + 3, (short) DnsMessage.IN);
    end += 5;
    // EDNS (RFC 6891): a root name, and how long an answer may be.
    memory.put(end, (byte) 0).putShort(end + 1, (short) DnsMessage.OPT);
    memory.putShort(end + 3, (short) EDNS_BYTES).putInt(end + 5, 0).putShort(end + 9, (short) 0);
    return end + 11;
  }

  /** A checked UDP burst from port 53. */
  void onAnswer(Burst b, long nowNs) {
    key.of(b);
    Lookup lookup = byPort.get(key.dport());
    if (lookup == null
        || b.segments() != 1
        || !servers.contains(new Address(key.srcHi, key.srcLo))) {
      return;
    }
    boolean ipv4 = key.dport() == lookup.port4;
    boolean fits =
        message.check(b.buffer(), b.pieceStart(0), b.payloadBytes()) == null
            && message.response()
            && message.id() == (ipv4 ? lookup.id4 : lookup.id6)
            && message.type() == (ipv4 ? DnsMessage.A : DnsMessage.AAAA)
            && message.name().equals(lookup.name);
    if (!fits || (ipv4 ? lookup.done4 : lookup.done6)) {
      return;
    }
    if (message.rcode() != 0 && message.rcode() != NAME_ERROR) {
      lookup.failed = true;
      return; // another server may know; the retry asks it
    }
    boolean found = collect(lookup, b, ipv4);
    if (!found && message.truncated()) {
      lookup.failed = true;
      return; // what was cut off may be the addresses
    }
    lookup.answered = true;
    lookup.done4 |= ipv4;
    lookup.done6 |= !ipv4;
    if (lookup.settled()) {
      end(lookup, nowNs);
    }
  }

  /** Whether the answer has an address. */
  private boolean collect(Lookup lookup, Burst b, boolean ipv4) {
    boolean found = false;
    message.rewind();
    while (message.next()) {
      boolean wanted =
          message.section() == DnsMessage.ANSWER
              && message.recordClass() == DnsMessage.IN
              && message.recordType() == (ipv4 ? DnsMessage.A : DnsMessage.AAAA)
              && message.dataBytes() == (ipv4 ? 4 : 16);
      if (wanted) {
        found = true;
        lookup.leastTtl = Math.min(lookup.leastTtl, message.recordTtl());
        int data = message.dataStart();
        if (ipv4) {
          lookup.v4.add(new Address(0, Addresses.v4(b.buffer().getInt(data))));
        } else {
          lookup.v6.add(new Address(b.buffer().getLong(data), b.buffer().getLong(data + 8)));
        }
      }
    }
    return found;
  }

  private void end(Lookup lookup, long nowNs) {
    byName.remove(lookup.name);
    byPort.remove(lookup.port4);
    byPort.remove(lookup.port6);
    List<Address> addresses = lookup.addresses();
    if (!addresses.isEmpty()) {
      keep(lookup, addresses, nowNs);
      lookup.waiting.forEach(connection -> results.found(connection, addresses));
      return;
    }
    Failure why = lookup.failure();
    lookup.waiting.forEach(connection -> results.failed(connection, why));
  }

  private void keep(Lookup lookup, List<Address> addresses, long nowNs) {
    kept.remove(lookup.name);
    if (kept.size() >= MOST_KEPT) {
      kept.remove(kept.keySet().iterator().next());
    }
    long ns = Math.min(lookup.leastTtl * SECOND_NS, MOST_KEEP_NS);
    kept.put(lookup.name, new Kept(addresses, nowNs + ns));
  }

  /** Asks again what has not been answered in time. */
  void onTimer(long nowNs) {
    List<Lookup> due = new ArrayList<>();
    for (Lookup lookup : byName.values()) {
      if (lookup.retryNs - nowNs <= 0) {
        due.add(lookup);
      }
    }
    for (Lookup lookup : due) {
      if (!lookup.addresses().isEmpty() || lookup.tries >= TRIES_PER_SERVER * servers.size()) {
        end(lookup, nowNs);
      } else {
        ask(lookup, nowNs);
      }
    }
  }

  /** When {@link #onTimer} wants to be called. */
  long nextDeadlineNs() {
    long next = Long.MAX_VALUE;
    for (Lookup lookup : byName.values()) {
      next = Math.min(next, lookup.retryNs);
    }
    return next;
  }

  /** Names that are being looked up. */
  int size() {
    return byName.size();
  }
}
