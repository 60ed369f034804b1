// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.FlowKey;
import oasis.packet.Ip;

/**
 * Writes the state of a {@link NatEngine} and puts it into another one that has none yet: external
 * addresses, sessions with their mappings, what clients hold and how fast they may go on,
 * fragments. Slots are others afterwards, in the same order.
 */
final class NatTransfer {
  private static final int MOST_ADDRESSES = NatAddresses.MAX;

  private final NatLimits limits;
  private final NatTable table;
  private final NatAddresses addresses;
  private final NatErrors errors;
  private final NatFragments fragments;
  private final IpIds ids;
  private final NatRecord session = new NatRecord();

  NatTransfer(
      NatLimits limits, NatTable table, NatErrors errors, NatFragments fragments, IpIds ids) {
    this.limits = limits;
    this.table = table;
    this.errors = errors;
    this.fragments = fragments;
    this.ids = ids;
    addresses = table.addresses;
  }

  void write(StateWriter out) {
    int[] numbers = new int[MOST_ADDRESSES];
    writeAddresses(out, numbers);
    addresses.writeHomes(out, numbers);
    int[] order = table.inOrder();
    writeSessions(out, order, numbers);
    table.quota.write(out);
    errors.write(out);
    int[] sessions = new int[Arrays.stream(order).max().orElse(-1) + 1];
    for (int i = 0; i < order.length; i++) {
      sessions[order[i]] = i;
    }
    fragments.write(out, sessions, table);
    ids.write(out);
  }

  /**
   * @param numbers gets for each address slot its place in the list
   */
  private void writeAddresses(StateWriter out, int[] numbers) {
    out.section("addresses");
    int count = 0;
    for (boolean v4 : new boolean[] {true, false}) {
      int[] slots = addresses.slots(v4);
      out.putInt(slots.length);
      for (int slot : slots) {
        numbers[slot] = count++;
        out.putLong(addresses.hi(slot));
        out.putLong(addresses.lo(slot));
      }
    }
  }

  private void writeSessions(StateWriter out, int[] order, int[] numbers) {
    out.section("sessions");
    out.putNames(NatState.values());
    out.putInt(order.length);
    for (int slot : order) {
      table.read(slot, session);
      int external = table.external(table.mappingOf(slot));
      out.putInt(session.client);
      out.putByte(session.protocol);
      out.putLong(session.innerHi);
      out.putLong(session.innerLo);
      out.putInt(session.innerPort);
      out.putInt(numbers[NatAddresses.slot(external)]);
      out.putInt(session.externalPort);
      out.putLong(session.remoteHi);
      out.putLong(session.remoteLo);
      out.putInt(session.remotePort);
      table.lives.write(slot, out);
    }
  }

  /**
   * @param clients the number here of a client with another number there; -1 for none
   */
  void restore(StateReader in, IntUnaryOperator clients) throws StateException {
    if (table.sessions() > 0) {
      throw new IllegalStateException("a state is for an engine without one");
    }
    int[] slots = restoreAddresses(in);
    addresses.restoreHomes(in, slots, clients);
    int[] sessions = restoreSessions(in, slots, clients);
    table.quota.restore(in, clients);
    errors.restore(in);
    fragments.restore(in, sessions, table, clients);
    ids.restore(in);
  }

  /** Address slots by the number in the state. */
  private int[] restoreAddresses(StateReader in) throws StateException {
    in.section("addresses");
    List<List<Address>> families = new ArrayList<>();
    int total = 0;
    for (boolean v4 : new boolean[] {true, false}) {
      List<Address> family = new ArrayList<>();
      int count = in.takeInt("number of addresses", 0, MOST_ADDRESSES - total);
      for (int i = 0; i < count; i++) {
        Address address = new Address(in.takeLong(), in.takeLong());
        boolean usable = !Addresses.isUnspecified(address.hi(), address.lo());
        if (address.isV4() != v4 || !usable || family.contains(address)) {
          throw in.fail("there is a bad address");
        }
        family.add(address);
      }
      total += count;
      families.add(family);
    }
    addresses.set(true, families.get(0));
    addresses.set(false, families.get(1));
    return families.stream()
        .flatMap(List::stream)
        .mapToInt(each -> addresses.find(each.hi(), each.lo()))
        .toArray();
  }

  /** Session slots by the number in the state. */
  private int[] restoreSessions(StateReader in, int[] slots, IntUnaryOperator clients)
      throws StateException {
    in.section("sessions");
    int[] states = in.takeNames(NatState.values());
    int[] sessions = new int[in.takeInt("number of sessions", 0, limits.sessions())];
    for (int i = 0; i < sessions.length; i++) {
      NatRecord one = session;
      one.client = client(in, clients);
      one.protocol = in.takeByte("protocol", 0xff);
      if (!PortAllocator.hasPorts(one.protocol)) {
        throw in.fail("a session has protocol " + one.protocol);
      }
      one.innerHi = in.takeLong();
      one.innerLo = in.takeLong();
      one.innerPort = in.takeInt("inner port", 0, 0xffff);
      int slot = in.takeInt("address", 0, slots.length - 1);
      one.externalHi = addresses.hi(slots[slot]);
      one.externalLo = addresses.lo(slots[slot]);
      one.externalPort = in.takeInt("external port", limits.firstPort(), limits.lastPort());
      one.remoteHi = in.takeLong();
      one.remoteLo = in.takeLong();
      one.remotePort = in.takeInt("remote port", 0, 0xffff);
      sessions[i] = restoreSession(one, slots[slot], in, states);
    }
    return sessions;
  }

  /** Lets a session go on, with the external end that it has there; its slot. */
  private int restoreSession(NatRecord one, int slot, StateReader in, int[] states)
      throws StateException {
    boolean v4 = Addresses.isV4(one.innerHi, one.innerLo);
    if (v4 != Addresses.isV4(one.remoteHi, one.remoteLo)
        || v4 != Addresses.isV4(one.externalHi, one.externalLo)) {
      throw in.fail("a session mixes IPv4 and IPv6");
    }
    if (one.protocol == (v4 ? Ip.ICMP6 : Ip.ICMP)) {
      throw in.fail("a session has the other version's ICMP");
    }
    int session = table.adopt(restoreMapping(one, v4, slot << 16 | one.externalPort, in), one);
    if (session < 0) {
      throw in.fail("a session is there twice");
    }
    int group = NatTable.group(slot, one.protocol);
    table.lives.restore(session, group, one.client, one.protocol, in, states);
    return session;
  }

  private int restoreMapping(NatRecord one, boolean v4, int end, StateReader in)
      throws StateException {
    int protocol = one.protocol;
    int known = table.mappingInside(one.client, protocol, one.innerHi, one.innerLo, one.innerPort);
    if (known >= 0) {
      if (table.external(known) != end) {
        throw in.fail("a mapping has two ports");
      }
      return known;
    }
    if (!addresses.claim(v4, one.client, protocol, end)) {
      throw in.fail("port %d is taken twice".formatted(one.externalPort));
    }
    FlowKey inner = new FlowKey().set(one.innerHi, one.innerLo, 0, 0, protocol, one.innerPort, 0);
    return table.addMapping(one.client, inner, end);
  }

  private int client(StateReader in, IntUnaryOperator clients) throws StateException {
    int client = clients.applyAsInt(in.takeInt("client", 0, Integer.MAX_VALUE));
    if (client < 0 || client >= limits.clients()) {
      throw in.fail("a session has an unknown client");
    }
    return client;
  }
}
