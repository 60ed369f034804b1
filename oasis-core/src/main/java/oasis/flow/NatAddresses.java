// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import org.jspecify.annotations.Nullable;

/**
 * The external addresses of a {@link NatEngine} with their ports, and which mapping each port
 * belongs to. A client has one address of each family at a time, its home, whatever the protocol
 * (RFC 4787 REQ-2, RFC 7857 section 4: paired): the one with the fewest mappings when it comes. It
 * changes only while the client has no mapping there.
 *
 * <p>An external end is one int: address slot and port. Confined to one thread.
 */
final class NatAddresses {
  /** Most addresses of both families together. */
  static final int MAX = 256;

  private static final int SPACES = PortAllocator.SPACES;
  private static final int NONE = -1;

  private final NatLimits limits;
  private final boolean keepsPorts;
  private final KeyedHash seeds;
  private final FlowTable table;
  private final FlowKey key = new FlowKey();
  private long draws;

  // Per address slot.
  private final long[] hi = new long[MAX];
  private final long[] lo = new long[MAX];
  private final int[] mapped = new int[MAX];
  private final @Nullable PortAllocator[] ports = new PortAllocator[MAX];

  /** Per address slot and port space: mapping slot + 1 by port - first, or 0. */
  private final int[] @Nullable [] byPort = new int[MAX * SPACES][];

  /** Per family: slots in the order given. */
  private final int[][] slots = {{}, {}};

  /** Bits of the hashes of all addresses: most destinations are told apart by one look. */
  private final long[] hashes = new long[16];

  // Per family and client: address slot + 1, and mappings there.
  private final int[][] home = {{}, {}};
  private final int[][] held = {{}, {}};

  NatAddresses(NatLimits limits, boolean keepsPorts, KeyedHash seeds) {
    this.limits = limits;
    this.keepsPorts = keepsPorts;
    this.seeds = seeds;
    table = new FlowTable(MAX, seeds.of(-1));
  }

  /** 0 for IPv4, 1 for IPv6. */
  static int family(boolean v4) {
    return v4 ? 0 : 1;
  }

  /** An external end's address slot. */
  static int slot(int external) {
    return external >>> 16;
  }

  /** An external end's port. */
  static int port(int external) {
    return external & 0xffff;
  }

  /** Whether there is an address of a family. */
  boolean any(boolean v4) {
    return slots[family(v4)].length > 0;
  }

  /** The slot of an address, or -1. */
  int find(long addressHi, long addressLo) {
    int hash = hash(addressHi, addressLo);
    if ((hashes[hash >> 6] >>> hash & 1) == 0) {
      return NONE;
    }
    return table.find(key.set(addressHi, addressLo, 0, 0, 0, 0, 0));
  }

  private static int hash(long addressHi, long addressLo) {
    return (int) ((addressLo ^ addressHi) * 0x9e3779b97f4a7c15L >>> 54);
  }

  long hi(int slot) {
    return hi[slot];
  }

  long lo(int slot) {
    return lo[slot];
  }

  /** Whether an address of the list is to stay. */
  static boolean contains(List<Address> addresses, long addressHi, long addressLo) {
    return addresses.stream().anyMatch(a -> a.hi() == addressHi && a.lo() == addressLo);
  }

  /** Slots of a family in the order given; not to be changed. */
  int[] slots(boolean v4) {
    return slots[family(v4)];
  }

  /** Replaces the addresses of a family; those that go must have no mapping any more. */
  void set(boolean v4, List<Address> addresses) {
    for (int slot : slots[family(v4)]) {
      if (!contains(addresses, hi[slot], lo[slot])) {
        remove(v4, slot);
      }
    }
    slots[family(v4)] = addresses.stream().mapToInt(this::add).distinct().toArray();
    Arrays.fill(hashes, 0);
    for (int[] family : slots) {
      for (int slot : family) {
        int hash = hash(hi[slot], lo[slot]);
        hashes[hash >> 6] |= 1L << hash;
      }
    }
  }

  private int add(Address address) {
    key.set(address.hi(), address.lo(), 0, 0, 0, 0, 0);
    int slot = table.find(key);
    if (slot < 0) {
      slot = table.insert(key);
      hi[slot] = address.hi();
      lo[slot] = address.lo();
      mapped[slot] = 0;
      ports[slot] = new PortAllocator(limits.firstPort(), limits.lastPort(), seeds.of(draws++));
    }
    return slot;
  }

  private void remove(boolean v4, int slot) {
    table.remove(slot);
    ports[slot] = null;
    Arrays.fill(byPort, slot * SPACES, (slot + 1) * SPACES, null);
    int[] homes = home[family(v4)];
    for (int client = 0; client < homes.length; client++) {
      if (homes[client] == slot + 1) {
        homes[client] = 0;
      }
    }
  }

  /** The address slot that a client's mappings of a family are on or would be on next, or -1. */
  int home(boolean v4, int client) {
    int[] homes = home[family(v4)];
    int slot = client < homes.length ? homes[client] - 1 : NONE;
    return slot >= 0 ? slot : leastUsed(v4);
  }

  private int leastUsed(boolean v4) {
    int best = NONE;
    for (int slot : slots[family(v4)]) {
      if (best < 0 || mapped[slot] < mapped[best]) {
        best = slot;
      }
    }
    return best;
  }

  /**
   * Takes an external end for a client's address and port, on its home.
   *
   * @return address slot and port, or -1 when no port is free there
   */
  int take(boolean v4, int client, int protocol, int inner) {
    int family = family(v4);
    grow(family, client);
    int slot = home(v4, client);
    int port = slot < 0 ? NONE : draw(slot, protocol, inner);
    if (port < 0 && held[family][client] == 0) {
      // Nothing binds it to a home that is full.
      for (int i = 0; i < slots[family].length && port < 0; i++) {
        slot = slots[family][i];
        port = draw(slot, protocol, inner);
      }
    }
    if (port < 0) {
      return NONE;
    }
    hold(family, client, slot);
    return slot << 16 | port;
  }

  private void hold(int family, int client, int slot) {
    home[family][client] = slot + 1;
    held[family][client]++;
    mapped[slot]++;
  }

  private void grow(int family, int client) {
    if (client >= home[family].length) {
      int length = Math.min(limits.clients(), Math.max(16, Integer.highestOneBit(client) << 1));
      home[family] = Arrays.copyOf(home[family], length);
      held[family] = Arrays.copyOf(held[family], length);
    }
  }

  /**
   * Takes one certain external end for a client.
   *
   * @return false when it is taken, or the client is at home elsewhere
   */
  boolean claim(boolean v4, int client, int protocol, int external) {
    int family = family(v4);
    grow(family, client);
    int slot = slot(external);
    boolean elsewhere = held[family][client] > 0 && home[family][client] != slot + 1;
    if (elsewhere || !allocator(slot).allocateOnly(protocol, port(external))) {
      return false;
    }
    hold(family, client, slot);
    return true;
  }

  /**
   * Writes where clients are at home.
   *
   * @param numbers of the address slots in the state
   */
  void writeHomes(StateWriter out, int[] numbers) {
    out.section("homes");
    for (int[] family : home) {
      out.putInt((int) Arrays.stream(family).filter(each -> each != 0).count());
      for (int client = 0; client < family.length; client++) {
        if (family[client] != 0) {
          out.putInt(client);
          out.putInt(numbers[family[client] - 1]);
        }
      }
    }
  }

  /**
   * Lets them be at home there again.
   *
   * @param addressSlots by their numbers in the state
   * @param clients the number here of a client with another number there; -1 for none
   */
  void restoreHomes(StateReader in, int[] addressSlots, IntUnaryOperator clients)
      throws StateException {
    in.section("homes");
    for (int family = 0; family < home.length; family++) {
      int count = in.takeInt("number of clients", 0, Integer.MAX_VALUE);
      for (int i = 0; i < count; i++) {
        int client = clients.applyAsInt(in.takeInt("client", 0, Integer.MAX_VALUE));
        int slot = addressSlots[in.takeInt("address", 0, addressSlots.length - 1)];
        if (Addresses.isV4(hi[slot], lo[slot]) != (family == family(true))) {
          throw in.fail("a client is at home in the wrong family");
        }
        if (client >= 0 && client < limits.clients()) {
          grow(family, client);
          home[family][client] = slot + 1;
        }
      }
    }
  }

  private int draw(int slot, int protocol, int inner) {
    PortAllocator free = allocator(slot);
    if (keepsPorts) {
      if (free.allocateOnly(protocol, inner)) {
        return inner;
      }
    }
    int port = protocol == Ip.UDP || keepsPorts ? other(free, protocol, inner, true) : NONE;
    return port >= 0 ? port : other(free, protocol, inner, false);
  }

  /** A free port that is not the inner one, or -1. */
  private static int other(PortAllocator free, int protocol, int inner, boolean alike) {
    int port = alike ? free.allocateLike(protocol, inner) : free.allocate(protocol);
    if (port != inner) {
      return port;
    }
    int second = alike ? free.allocateLike(protocol, inner) : free.allocate(protocol);
    free.free(protocol, port);
    return second;
  }

  private PortAllocator allocator(int slot) {
    PortAllocator free = ports[slot];
    if (free == null) {
      throw new IllegalStateException("no address in slot " + slot);
    }
    return free;
  }

  /** Says which mapping an external end belongs to. */
  void map(int external, int protocol, int mapping) {
    index(external, protocol)[port(external) - limits.firstPort()] = mapping + 1;
  }

  /** The mapping of an address slot's port, or -1. */
  int mapping(int slot, int protocol, int port) {
    int[] mappings = byPort[slot * SPACES + PortAllocator.space(protocol)];
    int at = port - limits.firstPort();
    return mappings == null || at < 0 || at >= mappings.length ? NONE : mappings[at] - 1;
  }

  /** Gives an external end back that {@link #take} returned for a client. */
  void free(boolean v4, int client, int protocol, int external) {
    int slot = slot(external);
    allocator(slot).free(protocol, port(external));
    index(external, protocol)[port(external) - limits.firstPort()] = 0;
    mapped[slot]--;
    held[family(v4)][client]--;
  }

  private int[] index(int external, int protocol) {
    int at = slot(external) * SPACES + PortAllocator.space(protocol);
    int[] mappings = byPort[at];
    if (mappings == null) {
      mappings = new int[limits.lastPort() - limits.firstPort() + 1];
      byPort[at] = mappings;
    }
    return mappings;
  }

  /** Checks that addresses are of a family, can be external, and are not too many. */
  void require(boolean v4, List<Address> external) {
    for (Address each : external) {
      if (each.isV4() != v4 || Addresses.isUnspecified(each.hi(), each.lo())) {
        throw new IllegalArgumentException(
            "not an %s address: %s".formatted(v4 ? "IPv4" : "IPv6", each));
      }
    }
    if (external.size() + slots[family(!v4)].length > MAX) {
      throw new IllegalArgumentException("more than " + MAX + " external addresses");
    }
  }
}
