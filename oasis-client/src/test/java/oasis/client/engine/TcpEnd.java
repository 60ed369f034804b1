// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Tcp;
import oasis.packet.TcpEdit;
import oasis.packet.TcpFrame;
import oasis.testkit.Packets;

/**
 * One end of a TCP connection, slow and plain: cumulative acknowledgments, going back to the first
 * unacknowledged byte after 300 ms, no congestion control, no options but those of the SYN.
 */
final class TcpEnd {
  private static final long RETRY_NS = 300_000_000L;
  private static final byte[] OPTIONS = {
    2, 4, 5, (byte) 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 2
  };
  private static final int SCALE = 2;

  private final FlowKey key;
  private final int first;
  private final int maxSegment;
  private final ByteArrayOutputStream toSend = new ByteArrayOutputStream();
  final ByteArrayOutputStream received = new ByteArrayOutputStream();

  /** Bytes that this end takes before its program reads them. */
  int window = 60_000;

  boolean reset;
  boolean ended;
  private boolean closing;
  private boolean established;
  private boolean owesAck;
  private int una;
  private int next;
  private int rcvNext;
  private int peerWindow = 1;
  private int peerScale = -1;
  private long retryAtNs = Long.MAX_VALUE;

  /**
   * @param key as this end sends
   * @param first number of its SYN
   */
  TcpEnd(FlowKey key, int first, int maxSegment) {
    this.key = new FlowKey().set(key);
    this.first = first;
    this.maxSegment = maxSegment;
    una = first;
    next = first;
  }

  void write(byte[] bytes) {
    toSend.writeBytes(bytes);
  }

  void close() {
    closing = true;
  }

  /** Everything that was sent, the end included, has been acknowledged. */
  boolean done() {
    return established && closing && una == first + 2 + toSend.size();
  }

  /** What it sends now. */
  List<ByteBuffer> poll(boolean opens, long nowNs) {
    List<ByteBuffer> out = new ArrayList<>();
    if (nowNs >= retryAtNs) {
      next = una;
      retryAtNs = Long.MAX_VALUE;
      peerWindow = Math.max(peerWindow, 1);
    }
    if (next == first && (opens || rcvNext != 0)) {
      int flags = Tcp.SYN | (opens ? 0 : Tcp.ACK);
      out.add(Packets.tcp(key, flags, first, rcvNext, OPTIONS, new byte[0]));
      next++;
    }
    byte[] all = toSend.toByteArray();
    while (established && next - first - 1 <= all.length) {
      int at = next - first - 1;
      int bytes = Math.min(Math.min(all.length - at, maxSegment), peerWindow - (next - una));
      boolean ends = closing && bytes == all.length - at;
      if (bytes <= 0 && !ends) {
        break;
      }
      out.add(segment((ends ? Tcp.FIN : 0) | Tcp.ACK, Arrays.copyOfRange(all, at, at + bytes)));
      next += bytes + (ends ? 1 : 0);
      owesAck = false;
    }
    if (owesAck && established) {
      out.add(segment(Tcp.ACK, new byte[0]));
      owesAck = false;
    }
    boolean waits = next != una || all.length > una - first - 1;
    retryAtNs = !waits ? Long.MAX_VALUE : Math.min(retryAtNs, nowNs + RETRY_NS);
    return out;
  }

  private ByteBuffer segment(int flags, byte[] payload) {
    int headers = TcpFrame.headerBytes(key);
    ByteBuffer b = ByteBuffer.allocateDirect(headers + payload.length).put(headers, payload);
    int field = window >>> SCALE;
    TcpFrame.write(key, b, 0, next, rcvNext, flags, field, payload.length);
    return b;
  }

  /** What arrives. */
  void receive(byte[] packet, long nowNs) {
    Packets.assertChecksums(packet);
    Burst b = Packets.burst(Packets.direct(packet));
    int flags = Tcp.flags(b);
    int seq = Tcp.seq(b.buffer(), b.transport());
    if ((flags & Tcp.RST) != 0) {
      reset |= (flags & Tcp.ACK) == 0 || seq == rcvNext;
      return;
    }
    if ((flags & Tcp.SYN) != 0) {
      if (b.headerBytes() - (b.transport() - b.start()) != Tcp.BYTES + OPTIONS.length) {
        throw new AssertionError("options moved");
      }
      rcvNext = rcvNext == 0 ? seq + 1 : rcvNext;
      peerScale = TcpEdit.scale(b);
      owesAck = true;
    }
    if ((flags & Tcp.ACK) == 0 || rcvNext == 0) {
      return;
    }
    int ack = Tcp.ack(b.buffer(), b.transport());
    int scale = (flags & Tcp.SYN) != 0 ? 0 : Math.max(0, peerScale);
    if (ack - una >= 0 && ack - una <= toSend.size() + 2) {
      established |= ack != first;
      retryAtNs = ack == una ? retryAtNs : nowNs + RETRY_NS;
      una = ack;
      next = ack - next > 0 ? ack : next;
      peerWindow = Tcp.window(b.buffer(), b.transport()) << scale;
    }
    take(b, seq, flags);
  }

  private void take(Burst b, int seq, int flags) {
    int bytes = b.payloadBytes();
    if (bytes == 0 && (flags & Tcp.FIN) == 0) {
      return;
    }
    owesAck = true;
    int skip = rcvNext - seq;
    if (ended || skip < 0 || skip > bytes) {
      return;
    }
    int fits = Math.min(bytes - skip, window);
    byte[] payload = new byte[bytes];
    b.buffer().get(b.pieceStart(0), payload);
    received.write(payload, skip, fits);
    rcvNext += fits;
    if ((flags & Tcp.FIN) != 0 && fits == bytes - skip) {
      ended = true;
      rcvNext++;
    }
  }

  @Override
  public String toString() {
    return String.format(
        "sent %d, acknowledged %d of %d, received %d, window %d, closing %s, ended %s, reset %s",
        next - first,
        una - first,
        toSend.size(),
        received.size(),
        peerWindow,
        closing,
        ended,
        reset);
  }
}
