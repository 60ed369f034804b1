// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.TreeMap;
import java.util.function.Consumer;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Tcp;
import oasis.packet.TcpEdit;
import oasis.testkit.Gen;
import oasis.testkit.Packets;

/**
 * One end of a TCP connection, slow and plain: it sends random segments within the peer's window,
 * repeats what is not acknowledged in time, keeps what comes out of order and says so selectively.
 * Everything that the other end may not do is an assertion error.
 */
final class MiniTcp {
  static final long TIMEOUT_NS = 300_000_000L;
  private static final int MAX_WINDOW_SEGMENTS = 40;

  private final Gen gen;
  final FlowKey out;
  private final Consumer<ByteBuffer> network;
  private final int iss;
  private final int scale;
  private final int maxSegment;
  private final boolean sack;
  private final int capacity;

  private byte[] toSend = new byte[0];
  private boolean finish;
  private int acked; // offsets; 0 is the SYN
  private int sent;
  private int highest;
  private int peerIsn;
  private int received; // offset behind what came in order; 0: not even the SYN
  private int peerFin = -1;
  private int edge;
  private int peerScale = -1;
  private int peerMaxSegment = 536;
  private boolean peerSack;
  private boolean open;
  boolean reset;

  /** Somebody forges segments: impossible acknowledgments are ignored, as a real end does. */
  boolean tolerant;

  private long dueNs = Long.MAX_VALUE;
  private final TreeMap<Integer, byte[]> early = new TreeMap<>();
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  MiniTcp(Gen gen, FlowKey out, Consumer<ByteBuffer> network) {
    this.gen = gen;
    this.out = out;
    this.network = network;
    iss = gen.chance(0.2) ? -gen.below(100_000) : gen.anyInt();
    scale = gen.chance(0.8) ? gen.below(12) : -1;
    maxSegment = gen.pick(536, 1220, 1360, 1460, 8960);
    sack = gen.chance(0.8);
    capacity = Math.max(maxSegment, gen.pick(4_000, 30_000, 65_535, 400_000));
  }

  void connect(long nowNs) {
    syn(Tcp.SYN, nowNs);
  }

  /** Adds bytes to be sent. */
  void send(byte[] more) {
    byte[] all = Arrays.copyOf(toSend, toSend.length + more.length);
    System.arraycopy(more, 0, all, toSend.length, more.length);
    toSend = all;
  }

  /** No bytes follow. */
  void finish() {
    finish = true;
  }

  byte[] receivedBytes() {
    return bytes.toByteArray();
  }

  int receivedCount() {
    return bytes.size();
  }

  /** Sequence number of what it sends next. */
  int next() {
    return iss + sent;
  }

  /** The other end will send nothing more. */
  boolean ended() {
    return peerFin >= 0 && received == peerFin + 1;
  }

  boolean allSent() {
    return finish && acked == total();
  }

  private int total() {
    return 1 + toSend.length + (finish ? 1 : 0);
  }

  long dueNs() {
    return reset ? Long.MAX_VALUE : dueNs;
  }

  private void syn(int flags, long nowNs) {
    ByteBuffer options = ByteBuffer.allocate(12);
    options.put((byte) 2).put((byte) 4).putShort((short) maxSegment);
    boolean offerSack = sack && ((flags & Tcp.ACK) == 0 || peerSack);
    boolean offerScale = scale >= 0 && ((flags & Tcp.ACK) == 0 || peerScale >= 0);
    options.putInt(offerSack ? 0x01010402 : 0x01010101);
    options.putInt(offerScale ? 0x01030300 | scale : 0x01010101);
    emit(flags, 0, options.array(), new byte[0], true);
    highest = Math.max(highest, 1);
    sent = Math.max(sent, 1);
    dueNs = nowNs + 2 * TIMEOUT_NS;
  }

  private void emit(int flags, int offset, byte[] options, byte[] payload, boolean syn) {
    int ack = (flags & Tcp.ACK) != 0 ? peerIsn + received : 0;
    int field = syn ? capacity : capacity >> (scaled() ? scale : 0);
    Burst b = Packets.burst(Packets.tcp(out, flags, iss + offset, ack, options, payload));
    TcpEdit.acknowledgment(b, ack, Math.max(0, Math.min(field, 0xffff)));
    network.accept(b.buffer());
  }

  private boolean scaled() {
    return scale >= 0 && peerScale >= 0;
  }

  /** Says what has been received. */
  private void acknowledge() {
    byte[] options = new byte[0];
    if (sack && peerSack && !early.isEmpty()) {
      int from = early.firstKey();
      ByteBuffer block = ByteBuffer.allocate(12).putInt(0x0101050a);
      block.putInt(peerIsn + from).putInt(peerIsn + from + early.firstEntry().getValue().length);
      options = block.array();
    }
    emit(Tcp.ACK, Math.max(1, sent), options, new byte[0], false);
  }

  /** Sends what may be sent. */
  void pump(long nowNs) {
    if (!open || reset) {
      return;
    }
    int limit = Math.min(edge, acked + MAX_WINDOW_SEGMENTS * peerMaxSegment);
    while (sent < total()) {
      int data = Math.min(peerMaxSegment, Math.min(1 + toSend.length, limit) - sent);
      if (data > 1 && gen.chance(0.3)) {
        data = gen.range(1, data);
      }
      data = Math.max(0, data);
      boolean fin = finish && sent + data == 1 + toSend.length;
      if (data == 0 && !fin) {
        break;
      }
      byte[] payload = Arrays.copyOfRange(toSend, sent - 1, sent - 1 + data);
      emit(Tcp.ACK | (fin ? Tcp.FIN : 0), sent, new byte[0], payload, false);
      sent += data + (fin ? 1 : 0);
      highest = Math.max(highest, sent);
      if (dueNs == Long.MAX_VALUE) {
        dueNs = nowNs + TIMEOUT_NS;
      }
    }
    if (dueNs == Long.MAX_VALUE && acked < total()) {
      dueNs = nowNs + TIMEOUT_NS; // the window is closed
    }
  }

  void onTimer(long nowNs) {
    if (reset || dueNs > nowNs) {
      return;
    }
    dueNs = Long.MAX_VALUE;
    if (!open) {
      syn(received > 0 ? Tcp.SYN | Tcp.ACK : Tcp.SYN, nowNs);
      return;
    }
    sent = acked;
    edge = Math.max(edge, acked + 1);
    pump(nowNs);
  }

  void onPacket(Burst b, long nowNs) {
    ByteBuffer m = b.buffer();
    int flags = Tcp.flags(m, b.transport());
    int seq = Tcp.seq(m, b.transport());
    if ((flags & Tcp.RST) != 0) {
      reset |= received == 0 || seq == peerIsn + received;
      return;
    }
    if ((flags & Tcp.SYN) != 0 && received == 0) {
      learn(b, seq);
      if ((flags & Tcp.ACK) == 0) {
        syn(Tcp.SYN | Tcp.ACK, nowNs);
        return;
      }
    }
    if (received == 0) {
      return;
    }
    if (seq - peerIsn - received > capacity) {
      return; // behind the window: nothing in it counts
    }
    if ((flags & Tcp.ACK) != 0) {
      onAck(b, flags, nowNs);
    }
    int length = b.payloadBytes() + (flags & Tcp.FIN) + ((flags & Tcp.SYN) >> 1);
    boolean strange = tolerant && Math.abs(seq - peerIsn - received) > capacity;
    if (length > 0 && !strange) {
      receive(b, flags, seq - peerIsn);
      acknowledge();
    }
    pump(nowNs);
  }

  private void learn(Burst b, int seq) {
    peerIsn = seq;
    received = 1;
    peerScale = TcpEdit.scale(b);
    peerSack = TcpEdit.sackPermitted(b);
    int announced = TcpEdit.maxSegment(b);
    peerMaxSegment = Math.min(maxSegment, announced > 0 ? announced : 536);
  }

  private void onAck(Burst b, int flags, long nowNs) {
    int ack = Tcp.ack(b.buffer(), b.transport()) - iss;
    if (tolerant && (ack < 0 || ack > highest)) {
      return;
    }
    if (ack < 0 || ack > highest) {
      throw new AssertionError("acknowledges " + ack + " of " + highest + " bytes sent");
    }
    int field = Tcp.window(b.buffer(), b.transport());
    boolean syn = (flags & Tcp.SYN) != 0;
    if (ack >= acked) {
      edge = ack + (syn || !scaled() ? field : field << peerScale);
    }
    checkSack(b);
    open |= ack >= 1;
    if (ack > acked) {
      acked = ack;
      sent = Math.max(sent, acked);
      dueNs = acked == total() ? Long.MAX_VALUE : nowNs + TIMEOUT_NS;
    }
  }

  /** Whatever is acknowledged selectively must have been sent. */
  private void checkSack(Burst b) {
    int end = b.transport() + Tcp.headerBytes(b.buffer(), b.transport());
    for (int at = b.transport() + Tcp.BYTES; at < end; ) {
      int kind = b.buffer().get(at);
      if (kind == Tcp.OPTION_NOP) {
        at++;
        continue;
      }
      int bytes = b.buffer().get(at + 1);
      for (int i = at + 2; kind == Tcp.OPTION_SACK && i < at + bytes; i += 8) {
        int from = b.buffer().getInt(i) - iss;
        int to = b.buffer().getInt(i + 4) - iss;
        if (from >= to || from < 0 || to > highest || !sack) {
          throw new AssertionError("selectively acknowledges " + from + " to " + to);
        }
      }
      at += bytes;
    }
  }

  private void receive(Burst b, int flags, int offset) {
    if (offset + b.payloadBytes() - received > capacity) {
      return; // beyond the window
    }
    byte[] payload = new byte[b.payloadBytes()];
    b.buffer().get(b.pieceStart(0), payload);
    if ((flags & Tcp.FIN) != 0) {
      int fin = offset + payload.length;
      if (peerFin >= 0 && peerFin != fin) {
        throw new AssertionError("ends at " + fin + " and at " + peerFin);
      }
      peerFin = fin;
    }
    if (payload.length > 0 && offset + payload.length > received) {
      early.merge(offset, payload, (x, y) -> x.length >= y.length ? x : y);
    }
    while (!early.isEmpty() && early.firstKey() <= received) {
      int from = early.firstKey();
      byte[] part = early.pollFirstEntry().getValue();
      int known = received - from;
      if (known < part.length) {
        bytes.write(part, known, part.length - known);
        received = from + part.length;
      }
    }
    if (received == peerFin) {
      received++;
    }
  }
}
