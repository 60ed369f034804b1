// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static oasis.testkit.Packets.burst;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import oasis.flow.ModelSession.Inner;
import oasis.flow.ModelSession.Remote;
import oasis.packet.Address;
import oasis.packet.Addresses;
import oasis.packet.Burst;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The NAT engine against a model of maps that looks at everything each time. */
class NatOracleTest {
  private static final Address[] EXTERNAL = {
    Address.parse("203.0.113.1"), Address.parse("2001:db8::1")
  };
  private static final long[] REMOTE_HI = {0, 0x2001_0db8_0009_0000L};
  private static final long[] REMOTE_LO = {Addresses.v4(0xc0000200), 0x9000};
  private static final long[] INNER_HI = {0, 0xfd00_0000_0000_0000L};
  private static final long[] INNER_LO = {Addresses.v4(0x0a000001), 1};
  private static final long SECOND = 1_000_000_000L;
  private static final int FIRST = 61000;
  private static final int LAST = 61011;
  private static final int SESSIONS = 30;
  private static final int PER_CLIENT = 12;
  private static final int CLIENTS = 4;

  private static final class Mapping {
    final int port;
    final Map<Remote, ModelSession> sessions = new HashMap<>();

    Mapping(int port) {
      this.port = port;
    }
  }

  /** The model. */
  private static final class Model {
    final Map<Inner, Mapping> mappings = new HashMap<>();
    final Deque<ModelSession> lingering = new ArrayDeque<>();
    final Deque<ModelSession> queries = new ArrayDeque<>();
    final Deque<ModelSession> yielded = new ArrayDeque<>();
    int givenUp;
    int yields;
    int events;

    List<ModelSession> sessions() {
      List<ModelSession> all = new ArrayList<>();
      mappings.values().forEach(m -> all.addAll(m.sessions.values()));
      return all;
    }

    void expire(long nowNs) {
      for (ModelSession s : sessions()) {
        if (nowNs - s.seenNs >= s.idleSeconds() * SECOND) {
          end(s);
        }
      }
    }

    Deque<ModelSession> lingering(ModelSession s) {
      return s.isDns() ? queries : lingering;
    }

    void end(ModelSession s) {
      lingering(s).remove(s);
      mappings.computeIfPresent(
          s.inner,
          (inner, mapping) -> {
            mapping.sessions.remove(s.remote);
            return mapping.sessions.isEmpty() ? null : mapping;
          });
    }

    @Nullable Inner behind(int protocol, int port) {
      for (Map.Entry<Inner, Mapping> e : mappings.entrySet()) {
        if (e.getKey().protocol() == protocol && e.getValue().port == port) {
          return e.getKey();
        }
      }
      return null;
    }

    void packet(ModelSession s, boolean outbound, int flags, long nowNs) {
      boolean over = s.over();
      boolean pending = s.pending() && s.pendingSince > 0;
      boolean resetAgain = s.reset && (flags & Tcp.RST) != 0;
      s.packet(outbound, flags);
      s.seenNs = resetAgain ? s.seenNs : nowNs;
      if (!pending && s.pending()) {
        s.pendingSince = ++events;
      }
      if (over != s.over()) {
        lingering(s).remove(s);
        if (s.over()) {
          lingering(s).addLast(s);
        }
      }
    }

    boolean portLeft(Inner inner) {
      for (int port = FIRST; port <= LAST; port++) {
        if (port != inner.port() && behind(inner.protocol(), port) == null) {
          return true;
        }
      }
      return false;
    }

    long open(int client) {
      return sessions().stream().filter(s -> s.inner.client() == client && !s.over()).count();
    }

    /** Makes room as the engine must; says why it cannot. */
    @Nullable DropReason room(Inner inner) {
      if (open(inner.client()) >= PER_CLIENT) {
        return DropReason.CLIENT_FLOW_LIMIT;
      }
      if (sessions().size() == SESSIONS
          && !giveUpOne(queries)
          && !giveUpOne(lingering)
          && !yields(inner)) {
        return DropReason.FLOW_LIMIT;
      }
      if (mappings.containsKey(inner)) {
        return null;
      }
      for (int i = 0; !portLeft(inner); i++) {
        Deque<ModelSession> over =
            switch (inner.protocol()) {
              case Ip.TCP -> lingering;
              case Ip.UDP -> queries;
              default -> new ArrayDeque<>();
            };
        if (i == 8 || !giveUpOne(over)) {
          return DropReason.NAT_FULL;
        }
      }
      return null;
    }

    /** Pending sessions by client, the oldest first. */
    private Map<Integer, List<ModelSession>> pending(boolean tcp) {
      return sessions().stream()
          .filter(s -> s.pending() && tcp == (s.inner.protocol() == Ip.TCP))
          .sorted(Comparator.comparingInt(s -> s.pendingSince))
          .collect(Collectors.groupingBy(s -> s.inner.client()));
    }

    private static int most(Map<Integer, List<ModelSession>> pending) {
      return pending.values().stream().mapToInt(List::size).max().orElse(0);
    }

    /** Whether a session had to give way; then it was the oldest of one that has most. */
    private boolean yields(Inner inner) {
      boolean tcp = most(pending(true)) > most(pending(false));
      Map<Integer, List<ModelSession>> candidates = pending(tcp);
      List<ModelSession> own = pending(inner.protocol() == Ip.TCP).get(inner.client());
      if (most(candidates) < (own == null ? 0 : own.size()) + 2) {
        return false;
      }
      ModelSession gone = yielded.remove();
      List<ModelSession> all = candidates.get(gone.inner.client());
      assertThat(all).hasSize(most(candidates));
      assertThat(all.get(0)).isEqualTo(gone);
      end(gone);
      yields++;
      return true;
    }

    private boolean giveUpOne(Deque<ModelSession> of) {
      ModelSession oldest = of.peekFirst();
      if (oldest == null) {
        return false;
      }
      end(oldest);
      givenUp++;
      return true;
    }
  }

  /** 0 for IPv4, 1 for IPv6: all packets of a run are of one family. */
  private int family;

  private final Model model = new Model();
  private final NatEngine nat =
      new NatEngine(
          new NatLimits(FIRST, LAST, SESSIONS, PER_CLIENT, CLIENTS),
          NatBehaviour.OWN_HOST,
          4,
          new NatObserver() {
            @Override
            public void ended(int session, End why) {
              if (why == End.YIELDED) {
                yielded(session);
              }
            }
          });
  private long now;

  /** The engine says that a session gave way: which one that is in the model. */
  private void yielded(int slot) {
    NatRecord one = new NatRecord();
    nat.read(slot, one);
    Inner inner = new Inner(one.client, one.protocol, one.innerLo, one.innerPort);
    Mapping mapping = model.mappings.get(inner);
    assertThat(mapping).isNotNull();
    ModelSession session = mapping.sessions.get(new Remote(one.remoteLo, one.remotePort));
    assertThat(session).isNotNull();
    model.yielded.add(session);
  }

  private static int flags(Gen gen) {
    return gen.pick(
        Tcp.SYN,
        Tcp.SYN,
        Tcp.SYN | Tcp.ACK,
        Tcp.SYN | Tcp.ACK,
        Tcp.ACK,
        Tcp.ACK,
        Tcp.ACK,
        Tcp.FIN | Tcp.ACK,
        Tcp.FIN | Tcp.ACK,
        Tcp.RST);
  }

  private static Burst packet(FlowKey key, boolean request, int flags) {
    return burst(
        switch (key.protocol()) {
          case Ip.TCP -> Packets.tcp(key, flags, 1, 1, new byte[1]);
          case Ip.UDP -> Packets.udp(key, new byte[1]);
          default -> Packets.echo(key, request, 1);
        });
  }

  @Test
  void randomPacketsMeetTheFateThatTheModelSays() {
    Set<DropReason> fates = EnumSet.noneOf(DropReason.class);
    int[] givenUp = {0};
    int[] yields = {0};
    Gen.cases(
        60,
        gen -> {
          NatOracleTest run = new NatOracleTest();
          run.family = gen.below(2);
          run.check(gen, fates);
          givenUp[0] += run.model.givenUp;
          yields[0] += run.model.yields;
        });
    assertThat(fates)
        .containsExactlyInAnyOrder(
            DropReason.NO_FLOW,
            DropReason.CLIENT_FLOW_LIMIT,
            DropReason.FLOW_LIMIT,
            DropReason.NAT_FULL);
    assertThat(givenUp[0]).as("connections given up").isGreaterThan(100);
    assertThat(yields[0]).as("pending sessions given up").isGreaterThan(100);
  }

  private void check(Gen gen, Set<DropReason> fates) {
    nat.setExternal4(EXTERNAL[0].lo());
    nat.setExternal6(EXTERNAL[1].hi(), EXTERNAL[1].lo());
    // In slow time ports and sessions run out, in fast time they end by themselves.
    boolean slow = gen.flip();
    for (int op = 0; op < 2000; op++) {
      now += (slow ? gen.below(4) : gen.pick(0, 0, 0, 1, 5, 30, 60, 120, 2000)) * SECOND;
      model.expire(now);
      boolean expired = gen.flip();
      while (expired && nat.nextDeadlineNs() <= now) {
        nat.expire(now);
      }
      if (gen.flip()) {
        DropReason why = outbound(gen);
        if (why != null) {
          fates.add(why);
        }
      } else {
        inbound(gen, expired);
      }
      assertThat(model.yielded).isEmpty();
      if (expired) {
        assertThat(nat.mappings()).isLessThanOrEqualTo(model.mappings.size());
      }
    }
  }

  private FlowKey remoteSide(Gen gen, int protocol) {
    // Few remote ends, so that sessions are met again and end.
    int port = echo(protocol) ? 0 : protocol == Ip.TCP ? 80 : gen.pick(53, 80);
    long lo = REMOTE_LO[family] + gen.below(2);
    return new FlowKey().set(0, 0, REMOTE_HI[family], lo, protocol, 0, port);
  }

  private int protocol(Gen gen) {
    return gen.pick(Ip.TCP, Ip.TCP, Ip.UDP, family == 0 ? Ip.ICMP : Ip.ICMP6);
  }

  private static boolean echo(int protocol) {
    return protocol == Ip.ICMP || protocol == Ip.ICMP6;
  }

  private @Nullable DropReason outbound(Gen gen) {
    int protocol = protocol(gen);
    FlowKey key = remoteSide(gen, protocol);
    Remote remote = new Remote(key.dstLo, key.dport());
    long source = INNER_LO[family] + gen.below(2);
    Inner inner =
        new Inner(gen.below(CLIENTS), protocol, source, gen.pick(FIRST, FIRST + 1, 5, 6, 7));
    int dport = echo(protocol) ? inner.port() : remote.port();
    key.set(INNER_HI[family], source, key.dstHi, key.dstLo, protocol, inner.port(), dport);
    int flags = flags(gen);
    Burst b = packet(key, true, flags);

    DropReason why = nat.outbound(b, inner.client(), now);

    Mapping mapping = model.mappings.get(inner);
    ModelSession session = mapping == null ? null : mapping.sessions.get(remote);
    if (session == null) {
      DropReason expected =
          protocol == Ip.TCP && flags != Tcp.SYN ? DropReason.NO_FLOW : model.room(inner);
      assertThat(why).isEqualTo(expected);
      if (why != null) {
        return why;
      }
      session = new ModelSession(inner, remote);
    } else if (session.revives(flags) && model.open(inner.client()) >= PER_CLIENT) {
      assertThat(why).isEqualTo(DropReason.CLIENT_FLOW_LIMIT);
      return why;
    }
    assertThat(why).isNull();
    int port = new FlowKey().of(b).sport();
    mapping = model.mappings.get(inner);
    if (mapping == null) {
      assertThat(port).isBetween(FIRST, LAST).isNotEqualTo(inner.port());
      assertThat(model.behind(protocol, port)).isNull();
      mapping = new Mapping(port);
      model.mappings.put(inner, mapping);
    }
    assertThat(port).isEqualTo(mapping.port);
    boolean fresh = mapping.sessions.put(remote, session) == null;
    model.packet(session, true, fresh ? 0 : flags, now);
    return null;
  }

  private void inbound(Gen gen, boolean expired) {
    int protocol = protocol(gen);
    FlowKey key = remoteSide(gen, protocol);
    Remote remote = new Remote(key.dstLo, key.dport());
    int port = gen.range(FIRST - 1, LAST + 1);
    int sport = echo(protocol) ? port : remote.port();
    Address external = EXTERNAL[family];
    key.set(key.dstHi, remote.address(), external.hi(), external.lo(), protocol, sport, port);
    int flags = flags(gen);
    Burst b = packet(key, false, flags);

    int client = nat.inbound(b, now);

    Inner inner = model.behind(protocol, port);
    Mapping mapping = inner == null ? null : model.mappings.get(inner);
    ModelSession session = mapping == null ? null : mapping.sessions.get(remote);
    if (inner == null || session == null) {
      assertThat(client).isEqualTo(-1);
      // Not expired yet, the engine may still know that the port was ours.
      if (expired || inner != null) {
        assertThat(nat.lastDrop()).isEqualTo(inner == null ? null : DropReason.NO_FLOW);
      }
      return;
    }
    assertThat(client).isEqualTo(inner.client());
    FlowKey back = new FlowKey().of(b);
    assertThat(back.dstHi).isEqualTo(INNER_HI[family]);
    assertThat(back.dstLo).isEqualTo(inner.address());
    assertThat(back.dport()).isEqualTo(inner.port());
    model.packet(session, false, flags, now);
  }
}
