// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.hostile;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.LongConsumer;
import oasis.exit.engine.BackendKind;
import oasis.exit.engine.EngineConfig;
import oasis.exit.engine.ExitEffects;
import oasis.exit.engine.ExitEngine;
import oasis.exit.engine.ExitLimits;
import oasis.exit.engine.FlowRecord;
import oasis.flow.NatBehaviour;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.Coalescer;
import oasis.packet.Prefix;
import org.jspecify.annotations.Nullable;

/**
 * Feeds hostile datagrams, and what may come back for them, into one engine with default limits, in
 * virtual time, and judges everything that it does at once.
 */
final class EngineRun implements ExitEffects {
  static final List<String> OWN = List.of("198.51.100.200", "2600:5::200");

  private static final double MIB = 1 << 20;
  private static final double NS_PER_S = 1e9;
  private static final long SECOND_NS = 1_000_000_000L;
  private static final long STEP_NS = 200_000;
  private static final int DUE_EVERY = 64;
  private static final int LEAP_EVERY = 4_000;
  private static final long LEAP_NS = 30 * SECOND_NS;
  private static final int LONG_LEAP_EVERY = 1_000_000;
  private static final long LONG_LEAP_NS = 3 * 3600 * SECOND_NS;

  /** After which no fragment of a datagram is remembered by the engine. */
  private static final long FRAGMENTS_NS = 11 * SECOND_NS;

  /** At which clients fill the engine's tables: more slowly than their rates allow. */
  private static final long FILL_NS = 100_000;

  private static final int GENERATION = 500_000;
  private static final int MOST_NAMED = 20;

  /** One of so many packets is too long for the path. */
  private static final int SHORT_PATH_EVERY = 50;

  private static final int SHORT_PATH = 600;

  private final BackendKind kind;
  private final List<Sender> senders = Sender.all();
  private final long[] addresses;
  private final Fuzzer fuzzer;
  private final Answers answers;
  private final SplittableRandom random;
  private final Oracle oracle;
  private final Returns returns;
  private final ExitEngine engine;
  private final ByteBuffer memory = ByteBuffer.allocateDirect(Fuzzer.ROOM);
  private final Coalescer coalescer = new Coalescer(true);
  private final Burst burst = new Burst();
  private final byte[] copy = new byte[1 << 17];
  private final List<String> violations = new ArrayList<>();
  private final List<String> exceptions = new ArrayList<>();
  private long forbidden;
  private long thrown;
  private boolean fromClient;
  private long nowNs;

  EngineRun(BackendKind kind, long seed) {
    this(kind, List.of(), seed);
  }

  /**
   * @param opened destinations that the engine is told to open, and the oracle is not
   */
  EngineRun(BackendKind kind, List<Prefix> opened, long seed) {
    this.kind = kind;
    random = new SplittableRandom(seed);
    returns = new Returns(kind == BackendKind.KERNEL);
    oracle = new Oracle(new Policy(OWN), senders, kind == BackendKind.KERNEL);
    fuzzer = new Fuzzer(seed + 1, senders, OWN);
    answers = new Answers(random.split());
    addresses = senders.stream().mapToLong(each -> Address.parse(each.address()).lo()).toArray();
    EngineConfig config =
        new EngineConfig(
            List.of(Prefix.parse(Sender.ALLOWED)),
            opened,
            EngineConfig.CLOSED_PORTS,
            Prefix.parse("100.64.0.0/10"),
            Prefix.parse("fd6f:6173:6973::/64"),
            true,
            61_000,
            64_999,
            NatBehaviour.GATEWAY,
            1_400,
            ExitLimits.DEFAULT,
            seed);
    engine =
        new ExitEngine(config, kind, ByteBuffer.allocateDirect(ExitEngine.MEMORY_BYTES), 0, this);
    List<Address> own = OWN.stream().map(Address::parse).toList();
    engine.ownAddresses(own);
    engine.external(own, 0);
  }

  /**
   * Runs.
   *
   * @param datagrams from clients
   * @param progress gets their number now and then
   */
  IntoEngine run(long datagrams, LongConsumer progress) {
    long begin = System.nanoTime();
    fill();
    double half = 0;
    for (long i = 1; i <= datagrams; i++) {
      nowNs += STEP_NS;
      fuzzer.next();
      attempt(this::outbound);
      if (random.nextInt(6) == 0 && answers.next()) {
        attempt(this::inbound);
      }
      pass(i);
      if (i == datagrams / 2) {
        half = heapMib();
      }
      if (i % GENERATION == 0) {
        progress.accept(i);
      }
    }
    double end = heapMib();
    return new IntoEngine(
        kind.name().toLowerCase(Locale.ROOT),
        datagrams,
        (System.nanoTime() - begin) / NS_PER_S,
        oracle.allowed(),
        oracle.explained(),
        returns.delivered(),
        forbidden,
        thrown,
        half,
        end,
        engine.view().info().flows(),
        engine.view().info().drops(),
        List.copyOf(violations),
        List.copyOf(exceptions));
  }

  /**
   * Fills the tables and lets them empty again. They grow to their bounds as they are needed, and
   * how far fuzzed datagrams need them is chance; what grows afterwards is a leak.
   */
  private void fill() {
    int most = ExitLimits.DEFAULT.flows();
    // Some more than that: one packet in forty has no hop left.
    for (int n = 0; n < most + most / 16; n++) {
      nowNs += FILL_NS;
      fuzzer.oneOfMany(n);
      attempt(this::outbound);
    }
    if (engine.view().info().flows() != most) {
      throw new IllegalStateException(
          "the tables were not filled: " + engine.view().info().flows());
    }
    nowNs += LONG_LEAP_NS;
    while (engine.nextDeadlineNs() <= nowNs) {
      engine.onDue(nowNs);
    }
    oracle.forgetDatagrams();
  }

  private static double heapMib() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() / MIB;
  }

  /** Time goes on. */
  private void pass(long i) {
    if (i % LEAP_EVERY == 0) {
      nowNs += random.nextLong(LEAP_NS);
    }
    if (i % LONG_LEAP_EVERY == 0) {
      nowNs += LONG_LEAP_NS;
    }
    boolean generation = i % GENERATION == 0;
    if (generation) {
      nowNs += FRAGMENTS_NS;
    }
    if (generation || i % DUE_EVERY == 0) {
      attempt(() -> engine.onDue(nowNs));
    }
    if (generation) {
      oracle.forgetDatagrams();
      returns.forgetFragments();
    }
  }

  private void attempt(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      thrown++;
      if (exceptions.size() < MOST_NAMED) {
        StackTraceElement[] trace = e.getStackTrace();
        exceptions.add(e + (trace.length == 0 ? "" : " at " + trace[0]));
      }
    }
  }

  /** As the daemon does with a datagram that came. */
  private void outbound() {
    fromClient = true;
    int sender = fuzzer.sender;
    oracle.expect(fuzzer.bytes, fuzzer.length, sender);
    long lo = addresses[sender];
    int port = senders.get(sender).port();
    if (fuzzer.length == 0) {
      engine.onKeepAlive(0, 0, lo, port, nowNs);
      return;
    }
    if (!engine.admit(0, 0, lo, port, 1)) {
      return;
    }
    memory.put(0, fuzzer.bytes, 0, fuzzer.length);
    coalescer.begin(memory, 0, 0, fuzzer.length, fuzzer.length);
    for (int next = coalescer.next(burst); next != Coalescer.END; next = coalescer.next(burst)) {
      if (next == Coalescer.BURST) {
        engine.onClient(burst, 0, lo, port, nowNs);
      } else {
        engine.onBadPacket(0, 0, lo, port, coalescer.lastDrop());
      }
    }
  }

  private void inbound() {
    fromClient = false;
    returns.coming(answers.bytes, answers.length);
    memory.put(0, answers.bytes, 0, answers.length);
    if (burst.check(memory, 0, 0, answers.length) == null) {
      engine.onUnderlay(burst, nowNs);
    }
  }

  private void wrong(@Nullable String what) {
    if (what != null) {
      forbidden++;
      if (violations.size() < MOST_NAMED) {
        violations.add(fuzzer.kind.word() + ": " + what);
      }
    }
  }

  /** Copies a burst, whose payload may lie apart; returns its length. */
  private int copy(Burst b) {
    b.buffer().get(b.start(), copy, 0, b.headerBytes());
    int at = b.headerBytes();
    for (int i = 0; i < b.pieces(); i++) {
      b.buffer().get(b.pieceStart(i), copy, at, b.pieceBytes(i));
      at += b.pieceBytes(i);
    }
    return at;
  }

  @Override
  public int toUnderlay(Burst b, int client) {
    // It is judged in any case: what is too long for the path has begun a flow.
    forwarded(b);
    boolean tooLong = b.length() > SHORT_PATH && random.nextInt(SHORT_PATH_EVERY) == 0;
    return tooLong ? SHORT_PATH : 0;
  }

  private void forwarded(Burst b) {
    int length = copy(b);
    String what = fromClient ? oracle.judge(copy, 0, length) : "nobody has sent anything";
    wrong(what);
    if (what == null && oracle.left().offset == 0) {
      returns.left(oracle.left(), fuzzer.sender);
      answers.note(copy, length);
    }
  }

  /** A client's fragment that waited; or an ICMP error about what just came. */
  @Override
  public int pathMtu(Burst burst) {
    return 0;
  }

  @Override
  public void replyToUnderlay(Burst b) {
    if (fromClient) {
      forwarded(b);
      return;
    }
    Anatomy reply = new Anatomy();
    int length = copy(b);
    boolean sound = reply.read(copy, 0, length) && reply.hasTransport() && reply.error();
    if (!sound || !endsMatch(reply, returns.in())) {
      wrong("an answer of the node's own to somebody else: " + reply);
    }
  }

  /** Whether a packet goes to where the other one came from. */
  private static boolean endsMatch(Anatomy reply, Anatomy about) {
    int n = about.addressBytes();
    return reply.version == about.version
        && Arrays.equals(
            reply.bytes(),
            reply.destination(),
            reply.destination() + n,
            about.bytes(),
            about.source(),
            about.source() + n);
  }

  @Override
  public void toClient(Burst b, int client, int keyId, long hi, long lo, int port) {
    delivered(hi, lo, port);
  }

  @Override
  public void replyToClient(Burst b, int keyId, long hi, long lo, int port) {
    delivered(hi, lo, port);
  }

  @Override
  public void keepAlive(int keyId, long hi, long lo, int port) {
    delivered(hi, lo, port);
  }

  private void delivered(long hi, long lo, int port) {
    int client = client(hi, lo, port);
    if (client < 0 || !senders.get(client).allowed()) {
      wrong("sent to somebody who is no client");
    } else if (!fromClient) {
      wrong(returns.delivered(client));
    } else if (client != fuzzer.sender && !turnsBack()) {
      wrong("a client's packet reached another one");
    }
  }

  private int client(long hi, long lo, int port) {
    for (int i = 0; i < addresses.length; i++) {
      if (hi == 0 && addresses[i] == lo && senders.get(i).port() == port) {
        return i;
      }
    }
    return -1;
  }

  /** Whether the datagram is to an address of the node: a mapped port may lead to a client. */
  private boolean turnsBack() {
    Anatomy p = new Anatomy();
    if (kind != BackendKind.RAW || !p.read(fuzzer.bytes, 0, fuzzer.length)) {
      return false;
    }
    byte[] to = Policy.literal(OWN.get(p.version == 4 ? 0 : 1));
    int n = to.length;
    return Arrays.equals(fuzzer.bytes, p.destination(), p.destination() + n, to, 0, n);
  }

  @Override
  public void flowEnded(FlowRecord flow, EndReason why) {
    // Only the number of flows is looked at.
  }
}
