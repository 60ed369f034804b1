// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.Checksum;
import oasis.packet.FlowKey;
import oasis.packet.Replies;
import oasis.packet.Segmenter;
import oasis.packet.Tcp;
import oasis.testkit.Gen;
import oasis.testkit.Packets;

/**
 * Programs, a port and servers in virtual time, with a network between them that loses, repeats and
 * reorders packets.
 */
final class PortWorld {
  private static final long MS = 1_000_000L;

  private record Event(long atNs, long order, Runnable what) {}

  private final Gen gen;
  private final double loss;
  private final long jitterNs;
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(
          (x, y) ->
              x.atNs != y.atNs ? Long.compare(x.atNs, y.atNs) : Long.compare(x.order, y.order));
  private final Deque<Runnable> afterwards = new ArrayDeque<>();
  private final Map<FlowKeyText, MiniTcp> programs = new HashMap<>();
  private final Map<FlowKeyText, MiniTcp> servers = new HashMap<>();
  private final Segmenter segmenter;
  private final ByteBuffer headers = ByteBuffer.allocateDirect(Segmenter.ARENA_BYTES);
  final List<MiniTcp> accepted = new ArrayList<>();
  final WebPort port;
  long nowNs = 1_000_000_000L;
  private long order;
  private int steps;
  Function<String, List<Address>> names = host -> List.of();
  boolean serverListens = true;
  boolean serverIsSilent;
  WebPortFuzzTest.Tap tap = new WebPortFuzzTest.Tap();

  private record FlowKeyText(long a, long b, long c, long d, long e) {
    static FlowKeyText of(FlowKey k) {
      return new FlowKeyText(k.srcHi, k.srcLo, k.dstHi, k.dstLo, k.ports);
    }
  }

  PortWorld(Gen gen, PortConfig config, double loss, long jitterNs) {
    this.gen = gen;
    this.loss = loss;
    this.jitterNs = jitterNs;
    segmenter = new Segmenter(headers);
    ByteBuffer scratch = ByteBuffer.allocateDirect(WebPort.MIN_SCRATCH_BYTES);
    port = new WebPort(config, scratch, 0, new Out());
  }

  private final class Out implements PortEffects {
    @Override
    public void toProgram(Burst b) {
      for (ByteBuffer packet : cut(b)) {
        tap.toProgram = Packets.burst(packet);
        travel(packet, PortWorld.this::atProgram);
      }
    }

    @Override
    public void toServer(Burst b) {
      for (ByteBuffer packet : cut(b)) {
        tap.toServer = Packets.burst(packet);
        travel(packet, PortWorld.this::atServer);
      }
    }

    @Override
    public void resolve(long connection, String host, int port4) {
      afterwards.add(
          () -> {
            List<Address> found = names.apply(host);
            if (found.isEmpty()) {
              port.onUnresolved(connection, Failure.NO_SUCH_NAME, nowNs);
            } else {
              port.onResolved(connection, found, nowNs);
            }
          });
    }

    @Override
    public void flush() {}
  }

  private List<ByteBuffer> cut(Burst b) {
    List<ByteBuffer> packets = new ArrayList<>();
    for (int first = 0; first < b.segments(); ) {
      int n = segmenter.segment(b, first);
      for (int i = 0; i < n; i++) {
        int bytes = segmenter.headerBytes() + segmenter.payloadBytes(i);
        ByteBuffer one = ByteBuffer.allocateDirect(bytes);
        one.put(0, headers, segmenter.headerStart(i), segmenter.headerBytes());
        one.put(
            segmenter.headerBytes(),
            b.buffer(),
            segmenter.payloadStart(i),
            bytes - segmenter.headerBytes());
        packets.add(one);
      }
      first += n;
    }
    return packets;
  }

  private interface Arrival {
    void at(ByteBuffer packet);
  }

  private void travel(ByteBuffer packet, Arrival arrival) {
    int copies = gen.chance(loss) ? 0 : gen.chance(loss) ? 2 : 1;
    for (int i = 0; i < copies; i++) {
      ByteBuffer copy =
          ByteBuffer.allocateDirect(packet.capacity()).put(0, packet, 0, packet.capacity());
      long delay = MS + (jitterNs == 0 ? 0 : gen.range(0L, jitterNs));
      schedule(nowNs + delay, () -> arrival.at(copy));
    }
  }

  void schedule(long atNs, Runnable what) {
    events.add(new Event(atNs, order++, what));
  }

  private void atProgram(ByteBuffer packet) {
    Burst b = Packets.burst(packet);
    assertThat(Checksum.isGood(b)).as("checksum to the program").isTrue();
    MiniTcp end = programs.get(FlowKeyText.of(new FlowKey().of(b).reverse()));
    if (end != null) {
      end.onPacket(b, nowNs);
    }
  }

  private void atServer(ByteBuffer packet) {
    Burst b = Packets.burst(packet);
    assertThat(Checksum.isGood(b)).as("checksum to the server").isTrue();
    FlowKey back = new FlowKey().of(b).reverse();
    MiniTcp end = servers.get(FlowKeyText.of(back));
    if (serverIsSilent) {
      return;
    }
    if (end == null && serverListens && Tcp.isFirst(Tcp.flags(b))) {
      end = new MiniTcp(gen, back, p -> travel(p, this::fromServer));
      servers.put(FlowKeyText.of(back), end);
      accepted.add(end);
    }
    if (end != null) {
      end.onPacket(b, nowNs);
    } else if (!serverListens) {
      ByteBuffer reset = ByteBuffer.allocateDirect(100);
      int bytes = Replies.tcpReset(b, reset, 0);
      if (bytes > 0) {
        ByteBuffer exact = ByteBuffer.allocateDirect(bytes).put(0, reset, 0, bytes);
        travel(exact, this::fromServer);
      }
    }
  }

  void fromServer(ByteBuffer packet) {
    port.onServer(Packets.burst(packet), nowNs);
  }

  void fromProgram(ByteBuffer packet) {
    port.onProgram(Packets.burst(packet), nowNs);
  }

  /** A program that connects to the port. */
  MiniTcp program(FlowKey out) {
    MiniTcp end = new MiniTcp(gen, out, p -> travel(p, this::fromProgram));
    programs.put(FlowKeyText.of(out), end);
    end.connect(nowNs);
    return end;
  }

  /** Runs until nothing happens for the rest of the given time. */
  void run(long ns, BooleanSupplier until) {
    long endNs = nowNs + ns;
    while (!until.getAsBoolean()) {
      long next =
          Math.min(port.nextDeadlineNs(), events.isEmpty() ? Long.MAX_VALUE : events.peek().atNs());
      for (MiniTcp end : programs.values()) {
        next = Math.min(next, end.dueNs());
      }
      for (MiniTcp end : servers.values()) {
        next = Math.min(next, end.dueNs());
      }
      if (next > endNs) {
        nowNs = endNs;
        return;
      }
      assertThat(steps++).as("steps, at %s", nowNs).isLessThan(1_000_000);
      nowNs = Math.max(nowNs, next);
      step();
    }
  }

  private void step() {
    while (!events.isEmpty() && events.peek().atNs() <= nowNs) {
      events.poll().what().run();
      drain();
    }
    port.onTimer(nowNs);
    drain();
    for (MiniTcp end : List.copyOf(programs.values())) {
      end.onTimer(nowNs);
    }
    for (MiniTcp end : List.copyOf(servers.values())) {
      end.onTimer(nowNs);
    }
  }

  private void drain() {
    for (Runnable next = afterwards.poll(); next != null; next = afterwards.poll()) {
      next.run();
    }
  }
}
