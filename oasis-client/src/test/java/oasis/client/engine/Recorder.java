// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Segmenter;

/** Effects that only note what they were asked for, packet by packet. */
final class Recorder implements Effects {
  /** One effect: where to, and the packet's bytes. */
  private static final class Sent {
    final String to;
    final byte[] packet;

    Sent(String to, byte[] packet) {
      this.to = to;
      this.packet = packet;
    }
  }

  private final ByteBuffer headers = ByteBuffer.allocateDirect(Segmenter.ARENA_BYTES);
  private final Segmenter segmenter = new Segmenter(headers);
  private final List<Sent> sent = new ArrayList<>();
  final List<Integer> probes = new ArrayList<>();

  @Override
  public void toTun(Burst burst) {
    note("tun", burst);
  }

  @Override
  public void toCarrier(int carrier, Burst burst) {
    note("carrier " + carrier, burst);
  }

  /** MTU of every path of the underlay, 0 for not known. */
  int pathMtu = 65_535;

  @Override
  public int toUnderlay(Burst burst) {
    int payload = burst.segmentBytes() == 0 ? burst.payloadBytes() : burst.segmentBytes();
    if (pathMtu > 0 && burst.headerBytes() + payload > pathMtu) {
      return pathMtu;
    }
    note("underlay", burst);
    return 0;
  }

  @Override
  public int underlayMtu(long hi, long lo) {
    return pathMtu;
  }

  /** What the kernel has noted at every connection. */
  long notes;

  /** How often that was asked for. */
  int asked;

  @Override
  public long notes(FlowKey program) {
    asked++;
    return notes;
  }

  /** Whether the host has no way to the entry nodes. */
  boolean offline;

  @Override
  public boolean probe(int carrier) {
    if (!offline) {
      probes.add(carrier);
    }
    return !offline;
  }

  private void note(String to, Burst burst) {
    int made;
    for (int first = 0; first < burst.segments(); first += made) {
      made = segmenter.segment(burst, first);
      for (int i = 0; i < made; i++) {
        int header = segmenter.headerBytes();
        byte[] packet = new byte[header + segmenter.payloadBytes(i)];
        headers.get(segmenter.headerStart(i), packet, 0, header);
        burst.buffer().get(segmenter.payloadStart(i), packet, header, segmenter.payloadBytes(i));
        sent.add(new Sent(to, packet));
      }
    }
  }

  /** Forgets what was sent, after a look at it. */
  void take(BiConsumer<String, byte[]> look) {
    sent.forEach(s -> look.accept(s.to, s.packet));
    sent.clear();
  }

  /** Forgets what was sent. */
  void clear() {
    sent.clear();
  }

  /** The only packet sent since the last call, which must have gone there. */
  byte[] only(String to) {
    if (sent.size() != 1 || !sent.get(0).to.equals(to)) {
      throw new AssertionError("expected one packet to " + to + ", got " + where());
    }
    return sent.remove(0).packet;
  }

  /** All packets sent since the last call, which must have gone there. */
  List<byte[]> all(String to) {
    if (!sent.stream().allMatch(s -> s.to.equals(to))) {
      throw new AssertionError("expected packets to " + to + " only, got " + where());
    }
    List<byte[]> packets = sent.stream().map(s -> s.packet).toList();
    sent.clear();
    return packets;
  }

  /** The packets sent there since the last call; others are forgotten. */
  List<byte[]> split(String to) {
    List<byte[]> packets = sent.stream().filter(s -> s.to.equals(to)).map(s -> s.packet).toList();
    sent.clear();
    return packets;
  }

  /** Fails when anything was sent since the last call. */
  void nothing() {
    if (!sent.isEmpty()) {
      throw new AssertionError("expected no packet, got " + where());
    }
  }

  private List<String> where() {
    return sent.stream().map(s -> s.to).toList();
  }
}
