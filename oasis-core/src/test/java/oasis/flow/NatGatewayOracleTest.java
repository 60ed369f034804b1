// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static oasis.testkit.Packets.burst;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import oasis.flow.NatBehaviour.Filtering;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * A translator for many clients, with every filtering, kept ports or not, several addresses and
 * hairpins, against maps that are looked through each time. TCP has a model of its own in {@link
 * NatOracleTest}; here all is UDP.
 */
class NatGatewayOracleTest {
  private static final long SECOND = 1_000_000_000L;
  private static final int FIRST = 61_000;
  private static final int LAST = 61_007;
  private static final int SESSIONS = 14;
  private static final int PER_CLIENT = 4;
  private static final int CLIENTS = 6;

  /** An address and port on either side. */
  private record End(String address, int port) {}

  private record Inner(int client, End end) {}

  private static final class Session {
    final int number;
    final boolean fromOutside;
    boolean answered;
    long seenNs;

    Session(int number, boolean fromOutside, long nowNs) {
      this.number = number;
      this.fromOutside = fromOutside;
      seenNs = nowNs;
    }

    void packet(boolean outbound, long nowNs) {
      answered |= outbound == fromOutside;
      if (outbound || answered) {
        seenNs = nowNs;
      }
    }

    boolean over(long nowNs) {
      return nowNs - seenNs >= (answered ? 300 : 120) * SECOND;
    }
  }

  private static final class Mapping {
    final End outside;
    final Map<End, Session> sessions = new HashMap<>();

    Mapping(End outside) {
      this.outside = outside;
    }
  }

  private final Map<Inner, Mapping> mappings = new HashMap<>();
  private final Set<Integer> seen = new HashSet<>();

  /** Sessions that gave way during the last packet, in this order. */
  private final Deque<Session> yielded = new ArrayDeque<>();

  private int begun;
  private int yields;
  private List<String> external = List.of();
  private Filtering filtering = Filtering.ADDRESS_AND_PORT;
  private boolean keepsPorts;
  private NatEngine nat = new NatEngine(new NatLimits(1, 1, 1, 1, 1), 1);
  private boolean v4;
  private long now;

  @Test
  void everyPacketMeetsTheFateThatTheModelSays() {
    Map<String, Integer> fates = new TreeMap<>();
    Gen.cases(150, gen -> new NatGatewayOracleTest().check(gen, fates));
    assertThat(fates)
        .containsKeys(
            "out NAT_FULL",
            "out FLOW_LIMIT",
            "out CLIENT_FLOW_LIMIT",
            "out FILTERED",
            "out FORBIDDEN_DESTINATION",
            "hairpin",
            "in NO_FLOW",
            "in null",
            "in CLIENT_FLOW_LIMIT",
            "yielded",
            "admitted");
    assertThat(fates.values()).allMatch(count -> count > 10);
  }

  private void check(Gen gen, Map<String, Integer> fates) {
    v4 = gen.flip();
    filtering = gen.pick(List.of(Filtering.values()));
    keepsPorts = gen.flip();
    external =
        IntStream.rangeClosed(1, gen.range(1, 3))
            .mapToObj(i -> (v4 ? "203.0.113." : "2001:db8::") + i)
            .toList();
    nat =
        new NatEngine(
            new NatLimits(FIRST, LAST, SESSIONS, PER_CLIENT, CLIENTS),
            new NatBehaviour(filtering, keepsPorts, true, FlowRates.UNLIMITED, NatTimeouts.DEFAULT),
            gen.anyLong(),
            new NatObserver() {
              @Override
              public void ended(int session, NatObserver.End why) {
                if (why == NatObserver.End.YIELDED) {
                  yielded(session);
                }
              }
            });
    nat.setExternal(v4, external.stream().map(Address::parse).toList());
    for (int op = 0; op < 400; op++) {
      now += gen.pick(0, 1, 5, 60) * SECOND;
      while (nat.nextDeadlineNs() <= now) {
        nat.expire(now);
      }
      mappings.values().forEach(m -> m.sessions.values().removeIf(s -> s.over(now)));
      mappings.values().removeIf(m -> m.sessions.isEmpty());
      assertThat(nat.sessions()).isEqualTo(sessions());
      assertThat(nat.mappings()).isEqualTo(mappings.size());
      fates.merge(gen.chance(0.7) ? outbound(gen) : inbound(gen), 1, Integer::sum);
      assertThat(yielded).isEmpty();
      fates.merge("yielded", yields, Integer::sum);
      yields = 0;
    }
  }

  private int sessions() {
    return mappings.values().stream().mapToInt(m -> m.sessions.size()).sum();
  }

  private int open(int client) {
    return mappings.entrySet().stream()
        .filter(e -> e.getKey().client == client)
        .mapToInt(e -> e.getValue().sessions.size())
        .sum();
  }

  private @Nullable DropReason full(int client) {
    if (open(client) >= PER_CLIENT) {
      return DropReason.CLIENT_FLOW_LIMIT;
    }
    return sessions() < SESSIONS || yields(client) ? null : DropReason.FLOW_LIMIT;
  }

  /** The engine says that a session gave way: which one that is in the model. */
  private void yielded(int slot) {
    NatRecord one = new NatRecord();
    nat.read(slot, one);
    End inside = new End(new Address(one.innerHi, one.innerLo).toString(), one.innerPort);
    End to = new End(new Address(one.remoteHi, one.remoteLo).toString(), one.remotePort);
    Mapping mapping = mappings.get(new Inner(one.client, inside));
    assertThat(mapping).isNotNull();
    Session session = mapping.sessions.get(to);
    assertThat(session).isNotNull();
    yielded.add(session);
  }

  /** Sessions of a client that nobody has answered, the oldest first. */
  private List<Session> pending(int client) {
    return mappings.entrySet().stream()
        .filter(e -> e.getKey().client == client)
        .flatMap(e -> e.getValue().sessions.values().stream())
        .filter(each -> !each.answered)
        .sorted(Comparator.comparingInt(each -> each.number))
        .toList();
  }

  /** Whether a session had to give way; then it was the oldest of one that has most. */
  private boolean yields(int client) {
    int most = IntStream.range(0, CLIENTS).map(each -> pending(each).size()).max().orElse(0);
    if (most < pending(client).size() + 2) {
      return false;
    }
    Session gone = yielded.remove();
    assertThat(IntStream.range(0, CLIENTS).mapToObj(this::pending))
        .anyMatch(own -> own.size() == most && own.get(0) == gone);
    mappings.values().forEach(mapping -> mapping.sessions.values().remove(gone));
    mappings.values().removeIf(mapping -> mapping.sessions.isEmpty());
    yields++;
    return true;
  }

  private @Nullable Inner behind(End outside) {
    return mappings.entrySet().stream()
        .filter(e -> e.getValue().outside.equals(outside))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(null);
  }

  private End remote(Gen gen) {
    return new End((v4 ? "192.0.2." : "2600::") + gen.range(1, 2), gen.range(80, 81));
  }

  private End outside(Gen gen) {
    return new End(gen.pick(external), gen.range(FIRST, LAST));
  }

  private static Burst packet(End from, End to) {
    FlowKey key = Packets.key(Ip.UDP, from.address, from.port, to.address, to.port);
    return burst(Packets.udp(key, new byte[3]));
  }

  private static End source(FlowKey key) {
    return new End(new Address(key.srcHi, key.srcLo).toString(), key.sport());
  }

  private static End destination(FlowKey key) {
    return source(new FlowKey().set(key).reverse());
  }

  private String outbound(Gen gen) {
    String host = (v4 ? "10.0.0." : "fd00::") + gen.range(1, 2);
    Inner inner = new Inner(gen.below(CLIENTS), new End(host, gen.pick(5, 6, FIRST, FIRST + 1)));
    End to = gen.chance(0.3) ? outside(gen) : remote(gen);
    boolean ours = external.contains(to.address);
    Burst b = packet(inner.end, to);
    DropReason why = nat.outbound(b, inner.client, now);
    if (ours && behind(to) == null) {
      assertThat(why).isEqualTo(DropReason.FORBIDDEN_DESTINATION);
      return "out " + why;
    }
    Mapping mapping = mappings.get(inner);
    Session session = mapping == null ? null : mapping.sessions.get(to);
    if (session == null) {
      DropReason expected = full(inner.client);
      if (expected == null && mapping == null && !portLeft(inner)) {
        expected = DropReason.NAT_FULL;
      }
      if (expected != null) {
        assertThat(why).isEqualTo(expected);
        return "out " + why;
      }
      session = new Session(++begun, false, now);
    }
    if (mapping == null) {
      mapping = new Mapping(newEnd(inner));
      mappings.put(inner, mapping);
    }
    mapping.sessions.put(to, session);
    session.packet(true, now);
    if (ours) {
      return hairpin(b, why, inner.client, mapping.outside, to);
    }
    assertThat(why).isNull();
    assertThat(nat.hairpin()).isEqualTo(-1);
    assertThat(source(new FlowKey().of(b))).isEqualTo(mapping.outside);
    return "out null";
  }

  private String hairpin(Burst b, @Nullable DropReason why, int client, End from, End to) {
    Inner target = behind(to);
    assertThat(target).isNotNull();
    DropReason expected = arrive(from, to, client);
    assertThat(why).isEqualTo(expected == DropReason.NO_FLOW ? DropReason.FILTERED : expected);
    if (why == null) {
      assertThat(nat.hairpin()).isEqualTo(target.client);
      assertThat(source(new FlowKey().of(b))).isEqualTo(from);
      assertThat(destination(new FlowKey().of(b))).isEqualTo(target.end);
      return "hairpin";
    }
    return "out " + why;
  }

  /** What becomes of a packet to a mapping; a session that it begins is noted. */
  private @Nullable DropReason arrive(End from, End to, int fromClient) {
    Inner inner = behind(to);
    Mapping mapping = mappings.get(inner);
    if (inner == null || mapping == null) {
      throw new AssertionError("no mapping");
    }
    Session session = mapping.sessions.get(from);
    if (session == null) {
      boolean admitted =
          fromClient == inner.client
              || switch (filtering) {
                case ENDPOINT_INDEPENDENT -> true;
                case ADDRESS ->
                    mapping.sessions.keySet().stream()
                        .anyMatch(r -> r.address.equals(from.address));
                case ADDRESS_AND_PORT -> false;
              };
      DropReason why = admitted ? full(inner.client) : DropReason.NO_FLOW;
      if (why != null) {
        return why;
      }
      session = new Session(++begun, true, now);
      mapping.sessions.put(from, session);
    }
    session.packet(false, now);
    return null;
  }

  private String inbound(Gen gen) {
    End from = remote(gen);
    End to = outside(gen);
    Burst b = packet(from, to);
    int client = nat.inbound(b, now);
    Inner inner = behind(to);
    if (inner == null) {
      assertThat(client).isEqualTo(-1);
      assertThat(nat.lastDrop()).isNull();
      return "in null";
    }
    Mapping mapping = mappings.get(inner);
    boolean known = mapping != null && mapping.sessions.containsKey(from);
    DropReason expected = arrive(from, to, -1);
    if (expected != null) {
      assertThat(client).isEqualTo(-1);
      assertThat(nat.lastDrop()).isEqualTo(expected);
      return "in " + expected;
    }
    assertThat(client).isEqualTo(inner.client);
    assertThat(destination(new FlowKey().of(b))).isEqualTo(inner.end);
    return known ? "known" : "admitted";
  }

  /** Where a client's mappings are, or all addresses while it has none. */
  private List<String> homes(int client) {
    List<String> held = new ArrayList<>();
    mappings.forEach(
        (inner, mapping) -> {
          if (inner.client == client) {
            held.add(mapping.outside.address);
          }
        });
    assertThat(new HashSet<>(held)).as("paired").hasSizeLessThan(2);
    return held.isEmpty() ? external : held.subList(0, 1);
  }

  private boolean usable(String address, int port, int inner) {
    return (keepsPorts || port != inner) && behind(new End(address, port)) == null;
  }

  private boolean portLeft(Inner inner) {
    return homes(inner.client).stream()
        .anyMatch(
            address ->
                IntStream.rangeClosed(FIRST, LAST)
                    .anyMatch(port -> usable(address, port, inner.end.port)));
  }

  /** The external end that the engine chose, checked against what it may choose. */
  private End newEnd(Inner inner) {
    NatRecord record = new NatRecord();
    End chosen = null;
    for (int s = nat.nextSession(0); s >= 0; s = nat.nextSession(s + 1)) {
      nat.read(s, record);
      End end = new End(new Address(record.innerHi, record.innerLo).toString(), record.innerPort);
      if (inner.equals(new Inner(record.client, end))) {
        String address = new Address(record.externalHi, record.externalLo).toString();
        chosen = new End(address, record.externalPort);
      }
    }
    if (chosen == null) {
      throw new AssertionError("no session of " + inner);
    }
    String address = chosen.address;
    int own = inner.end.port;
    assertThat(homes(inner.client)).contains(address);
    assertThat(usable(address, chosen.port, own)).as("free").isTrue();
    assertThat(chosen.port).isBetween(FIRST, LAST);
    if (keepsPorts && own >= FIRST && own <= LAST && behind(new End(address, own)) == null) {
      assertThat(chosen.port).as("kept").isEqualTo(own);
    }
    boolean parityLeft =
        IntStream.rangeClosed(FIRST, LAST)
            .anyMatch(port -> (port ^ own) % 2 == 0 && usable(address, port, own));
    assertThat(!parityLeft || (chosen.port ^ own) % 2 == 0).as("parity").isTrue();
    if (seen.add(inner.client) && spaceOnLeastUsed(own)) {
      assertThat(used(address)).as("spread").isEqualTo(leastUsed());
    }
    return chosen;
  }

  private long used(String address) {
    return mappings.values().stream().filter(m -> m.outside.address.equals(address)).count();
  }

  private long leastUsed() {
    return external.stream().mapToLong(this::used).min().orElse(0);
  }

  private boolean spaceOnLeastUsed(int own) {
    return external.stream()
        .filter(address -> used(address) == leastUsed())
        .allMatch(
            address ->
                IntStream.rangeClosed(FIRST, LAST).anyMatch(port -> usable(address, port, own)));
  }
}
