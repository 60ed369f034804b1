// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import oasis.packet.SharedKey.Role;
import oasis.testkit.Gen;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

/** A run taken apart gives what each of its datagrams alone would give. */
class SealedRunFuzzTest {
  private static final FlowKey FLOW = Packets.key(Ip.UDP, "10.0.0.1", 5000, "10.0.0.2", 9);

  /** What happened to one datagram: its verdict and its packet. */
  private record Fate(int verdict, List<Byte> packet) {}

  private final TrailerMac mac = new TrailerMac();
  private final SharedKey alice = new SharedKey(7, new Gen(1).bytes(32), "");
  private final SharedKey bob = new SharedKey(8, new Gen(2).bytes(32), "");

  private final class Node implements SealedRun.Opener {
    private final Unsealer ofAlice = new Unsealer(alice, Role.NODE, mac);
    private final Unsealer ofBob = new Unsealer(bob, Role.NODE, mac);
    private int calls;

    @Override
    public int open(ByteBuffer b, int at, int bytes) {
      calls++;
      if (!Trailer.ends(b, at, bytes)) {
        return PLAIN;
      }
      int id = Trailer.keyId(b, at, bytes);
      DropReason why = (id == 7 ? ofAlice : ofBob).open(b, at, bytes);
      return why == null ? id : SealedRun.Opener.refused(why);
    }
  }

  @Test
  void eachDatagramIsOpenedOnceAndAllKeepTheirOrder() {
    Gen.cases(
        300,
        gen -> {
          Sealer byAlice = new Sealer(alice, Role.CLIENT, 1_000, mac);
          Sealer byBob = new Sealer(bob, Role.CLIENT, 2_000, mac);
          int payload = gen.chance(0.2) ? 0 : gen.below(60);
          List<byte[]> datagrams = new ArrayList<>();
          int count = gen.range(1, 12);
          for (int i = 0; i < count; i++) {
            int least = i == count - 1 ? gen.below(payload + 1) : payload;
            datagrams.add(datagram(gen, gen.below(10), least, byAlice, byBob, datagrams));
          }
          // One run has one size, but for the last.
          int each = datagrams.get(0).length;
          for (int i = 0; i < count; i++) {
            int bytes = i == count - 1 ? Math.min(each, datagrams.get(i).length) : each;
            datagrams.set(i, Arrays.copyOf(datagrams.get(i), bytes));
          }
          check(datagrams, each);
        });
  }

  private static byte[] datagram(
      Gen gen, int kind, int payload, Sealer byAlice, Sealer byBob, List<byte[]> before) {
    ByteBuffer packet = Packets.udp(FLOW, gen.bytes(payload));
    int bytes = packet.capacity();
    byte[] all = new byte[bytes + Trailer.BYTES];
    packet.get(0, all, 0, bytes);
    ByteBuffer view = ByteBuffer.wrap(all);
    switch (kind) {
      case 0 -> System.arraycopy(gen.bytes(Trailer.BYTES), 0, all, bytes, Trailer.BYTES);
      case 1 -> byBob.seal(view, 0, bytes, view, 0, 0, view, bytes);
      case 2 -> {
        if (!before.isEmpty()) {
          return gen.pick(before).clone();
        }
      }
      case 3 -> {
        byAlice.seal(view, 0, bytes, view, 0, 0, view, bytes);
        all[gen.below(all.length)] ^= 1;
      }
      case 4 -> {
        byte[] keepAlive = new byte[Trailer.BYTES];
        byAlice.seal(ByteBuffer.wrap(keepAlive), 0);
        return keepAlive;
      }
      default -> byAlice.seal(view, 0, bytes, view, 0, 0, view, bytes);
    }
    return all;
  }

  private void check(List<byte[]> datagrams, int each) {
    List<Fate> expected = new ArrayList<>();
    Node alone = new Node();
    int total = 0;
    for (byte[] datagram : datagrams) {
      int verdict = alone.open(ByteBuffer.wrap(datagram), 0, datagram.length);
      expected.add(fate(verdict, datagram, 0, datagram.length));
      total += datagram.length;
    }
    ByteBuffer memory = ByteBuffer.allocate(total + 3);
    int at = 3;
    for (byte[] datagram : datagrams) {
      memory.put(at, datagram);
      at += datagram.length;
    }
    Node together = new Node();
    SealedRun run = new SealedRun(together);
    run.begin(memory, 3, total, each);
    List<Fate> got = new ArrayList<>();
    while (run.next()) {
      int end = run.start() + run.bytes();
      int verdict = run.isRefused() ? SealedRun.Opener.refused(run.refused()) : run.keyId();
      int number = 0;
      for (int i = run.start(); i < end; i += run.datagramBytes()) {
        got.add(fate(verdict, memory.array(), i, Math.min(run.datagramBytes(), end - i)));
        number++;
      }
      assertThat(run.datagrams()).isEqualTo(number);
      assertThat(run.isKeepAlive()).isEqualTo(verdict > 0 && run.bytes() == Trailer.BYTES);
    }
    assertThat(got).isEqualTo(expected);
    assertThat(together.calls).isEqualTo(datagrams.size());
  }

  private static Fate fate(int verdict, byte[] memory, int at, int bytes) {
    int packet = verdict > 0 ? bytes - Trailer.BYTES : bytes;
    List<Byte> list = new ArrayList<>();
    for (int i = 0; i < packet; i++) {
      list.add(memory[at + i]);
    }
    return new Fate(verdict, list);
  }

  /** What UDP_GRO gathered from a sealed burst becomes the burst again. */
  @Test
  void aSealedRunMergesAsAPlainOneDoes() {
    FlowKey flow = Packets.key(Ip.TCP, "10.0.0.1", 5000, "10.0.0.2", 80);
    Sealer sealer = new Sealer(alice, Role.CLIENT, 1, mac);
    int payload = 500;
    int each = 40 + payload + Trailer.BYTES;
    ByteBuffer memory = ByteBuffer.allocateDirect(4 * each);
    byte[] sent = new Gen(3).bytes(4 * payload);
    for (int i = 0; i < 4; i++) {
      byte[] part = Arrays.copyOfRange(sent, i * payload, (i + 1) * payload);
      ByteBuffer packet = Packets.tcp(flow, Tcp.ACK, 100 + i * payload, 1, part);
      byte[] bytes = new byte[packet.capacity()];
      packet.get(0, bytes);
      memory.put(i * each, bytes);
      sealer.seal(memory, i * each, bytes.length, memory, 0, 0, memory, i * each + bytes.length);
    }
    SealedRun run = new SealedRun(new Node());
    run.begin(memory, 0, 4 * each, each);
    assertThat(run.next()).isTrue();
    assertThat(run.datagrams()).isEqualTo(4);
    Coalescer coalescer = new Coalescer(false);
    coalescer.begin(memory, 0, run.start(), run.bytes(), run.datagramBytes(), run.trailerBytes());
    Burst burst = new Burst();
    assertThat(coalescer.next(burst)).isEqualTo(Coalescer.BURST);
    assertThat(burst.segments()).isEqualTo(4);
    assertThat(burst.payloadBytes()).isEqualTo(sent.length);
    byte[] whole = Packets.bytes(burst);
    assertThat(Arrays.copyOfRange(whole, 40, whole.length)).isEqualTo(sent);
    assertThat(coalescer.next(burst)).isEqualTo(Coalescer.END);
    assertThat(run.next()).isFalse();
  }
}
